"""The journal: a picture and its history on disk while it is edited; each edit is written once, and never again."""

from __future__ import annotations

import contextlib
import re
import shutil
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.document.errors import DocumentError
from app.document.formats import flush, put_in_place, sync_folder, write_picture
from app.document.history import TILE, EditPart, Step, Target
from app.document.pixels import Box, Picture, Pixels, crop, pieces, stored
from app.document.session.edit_files import Form, Patch, write_edit
from app.document.session.folder import STATE, THUMBNAIL, Folder
from app.document.session.state import Shown, State, StepEntry, edit_name, to_json

THUMBNAIL_SIDE = 256  # px

_BAND = 1 << 24  # bytes looked at at once
_Cell = tuple[Target, int, int]
_Side = Literal["before", "after"]


class LostStep(Exception):
    """A step is needed that is nowhere any more: the picture has to be kept anew, as it is now."""


@dataclass(frozen=True)
class Snapshot:
    """What is there at one moment, in things that never change; made on the thread that edits."""

    steps: tuple[Step, ...]
    done: int
    dropped: tuple[Step, ...] = ()  # forgotten since the snapshot before
    forgotten: int = 0  # how many were in all
    name: str = ""
    unsaved: bool = False
    path: str = ""
    session: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)


class _Layers:
    """Which sides of which parts, laid over the original in order, give what is there now."""

    def __init__(self) -> None:
        self.cells: dict[_Cell, list[tuple[Box, Shown]]] = {}

    def lay(self, target: Target, box: Box, side: Shown) -> None:
        cell = self.cells.setdefault((target, box[0] // TILE, box[1] // TILE), [])
        # What is hidden by it is not needed any more.
        cell[:] = [known for known in cell if not _within(known[0], box)]
        cell.append((box, side))

    def shown(self) -> tuple[Shown, ...]:
        return tuple(side for cell in self.cells.values() for _, side in cell)


class Journal:
    """The folder of one picture that is open.

    ``begin`` or ``resume`` comes first. What ``update`` has written is there after a crash at any moment:
    files get their names when they are complete, and the state that names them is written last. To be
    used by one thread at a time.
    """

    def __init__(self, folder: Folder, program: str = "") -> None:
        """``program`` is the version that writes."""
        self.folder = folder
        self._program = program
        self._state: State | None = None
        self._steps: list[Step] = []
        self._done = self._forgotten = 0
        self._numbers: dict[Step, int] = {}
        self._next = 1
        self._layers = _Layers()
        self._on_disk: set[int] = set()

    @property
    def path(self) -> Path:
        """The folder."""
        return self.folder.path

    @property
    def begun(self) -> bool:
        """Whether there is something to restore."""
        return self._state is not None

    @property
    def state(self) -> State:
        """What was written last. Raises ``RuntimeError`` before anything was."""
        if self._state is None:
            raise RuntimeError("nothing was begun")
        return self._state

    # -- beginning -------------------------------------------------------------------------

    def begin(
        self,
        picture: Picture,
        source: Path | None,
        now: Snapshot,
        mask: NDArray[np.uint8] | None = None,
        settled: Callable[[], bool] = lambda: True,
        samples: NDArray[np.uint8] | None = None,
    ) -> None:
        """Keep a picture as it is now: its own file where ``source`` is one, else without loss.

        What is done of ``now`` is in ``picture``, ``mask`` and ``samples``. ``settled`` answers whether none of them
        has been changed so far: else it is ``LostStep`` without a file to keep. Raises ``DocumentError``, and as
        ``update`` does.
        """
        crc: int | None = checksum(picture.pixels)
        suffix = source.suffix.lower() if source is not None else ".png"
        # A name of its own: the one before is needed until the state names this one.
        original = f"original-{self._next}{suffix if re.fullmatch(r'[.][a-z0-9]{1,8}', suffix) else ''}"
        target = self.path / original
        try:
            (self.path / "edits").mkdir(exist_ok=True)
            if source is not None:
                part = target.with_name("original.part")
                shutil.copyfile(source, part)
                put_in_place(part, target)
            else:
                write_picture(picture, target, format="PNG")
        except OSError as error:
            raise DocumentError(self._why_not(error)) from error
        if not settled():
            if source is None:
                raise LostStep
            crc = None
        height, width, channels = picture.pixels.shape
        form = Form(width, height, channels, picture.pixels.dtype)
        self._state = State(now.name, original, form, crc, (), 0)
        self._numbers, self._layers = {}, _Layers()
        self._steps, self._done, self._forgotten = list(now.steps), now.done, now.forgotten
        if mask is not None:
            self._lay_plane("mask", mask)
        if samples is not None:
            self._lay_plane("samples", samples)
        self.update(replace(now, dropped=()))

    def resume(self, state: State, steps: list[Step], sides: Mapping[Shown, tuple[Target, Box]]) -> None:
        """Go on with what is in the folder: the ``state`` read there and its steps.

        ``sides`` says for everything shown what it is, in order.
        """
        self._state = state
        self._steps, self._done = list(steps), state.done
        self._numbers = {step: entry.number for step, entry in zip(steps, state.steps, strict=True)}
        self._layers = _Layers()
        for side, (target, box) in sides.items():
            self._layers.lay(target, box, side)
        self._on_disk = {*self._numbers.values(), *(number for number, _, _ in sides)}
        self._next = max(self._on_disk, default=0) + 1

    # -- going on --------------------------------------------------------------------------

    def update(self, now: Snapshot) -> None:
        """Write what is new since the last time.

        Raises ``LostStep`` when that can't be followed, and ``DocumentError`` when it can't be
        written: what was written before is still there.
        """
        if now.forgotten - len(now.dropped) != self._forgotten:
            raise LostStep
        steps = [*now.dropped, *now.steps]
        done = len(now.dropped) + now.done
        common = 0
        for old, new in zip(self._steps, steps, strict=False):
            if old is not new:
                break
            common += 1
        try:
            for step in steps:
                if step not in self._numbers:
                    self._numbers[step] = self._write([Patch.of(part) for part in step.edit.parts])
            self._walk(steps, done, common)
            self._steps, self._done, self._forgotten = list(now.steps), now.done, now.forgotten
            self._numbers = {step: self._numbers[step] for step in now.steps}
            self._write_state(now)
        except OSError as error:
            if isinstance(error, FileNotFoundError) and self.path.is_dir():
                raise LostStep from error
            raise DocumentError(self._why_not(error)) from error
        self._remove_unused()

    def write_thumbnail(self, picture: Picture) -> None:
        """Keep a small picture of it; it may change meanwhile. Does nothing when that fails."""
        with contextlib.suppress(OSError, ValueError):
            part = self.path / f"{THUMBNAIL}.part"
            small_picture(picture.pixels).save(part, format="PNG", icc_profile=picture.icc_profile)
            part.replace(self.path / THUMBNAIL)

    def close(self) -> None:
        """The picture was saved, or is not wanted: nothing is kept."""
        self._state = None
        self.folder.remove()

    def release(self) -> None:
        """Leave everything for the next start."""
        self.folder.release()

    # -- inside ----------------------------------------------------------------------------

    def _walk(self, steps: list[Step], done: int, common: int) -> None:
        """Lay what was undone and done since the last time, on the way from there to here."""
        turn = min(common, self._done)
        for step in reversed(self._steps[min(turn, done) : self._done]):
            self._lay(step, "before")
        for step in steps[turn:done]:
            self._lay(step, "after")

    def _lay(self, step: Step, side: _Side) -> None:
        number = self._numbers[step]
        parts: tuple[EditPart, ...] = step.edit.parts
        for index in range(len(parts)):
            self._layers.lay(parts[index].target, parts[index].box, (number, index, side))

    def _lay_plane(self, target: Target, plane: NDArray[np.uint8]) -> None:
        patches = mask_patches(plane, target)
        number = self._write(patches)
        for index, patch in enumerate(patches):
            self._layers.lay(target, patch.box, (number, index, "after"))

    def _write(self, patches: list[Patch]) -> int:
        number, self._next = self._next, self._next + 1
        write_edit(self.path / edit_name(number), patches)
        self._on_disk.add(number)
        return number

    def _write_state(self, now: Snapshot) -> None:
        known = self.state
        self._state = State(
            name=now.name or known.name,
            original=known.original,
            form=known.form,
            crc32=known.crc32,
            steps=tuple(StepEntry(self._numbers[step], step.name, step.time) for step in now.steps),
            done=now.done,
            shown=self._layers.shown(),
            settings=dict(now.settings),
            time=time.time(),
            unsaved=now.unsaved,
            path=now.path,
            session=now.session,
        )
        part = self.path / f"{STATE}.part"
        with part.open("wb") as file:
            file.write(to_json(self._state, self._program, local=True))
            file.flush()
            flush(file.fileno())
        put_in_place(part, self.path / STATE)
        sync_folder(self.path)

    def _remove_unused(self) -> None:
        used = {*self._numbers.values(), *(number for number, _, _ in self.state.shown)}
        for number in self._on_disk - used:
            with contextlib.suppress(OSError):
                (self.path / edit_name(number)).unlink(missing_ok=True)
        self._on_disk &= used
        for path in self.path.glob("original*"):
            if path.name != self.state.original:
                with contextlib.suppress(OSError):
                    path.unlink(missing_ok=True)

    def _why_not(self, error: OSError) -> str:
        return (
            f"Unsaved work could not be kept in {self.path.parent} ({error.strerror or error}): "
            "make room on that disk, and save the picture."
        )


def checksum(pixels: Pixels) -> int:
    """The CRC-32 of all pixels, row by row."""
    rows = max(1, _BAND // max(1, pixels[0].nbytes))
    crc = 0
    for top in range(0, len(pixels), rows):
        crc = zlib.crc32(np.ascontiguousarray(pixels[top : top + rows]).data, crc)
    return crc


def mask_patches(mask: NDArray[np.uint8], target: Target = "mask") -> list[Patch]:
    """All of a mask or the marks (H, W) that is not 0, tile by tile."""
    patches = []
    for box in pieces((0, 0, mask.shape[1], mask.shape[0]), TILE):
        tile = crop(mask, box)
        if tile.any():
            patches.append(Patch(target, box, None, stored(tile)))
    return patches


def small_picture(pixels: Pixels) -> Image.Image:
    """A picture of at most ``THUMBNAIL_SIDE`` px, 8 bits, of (H, W, C) of any depth."""
    step = max(1, max(pixels.shape[:2]) // (2 * THUMBNAIL_SIDE))
    part = pixels[::step, ::step]
    part = (part >> 8).astype(np.uint8) if part.dtype == np.uint16 else np.ascontiguousarray(part)
    image = Image.fromarray(part[..., 0] if part.shape[2] == 1 else part)
    image.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    return image


def _within(inner: Box, outer: Box) -> bool:
    return outer[0] <= inner[0] and outer[1] <= inner[1] and inner[2] <= outer[2] and inner[3] <= outer[3]
