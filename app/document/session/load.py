"""Loading a session: from a folder with its parts to a document with its history, or as much as is whole."""

from __future__ import annotations

import io
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.document.editing import Document
from app.document.errors import DocumentError
from app.document.formats import read_picture
from app.document.history import TILE, Edit, EditPart, Target
from app.document.pixels import Box, OnDisk, Picture, Pixels, crop, intersect
from app.document.session.edit_files import Patch, read_edit, write_edit
from app.document.session.folder import STATE
from app.document.session.journal import Journal, checksum, mask_patches
from app.document.session.state import Shown, State, damaged, edit_name, from_json

_LONGEST_STATE = 256 * 1000**2  # bytes


@dataclass
class Loaded:
    """A document that goes on where it was left."""

    document: Document
    state: State  # with the steps that are there
    edits: list[tuple[Edit, float]]  # with the time each was made
    sides: dict[Shown, tuple[Target, Box]]
    journal: Journal
    before: dict[Box, Pixels] = field(default_factory=dict)  # the original's tiles where they have changed
    note: str = ""  # a sentence where not everything could be had


@dataclass
class _Damage:
    pixels: bool = False
    mask: bool = False
    history: bool = False
    decoded: bool = False

    def note(self, title: str) -> str:
        lost = [
            text
            for is_so, text in (
                (self.pixels, "parts of the picture may be as they were at first"),
                (self.mask, "some of the mask may be missing"),
                (self.history, "not every step can be undone or redone"),
            )
            if is_so
        ]
        if lost:
            return f"{title} is damaged: {', and '.join(lost)}. Everything else was restored."
        if self.decoded:
            return (
                f"The original picture in {title} is damaged, or this computer reads it a little differently: "
                "look at what was not edited before you save."
            )
        return ""


def read_state(folder: Path) -> State:
    """What the folder of an unsaved picture says. Raises ``DocumentError`` and ``OSError``."""
    path = folder / STATE
    if path.stat().st_size > _LONGEST_STATE:
        raise damaged("The unsaved picture")
    return from_json(path.read_bytes(), "The unsaved picture")


def load(journal: Journal, state: State, title: str, mask_png: bytes | None = None, *, whole: bool = True) -> Loaded:
    """Read everything the state names. Raises ``DocumentError``.

    ``mask_png`` is the mask once more; ``whole`` says that what the state shows is all there was.
    """
    folder, form = journal.path, state.form
    picture = _original(folder / state.original, title)
    height, width, channels = picture.pixels.shape
    if (width, height, channels, picture.pixels.dtype) != (form.width, form.height, form.channels, form.dtype):
        raise damaged(title)
    damage = _Damage(not whole, not whole, decoded=state.crc32 is not None and checksum(picture.pixels) != state.crc32)
    files = _Files(folder, state)
    document = Document(picture)
    before, sides = _lay(document, state, files, damage)
    if damage.mask and mask_png is not None:
        damage.mask = not _take_mask(document.mask, mask_png)
        sides = {side: known for side, known in sides.items() if known[0] != "mask"}
        sides |= _written_mask(document.mask, folder, state)
    edits, first = _history(state, files, damage)
    kept = replace(state, steps=state.steps[first : first + len(edits)], done=state.done - first, shown=tuple(sides))
    return Loaded(document, kept, edits, sides, journal, before, damage.note(title))


def _original(path: Path, title: str) -> Picture:
    try:
        picture = read_picture(path)
    except DocumentError as error:
        if isinstance(error.__cause__, MemoryError):
            raise DocumentError(str(error).replace(f'"{path.name}"', title)) from error
        raise damaged(title) from error
    picture.path = None
    if not (picture.pixels.flags.writeable and picture.pixels.flags.c_contiguous):
        picture.pixels = np.array(picture.pixels, order="C")
    return picture


class _Files:
    """The patches of edits by their numbers, each file read once; None for one that is not there or damaged."""

    def __init__(self, folder: Path, state: State) -> None:
        self._folder, self._form = folder, state.form
        self._known: dict[int, list[Patch] | None] = {}

    def __getitem__(self, number: int) -> list[Patch] | None:
        if number not in self._known:
            try:
                self._known[number] = read_edit(self._folder / edit_name(number), self._form)
            except (OSError, DocumentError):
                self._known[number] = None
        return self._known[number]


def _lay(
    document: Document, state: State, files: _Files, damage: _Damage
) -> tuple[dict[Box, Pixels], dict[Shown, tuple[Target, Box]]]:
    before: dict[Box, Pixels] = {}
    sides: dict[Shown, tuple[Target, Box]] = {}
    for shown in state.shown:
        number, index, name = shown
        patches = files[number]
        if patches is None or index >= len(patches):
            damage.pixels = damage.mask = True
            continue
        patch = patches[index]
        side = patch.before if name == "before" else patch.after
        array: Pixels = getattr(document, patch.target)
        if patch.target == "pixels":
            _keep(document, patch.box, before)
        try:
            if side is None:
                raise OSError("damaged")
            content = side.load() if isinstance(side, OnDisk) else side
            content.put(crop(array, patch.box))
            sides[shown] = patch.target, patch.box
        except OSError:
            damage.mask |= patch.target != "pixels"
            damage.pixels |= patch.target == "pixels"
    return before, sides


def _keep(document: Document, box: Box, before: dict[Box, Pixels]) -> None:
    """Copy the original's tile that a part changes."""
    left, top = box[0] // TILE * TILE, box[1] // TILE * TILE
    tile = intersect((left, top, left + TILE, top + TILE), (0, 0, *document.size))
    if tile not in before:
        before[tile] = crop(document.pixels, tile).copy()


def _take_mask(mask: NDArray[np.uint8], png: bytes) -> bool:
    """Put the second copy of the mask in; whether that could be read."""
    try:
        with Image.open(io.BytesIO(png), formats=["PNG"]) as image:
            if image.mode != "L" or image.size != (mask.shape[1], mask.shape[0]):
                return False
            mask[...] = np.asarray(image)
    except Exception:  # decoders meet damaged data with every kind of exception
        return False
    return True


def _written_mask(mask: NDArray[np.uint8], folder: Path, state: State) -> dict[Shown, tuple[Target, Box]]:
    """Write the mask to a file of its own; what is shown of that."""
    used = (*(step.number for step in state.steps), *(number for number, _, _ in state.shown))
    number, patches = max(used, default=0) + 1, mask_patches(mask)
    try:
        write_edit(folder / edit_name(number), patches)
    except OSError as error:
        raise DocumentError(f"There is no room to open it in {folder.parent}: free some on that disk.") from error
    return {(number, index, "after"): (patch.target, patch.box) for index, patch in enumerate(patches)}


def _history(state: State, files: _Files, damage: _Damage) -> tuple[list[tuple[Edit, float]], int]:
    """The steps around the present one that are whole, without a gap, and how many before them are left out."""
    ahead: list[tuple[Edit, float]] = []
    for entry in state.steps[state.done :]:
        edit = _edit(files[entry.number], entry.name)
        if edit is None:
            damage.history = True
            break
        ahead.append((edit, entry.time))
    behind: list[tuple[Edit, float]] = []
    for entry in reversed(state.steps[: state.done]):
        edit = _edit(files[entry.number], entry.name)
        if edit is None:
            damage.history = True
            break
        behind.append((edit, entry.time))
    return [*reversed(behind), *ahead], state.done - len(behind)


def _edit(patches: list[Patch] | None, name: str) -> Edit | None:
    if not patches:
        return None
    parts = []
    for patch in patches:
        if patch.before is None or patch.after is None:
            return None
        parts.append(EditPart(patch.target, patch.box, patch.before, patch.after))
    return Edit(name, tuple(parts))
