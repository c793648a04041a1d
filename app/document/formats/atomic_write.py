"""Files written whole or not at all, and why one was not."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from app.document.errors import DocumentError


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
    if target.exists() and not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(target))
    temporary = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with temporary.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            temporary.chmod(target.stat().st_mode & 0o777)
        temporary.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    sync_folder(target.parent)


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
