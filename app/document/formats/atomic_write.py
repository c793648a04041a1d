"""Atomic writing: files written whole or not at all, and why one was not."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from app.document.errors import DocumentError
from app.document.formats import file_identity

# What systems of files answer that do not know a call or do not let one make it: shares, cards, sticks.
_NO_RIGHT = frozenset(
    getattr(errno, name)
    for name in ("EPERM", "EOPNOTSUPP", "ENOTSUP", "ENOSYS", "EINVAL", "EXDEV")
    if hasattr(errno, name)
)


def write_file(path: Path, data: bytes) -> None:
    """Write a file, whole or not at all: an older one stays until the new one is complete. Raises ``DocumentError``."""
    with replacing(path) as file:
        file.write(data)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file to write in the block that takes the place of the one at ``path`` at its end, whole or not at all.

    An ``OSError`` becomes a ``DocumentError``; after any other exception the older file is there as well.
    """
    try:
        with _temporary(path) as file:
            yield file
    except OSError as error:
        raise DocumentError(_why_not_written(path, error)) from error
    except ValueError as error:  # a NUL in the name
        raise DocumentError(f'"{path.name}" is no name that a file can have; choose another one.') from error


@contextlib.contextmanager
def _temporary(path: Path) -> Iterator[BinaryIO]:
    """A file beside the one at ``path`` that is put in its place: at every moment one of the two is there whole."""
    target = Path(os.path.realpath(path))  # a link stays a link
    there = target.exists()
    if there and not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(target))
    temporary = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        file = temporary.open("xb")
    except OSError as error:
        if not there or error.errno not in {*_NO_RIGHT, errno.EACCES}:
            raise
        with _within(target) as inside:  # a folder in which nothing new may be made, as for some shared ones
            yield inside
        return
    try:
        with file:
            yield file
            file.flush()
            flush(file.fileno())
        if not there or file_identity.taken_over(target, temporary):
            put_in_place(temporary, target)
        else:
            _copy(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    sync_folder(target.parent)


def put_in_place(whole: Path, target: Path) -> None:
    """Give a complete file the name ``target``: at once, or where the file's system cannot, by writing it over.

    Raises ``OSError``.
    """
    try:
        whole.replace(target)
    except OSError as error:
        if error.errno not in _NO_RIGHT:
            raise
        _copy(whole, target)


def _copy(whole: Path, target: Path) -> None:
    """Write a complete file over another, which stays itself: its owner, its other names, all that it is known by.

    Not at once: should the program end on the way, ``whole`` is still there.
    """
    before = target.read_bytes() if target.exists() else None
    try:
        with whole.open("rb") as source, target.open("wb") as file:
            shutil.copyfileobj(source, file)
            file.flush()
            flush(file.fileno())
    except OSError:
        with contextlib.suppress(OSError):
            if before is None:
                target.unlink(missing_ok=True)
            else:
                target.write_bytes(before)
        raise
    with contextlib.suppress(OSError):
        whole.unlink(missing_ok=True)


@contextlib.contextmanager
def _within(target: Path) -> Iterator[BinaryIO]:
    """The content of a file that nothing can be made beside, gathered elsewhere and then written over it."""
    with tempfile.TemporaryDirectory(prefix="moebius-") as folder:
        whole = Path(folder, "whole")
        with whole.open("wb") as file:
            yield file
        _copy(whole, target)


def flush(handle: int) -> None:
    """``os.fsync`` where the file's system has it; what is written there is all that can be done elsewhere."""
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in _NO_RIGHT:
            raise


def check_writable(path: Path) -> None:
    """Whether a file can be written at ``path``, asked before the work; nothing is left behind.

    Raises ``DocumentError`` where not.
    """
    try:
        target = Path(os.path.realpath(path))
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(target))
        there = target.exists()
        if there and not os.access(target, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(target))
        probe = target.with_name(f".{secrets.token_hex(8)}.part")
        try:
            probe.open("xb").close()
        except OSError as error:
            if not there or error.errno not in {*_NO_RIGHT, errno.EACCES}:
                raise
            return
        with contextlib.suppress(OSError):
            probe.unlink()
    except OSError as error:
        raise DocumentError(_why_not_written(path, error)) from error
    except ValueError as error:
        raise DocumentError(f'"{path.name}" is no name that a file can have; choose another one.') from error


def sync_folder(folder: Path) -> None:
    """The new name is on the disk too, where the system can do that."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _why_not_written(path: Path, error: OSError) -> str:
    name, folder = f'"{path.name}"', f'"{path.parent}"'
    if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
        return f"{name} was not saved because the disk is full; make room or save somewhere else."
    if error.errno == errno.EFBIG:
        return f"{name} was not saved because that disk takes no file as large; save somewhere else."
    if error.errno == errno.ENAMETOOLONG:
        return f'"{path.name[:40]}..." was not saved because its name is too long; choose a shorter one.'
    if is_folder(path):
        return f"{name} was not saved because a folder has that name; choose another name."
    if error.errno in (errno.ENOENT, errno.ENOTDIR) and not is_folder(path.parent):
        return f"{name} was not saved because the folder {folder} does not exist; choose another one."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{name} was not saved because you have no permission to write it there; choose another place."
    return f"{name} was not saved ({error.strerror or error}); try again or save somewhere else."


def is_folder(path: Path) -> bool:
    """Whether a folder is there, as far as one may look."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def why_out_of_reach(name: str, path: Path | None, error: Exception, kind: str) -> str | None:
    """What keeps a file from being opened at all, as a sentence; None where the reason is another.

    ``name`` as the sentence begins; ``path`` None where the data came from elsewhere; ``kind``: what was wanted,
    as in "a picture".
    """
    if isinstance(error, FileNotFoundError):
        return f"{name} was not found; it may have been moved or renamed."
    if isinstance(error, IsADirectoryError) or (path is not None and is_folder(path)):
        return f"{name} is a folder, not {kind}."
    if isinstance(error, PermissionError):
        return f"{name} cannot be opened because you have no permission to read it."
    return None
