"""Edits, the atoms of undo: what was changed, as boxes of pixels before and after, and how to put it back."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from app.document.pixels import (
    EMPTY,
    Box,
    Flat,
    OnDisk,
    Pixels,
    Raw,
    Stored,
    append,
    area,
    crop,
    intersect,
    is_empty,
    packed,
    stored,
    tiles,
    union,
)

Target: TypeAlias = Literal["mask", "pixels", "samples"]

TILE = 256
"""Side of the tiles that changes are recorded in, in pixels."""

# As much as this is packed in a few milliseconds; more had better be packed on another thread.
_AT_ONCE = 1 << 18
_PIXEL = 4  # bytes, about


class Editable(Protocol):
    """What an edit needs of a document."""

    @property
    def mask(self) -> NDArray[np.uint8]: ...

    @property
    def pixels(self) -> Pixels: ...

    @property
    def samples(self) -> NDArray[np.uint8]: ...

    def mark_changed(self) -> None: ...


class EditPart:
    """One changed box of the mask or the pixels; before and after change their form, never what they hold."""

    __slots__ = ("after", "before", "box", "target")

    def __init__(self, target: Target, box: Box, before: Stored, after: Stored) -> None:
        self.target, self.box, self.before, self.after = target, box, before, after

    def redo(self, doc: Editable) -> None:
        """Put in what is there afterwards; who does so part by part calls ``mark_changed`` first.

        Raises ``OSError`` when the edit is on disk and cannot be read.
        """
        side = self.after.load() if isinstance(self.after, OnDisk) else self.after
        side.put(crop(_array(doc, self.target), self.box))


@dataclass(frozen=True, eq=False)
class Edit:
    """One step of the history; it has been applied already when a document hands it out."""

    name: str  # for the menu: "Brush stroke"
    parts: tuple[EditPart, ...]

    def __post_init__(self) -> None:
        if self.nbytes <= _AT_ONCE:
            self.pack()

    def undo(self, doc: Editable) -> list[Box]:
        """Put back what was there before; answers the boxes that changed.

        Raises ``RuntimeError`` during a stroke, and ``OSError`` when the edit is on disk and
        cannot be read; nothing has changed then.
        """
        return self._put(doc, [part.before for part in self.parts])

    def redo(self, doc: Editable) -> list[Box]:
        """Apply the edit again after an undo; answers the boxes that changed.

        Raises as ``undo`` does.
        """
        return self._put(doc, [part.after for part in self.parts])

    @property
    def nbytes(self) -> int:
        """Memory the edit holds, in bytes, without Python's own overhead."""
        return sum(part.before.nbytes + part.after.nbytes for part in self.parts)

    @property
    def box(self) -> Box:
        """The box around everything it changed."""
        box = EMPTY
        for part in self.parts:
            box = union(box, part.box)
        return box

    @property
    def changes_mask(self) -> bool:
        """Whether it changes the mask."""
        return any(part.target == "mask" for part in self.parts)

    @property
    def changes_pixels(self) -> bool:
        """Whether it changes the picture, not only the mask."""
        return any(part.target == "pixels" for part in self.parts)

    def cost(self, *, back: bool) -> float:
        """About how many bytes an undo (``back``) or a redo unpacks and writes; infinite where it reads a file."""
        total = 0
        for part in self.parts:
            if isinstance(part.before if back else part.after, OnDisk):
                return float("inf")
            total += area(part.box) * (_PIXEL if part.target == "pixels" else 1)
        return total

    def pack(self) -> None:
        """Compress what is not compressed yet.

        May run on any thread while others undo and redo the edit, but not at the same time as
        ``move_to``. Takes about a second for 50 MB of photograph.
        """
        for part in self.parts:
            # What is stored never changes, only the reference to it: whoever reads sees one or the other.
            part.before, part.after = packed(part.before), packed(part.after)

    def save(self, path: Path) -> list[tuple[Stored, Stored]]:
        """Write everything to a new file, for ``move_to``; the edit stays in memory until then.

        May run on any thread. Raises ``OSError``; no file is left then.
        """
        try:
            with path.open("xb") as file:
                return [(append(part.before, file, path), append(part.after, file, path)) for part in self.parts]
        except BaseException:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
            raise

    def move_to(self, places: list[tuple[Stored, Stored]]) -> None:
        """Give up the memory for what ``save`` has written."""
        for part, (before, after) in zip(self.parts, places, strict=True):
            part.before, part.after = before, after

    def _put(self, doc: Editable, content: list[Stored]) -> list[Box]:
        # What is on disk may fail to come: read all of it before anything changes.
        ready = [side.load() if isinstance(side, OnDisk) else side for side in content]
        doc.mark_changed()
        for part, side in zip(self.parts, ready, strict=True):
            side.put(crop(_array(doc, part.target), part.box))
        return [part.box for part in self.parts]


class Recorder:
    """Keeps what an array held before it is changed, tile by tile.

    Call ``touch`` with a box *before* writing to it. Cost and memory follow the
    touched tiles, not the array.
    """

    def __init__(self, target: Target, array: Pixels) -> None:
        """``array`` is (H, W) or (H, W, C) of any type; it is changed in place by others."""
        self._target = target
        self._array = array
        self._tiles: dict[tuple[int, int], Raw | Flat] = {}

    def touch(self, box: Box) -> None:
        """Save every tile of a box that was not saved yet; the box lies inside the array."""
        for key in tiles(box, TILE):
            if key not in self._tiles:
                self._tiles[key] = stored(self._view(key))

    def before(self, box: Box) -> Pixels:
        """What was inside ``box`` at first; a view where nothing of it was touched: read it, do not write to it."""
        touched = [key for key in tiles(box, TILE) if key in self._tiles]
        view = crop(self._array, box)
        if not touched:
            return view
        out = view.copy()
        for key in touched:
            x0, y0 = key[0] * TILE, key[1] * TILE
            inner = intersect(box, (x0, y0, x0 + TILE, y0 + TILE))
            kept, place = self._tiles[key], crop(out, _moved(inner, -box[0], -box[1]))
            place[...] = kept.colour if isinstance(kept, Flat) else crop(kept.array, _moved(inner, -x0, -y0))
        return out

    def boxes(self) -> list[Box]:
        """The boxes of the tiles touched, inside the array."""
        height, width = self._array.shape[:2]
        corners = [(column * TILE, row * TILE) for column, row in self._tiles]
        return [intersect((x, y, x + TILE, y + TILE), (0, 0, width, height)) for x, y in corners]

    def restore(self) -> Box:
        """Put everything back as it was; answers the box around what was touched."""
        box = EMPTY
        for key, before in self._tiles.items():
            view = self._view(key)
            before.put(view)
            height, width = view.shape[:2]
            x0, y0 = key[0] * TILE, key[1] * TILE
            box = union(box, (x0, y0, x0 + width, y0 + height))
        return box

    def parts(self) -> list[EditPart]:
        """What really changed: for each tile the box around the changed pixels."""
        parts = []
        for key, before in self._tiles.items():
            after = self._view(key)
            old = before.colour if isinstance(before, Flat) else before.array
            inner = _changed_box(after, old)
            if is_empty(inner):
                continue
            x0, y0, x1, y1 = inner
            left, top = key[0] * TILE, key[1] * TILE
            kept: Stored = before
            if isinstance(before, Raw) and crop(after, inner).shape != after.shape:
                kept = stored(crop(before.array, inner))
            box = (left + x0, top + y0, left + x1, top + y1)
            parts.append(EditPart(self._target, box, kept, stored(crop(after, inner))))
        return parts

    def _view(self, key: tuple[int, int]) -> Pixels:
        x0, y0 = key[0] * TILE, key[1] * TILE
        return crop(self._array, (x0, y0, x0 + TILE, y0 + TILE))


class Draft:
    """Changes worked out beside an array, tile by tile: the array is only read."""

    def __init__(self, target: Target, array: Pixels) -> None:
        """``array`` is (H, W) or (H, W, C) of any type; it may not change until ``parts`` was called."""
        self._target = target
        self._array = array
        self._tiles: dict[tuple[int, int], Pixels] = {}

    def pieces(self, box: Box) -> Iterator[tuple[Box, Pixels]]:
        """A box cut into pieces, each with an array to write its new content to, which holds the present one."""
        for key in tiles(box, TILE):
            x0, y0 = key[0] * TILE, key[1] * TILE
            if key not in self._tiles:
                self._tiles[key] = crop(self._array, (x0, y0, x0 + TILE, y0 + TILE)).copy()
            piece = intersect(box, (x0, y0, x0 + TILE, y0 + TILE))
            inner = (piece[0] - x0, piece[1] - y0, piece[2] - x0, piece[3] - y0)
            yield piece, crop(self._tiles[key], inner)

    def parts(self) -> list[EditPart]:
        """What would really change: for each tile the box around the changed pixels."""
        parts = []
        for (column, row), after in self._tiles.items():
            left, top = column * TILE, row * TILE
            before = crop(self._array, (left, top, left + TILE, top + TILE))
            inner = _changed_box(after, before)
            if not is_empty(inner):
                box = (left + inner[0], top + inner[1], left + inner[2], top + inner[3])
                parts.append(EditPart(self._target, box, stored(crop(before, inner)), stored(crop(after, inner))))
        return parts


def _array(doc: Editable, target: Target) -> Pixels:
    if target == "pixels":
        return doc.pixels
    return doc.mask if target == "mask" else doc.samples


def _moved(box: Box, dx: int, dy: int) -> Box:
    return box[0] + dx, box[1] + dy, box[2] + dx, box[3] + dy


def _changed_box(after: Pixels, before: Pixels) -> Box:
    """The box around what differs from an array of the same shape, or from one colour."""
    height, width = after.shape[:2]
    before = np.broadcast_to(before, after.shape)
    # A result changes whole tiles: where every side has changed there is no need to look inside.
    if all((after[y] != before[y]).any() for y in (0, height - 1)) and all(
        (after[:, x] != before[:, x]).any() for x in (0, width - 1)
    ):
        return 0, 0, width, height
    changed = after != before
    rows = np.flatnonzero(changed.reshape(height, -1).any(axis=1))
    if rows.size == 0:
        return EMPTY
    columns = np.flatnonzero(changed.any(axis=0).reshape(width, -1).any(axis=1))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
