"""Undo: what an edit changed, as compressed boxes, and how to put it back."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from app.document.boxes import EMPTY, Box, is_empty, tiles, union

Target: TypeAlias = Literal["mask", "pixels"]

_TILE = 256
# Mask tiles are nearly constant and photographs nearly incompressible: the fastest level is enough.
_LEVEL = 1


class Editable(Protocol):
    """What an edit needs of a document."""

    @property
    def mask(self) -> NDArray[np.uint8]: ...

    @property
    def pixels(self) -> NDArray[np.uint8]: ...

    def mark_changed(self) -> None: ...


@dataclass(frozen=True)
class EditPart:
    """One changed box of the mask or the pixels, before and after (zlib)."""

    target: Target
    box: Box
    before: bytes
    after: bytes


@dataclass(frozen=True)
class Edit:
    """One step of the history; it has been applied already when a document hands it out."""

    name: str  # for the menu: "Brush stroke"
    parts: tuple[EditPart, ...]

    def undo(self, doc: Editable) -> list[Box]:
        """Put back what was there before; answers the boxes that changed.

        Raises ``RuntimeError`` during a stroke.
        """
        doc.mark_changed()
        for part in self.parts:
            _write(doc, part, part.before)
        return [part.box for part in self.parts]

    def redo(self, doc: Editable) -> list[Box]:
        """Apply the edit again after an undo; answers the boxes that changed.

        Raises ``RuntimeError`` during a stroke.
        """
        doc.mark_changed()
        for part in self.parts:
            _write(doc, part, part.after)
        return [part.box for part in self.parts]

    @property
    def nbytes(self) -> int:
        """Memory the edit holds, in bytes, without Python's own overhead."""
        return sum(len(part.before) + len(part.after) for part in self.parts)


class Recorder:
    """Keeps what an array held before it is changed, tile by tile.

    Call ``touch`` with a box *before* writing to it. Cost and memory follow the
    touched tiles, not the array.
    """

    def __init__(self, target: Target, array: NDArray[np.uint8]) -> None:
        """``array`` is (H, W) or (H, W, C); it is changed in place by others."""
        self._target = target
        self._array = array
        self._tiles: dict[tuple[int, int], NDArray[np.uint8]] = {}

    def touch(self, box: Box) -> None:
        """Save every tile of a box that was not saved yet; the box lies inside the array."""
        for key in tiles(box, _TILE):
            if key not in self._tiles:
                self._tiles[key] = self._view(key).copy()

    def restore(self) -> Box:
        """Put everything back as it was; answers the box around what was touched."""
        box = EMPTY
        for key, before in self._tiles.items():
            view = self._view(key)
            view[...] = before
            height, width = before.shape[:2]
            x0, y0 = key[0] * _TILE, key[1] * _TILE
            box = union(box, (x0, y0, x0 + width, y0 + height))
        return box

    def parts(self) -> list[EditPart]:
        """What really changed: for each tile the box around the changed pixels."""
        parts = []
        for key, before in self._tiles.items():
            after = self._view(key)
            inner = _changed_box(before, after)
            if is_empty(inner):
                continue
            x0, y0, x1, y1 = inner
            left, top = key[0] * _TILE, key[1] * _TILE
            parts.append(
                EditPart(
                    self._target,
                    (left + x0, top + y0, left + x1, top + y1),
                    zlib.compress(before[y0:y1, x0:x1].tobytes(), _LEVEL),
                    zlib.compress(after[y0:y1, x0:x1].tobytes(), _LEVEL),
                )
            )
        return parts

    def _view(self, key: tuple[int, int]) -> NDArray[np.uint8]:
        x0, y0 = key[0] * _TILE, key[1] * _TILE
        return self._array[y0 : y0 + _TILE, x0 : x0 + _TILE]


def _changed_box(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> Box:
    changed = before != after
    if changed.ndim == 3:
        changed = changed.any(axis=2)
    rows = np.flatnonzero(changed.any(axis=1))
    if rows.size == 0:
        return EMPTY
    columns = np.flatnonzero(changed.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _write(doc: Editable, part: EditPart, packed: bytes) -> None:
    array = doc.mask if part.target == "mask" else doc.pixels
    x0, y0, x1, y1 = part.box
    view = array[y0:y1, x0:x1]
    view[...] = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(view.shape)
