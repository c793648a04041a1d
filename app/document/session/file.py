"""Session files: a zip with the picture as it was opened, what was changed, the mask and the history.

docs/session-format.md describes what is in it.
"""

from __future__ import annotations

import contextlib
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.document.errors import DocumentError
from app.document.formats import replacing, why_out_of_reach
from app.document.pixels import OnDisk, crop, zeros
from app.document.session.edit_files import Patch, read_edit, write_edit
from app.document.session.folder import THUMBNAIL, Folder
from app.document.session.journal import Journal
from app.document.session.load import Loaded, load
from app.document.session.state import Shown, State, damaged, edit_name, from_json, to_json
from app.document.session.zip_reader import Archive, DamagedEntry

SUFFIX = ".moebius"
MIMETYPE = "application/x-moebius"

_MANIFEST, _CURRENT, _MASK = "manifest.json", "current.edit", "mask.png"
_CHUNK = 1 << 20
_LONGEST_MANIFEST = 64 * 1000**2  # bytes
_LONGEST_MASK = 1000**3

Progress = Callable[[float], None]
"""Told how much is done, 0 to 1; whatever it raises ends the work, and nothing is left behind."""


def is_session(path: Path) -> bool:
    """Whether a file is to be opened as a session, by its name's ending."""
    return path.suffix.lower() == SUFFIX


# -- writing -------------------------------------------------------------------------------


def save_session(journal: Journal, path: Path, program: str = "", progress: Progress = lambda _: None) -> None:
    """Write what the journal holds to a session file, whole or not at all.

    ``program`` is the version that writes. Raises ``DocumentError``, and what ``progress`` raises.
    """
    with replacing(path) as file:
        _write(journal, file, program, progress)


def _write(journal: Journal, file: BinaryIO, program: str, progress: Progress) -> None:
    state, folder = journal.state, journal.path
    with tempfile.TemporaryDirectory(prefix="session-", dir=folder) as beside:
        current = Path(beside) / _CURRENT
        write_edit(current, _current(folder, state))
        steps = [(edit_name(step.number), folder / edit_name(step.number)) for step in state.steps]
        # The picture first, then the mask, then the history: of a file that is cut off the first is whole the longest.
        files = [(state.original, folder / state.original), (_CURRENT, current), *steps]
        meter = _Meter(sum(source.stat().st_size for _, source in files), progress)
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr("mimetype", MIMETYPE)
            archive.writestr(_MANIFEST, to_json(state, program, local=False), zipfile.ZIP_DEFLATED)
            for name, source in files[:2]:
                _copy(archive, name, source, meter)
            with archive.open(_info(_MASK), "w", force_zip64=True) as entry:
                Image.fromarray(_mask(current, state)).save(entry, format="PNG", compress_level=1)
            meter.add(0)
            if (folder / THUMBNAIL).exists():
                archive.write(folder / THUMBNAIL, THUMBNAIL)
            for name, source in files[2:]:
                _copy(archive, name, source, meter)


def _current(folder: Path, state: State) -> Iterable[Patch]:
    known: dict[int, list[Patch]] = {}
    for number, index, name in state.shown:
        if number not in known:
            known[number] = read_edit(folder / edit_name(number), state.form)
        patch = known[number][index]
        side = patch.before if name == "before" else patch.after
        if side is None:
            raise DocumentError("Unsaved work on the disk is damaged: save the picture itself, then open it anew.")
        yield Patch(patch.target, patch.box, None, side)


def _mask(current: Path, state: State) -> NDArray[np.uint8]:
    mask = zeros((state.form.height, state.form.width))
    for patch in read_edit(current, state.form):
        if patch.target == "mask" and patch.after is not None:
            side = patch.after
            (side.load() if isinstance(side, OnDisk) else side).put(crop(mask, patch.box))
    return mask


class _Meter:
    """Counts bytes for ``progress``."""

    def __init__(self, total: int, progress: Progress) -> None:
        self._total, self._progress, self._done = max(1, total), progress, 0

    def add(self, nbytes: int) -> None:
        self._done += nbytes
        self._progress(min(1.0, self._done / self._total))


def _info(name: str) -> zipfile.ZipInfo:
    return zipfile.ZipInfo(name, time.localtime()[:6])


def _copy(archive: zipfile.ZipFile, name: str, source: Path, meter: _Meter) -> None:
    with source.open("rb") as file, archive.open(_info(name), "w", force_zip64=True) as entry:
        while chunk := file.read(_CHUNK):
            entry.write(chunk)
            meter.add(len(chunk))


# -- reading -------------------------------------------------------------------------------


def open_session(path: Path, parent: Path, program: str = "") -> Loaded:
    """Open a session file; a journal is begun for it in a new folder in ``parent``.

    Of a damaged file what can be had is opened, and ``note`` says so. Raises ``DocumentError``.
    """
    title = f'"{path.name}"'
    try:
        with path.open("rb") as file:
            return _open(file, title, parent, program)
    except OSError as error:
        raise DocumentError(_why_not_read(path, error)) from error


def _open(file: BinaryIO, title: str, parent: Path, program: str) -> Loaded:
    archive = Archive(file, title)
    if _MANIFEST not in archive:
        raise damaged(title)
    try:
        manifest = archive.read(_MANIFEST, _LONGEST_MANIFEST)
    except DamagedEntry as error:
        raise damaged(title) from error
    state = from_json(manifest, title)
    if state.original not in archive:
        raise damaged(title)
    try:
        folder = Folder.create(parent)
    except OSError as error:
        raise DocumentError(_no_room(title, parent, error)) from error
    try:
        whole = archive.is_as_written(_MANIFEST, manifest)
        return _load(archive, state, Journal(folder, program), title, whole=whole)
    except OSError as error:
        folder.remove()
        raise DocumentError(_no_room(title, parent, error)) from error
    except BaseException:
        folder.remove()
        raise


def _load(archive: Archive, state: State, journal: Journal, title: str, *, whole: bool) -> Loaded:
    """``whole`` says that ``state`` is what was written."""
    folder = journal.path
    (folder / "edits").mkdir()
    with contextlib.suppress(DamagedEntry):  # what decodes of it is better than nothing
        archive.unpack(state.original, folder / state.original)
    for number in {step.number for step in state.steps}:
        if edit_name(number) in archive:
            with contextlib.suppress(DamagedEntry):
                archive.unpack(edit_name(number), folder / edit_name(number))
    patches = _unpack_current(archive, folder, state)
    shown: list[Shown] = [(0, index, "after") for index in range(len(patches or ()))]
    complete = patches is not None and all(patch.after is not None for patch in patches)
    if not complete:  # the steps hold the same once more, as far as they go back
        shown = [*_done(folder, state), *shown]
    mask = None
    if _MASK in archive:
        with contextlib.suppress(DamagedEntry):
            mask = archive.read(_MASK, _LONGEST_MASK)
    return load(journal, replace(state, shown=tuple(shown)), title, mask, whole=whole and complete)


def _unpack_current(archive: Archive, folder: Path, state: State) -> list[Patch] | None:
    if _CURRENT not in archive:
        return None
    with contextlib.suppress(DamagedEntry):
        archive.unpack(_CURRENT, folder / edit_name(0))
    try:
        return read_edit(folder / edit_name(0), state.form)
    except DocumentError:
        return None


def _done(folder: Path, state: State) -> Iterator[Shown]:
    for step in state.steps[: state.done]:
        with contextlib.suppress(DocumentError, OSError):
            for index in range(len(read_edit(folder / edit_name(step.number), state.form))):
                yield step.number, index, "after"


def _no_room(title: str, parent: Path, error: OSError) -> str:
    return (
        f'{title} could not be unpacked to "{parent}" ({error.strerror or error}); '
        "make room on that disk and try again."
    )


def _why_not_read(path: Path, error: OSError) -> str:
    name = f'"{path.name}"'
    reason = why_out_of_reach(name, path, error, "a session")
    if reason is not None:
        return reason
    return f"{name} could not be read ({error.strerror or error}); check the disk it is on."
