"""The frame buffer: the canvas in device pixels, drawn anew only where something changed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.canvas.drawing.layers import CanvasLayers
from app.canvas.drawing.viewport import Viewport
from app.document.pixels import Box, intersect, is_empty

_MANY = 24  # separate boxes beyond which one box around all of them is cheaper
_INKS = np.array((0xFF000000, 0xFFFFFFFF), np.uint32)  # of the outline, BGRX


class Frame:
    """A buffer of device pixels with the boxes that must be drawn again, and the moving outline in it.

    ``pixels`` is (H, W, 4) BGRX.
    """

    def __init__(self) -> None:
        self.pixels: NDArray[np.uint8] = np.zeros((1, 1, 4), np.uint8)
        self._edges: NDArray[np.uint8] = np.zeros((1, 1), np.uint8)
        nowhere = np.zeros(0, np.intp)
        self._outline: tuple[NDArray[np.intp], NDArray[np.intp]] = nowhere, nowhere  # rows (sorted), columns
        self._dirty: list[Box] = []
        self.dash = 4  # device px of one dash of the outline
        self._phase = 0

    @property
    def dirty(self) -> bool:
        """Whether something must be drawn again."""
        return bool(self._dirty)

    def resize(self, width: int, height: int) -> None:
        """Take another size; everything must be drawn again."""
        self.pixels = np.zeros((height, width, 4), np.uint8)
        self._edges = np.zeros((height, width), np.uint8)
        nowhere = np.zeros(0, np.intp)
        self._outline = nowhere, nowhere
        self.invalidate()

    def invalidate(self, box: Box | None = None) -> None:
        """``box`` (all where None) must be drawn again."""
        height, width = self._edges.shape
        whole = (0, 0, width, height)
        box = whole if box is None else intersect(box, whole)
        if box == whole or self._dirty == [whole]:
            self._dirty = [whole]
        elif not is_empty(box):
            self._dirty.append(box)
            if len(self._dirty) > _MANY:
                self._dirty = [_around(self._dirty)]

    def scroll(self, dx: int, dy: int) -> None:
        """Everything has moved by (dx, dy); what came into sight must be drawn."""
        height, width = self._edges.shape
        whole = (0, 0, width, height)
        if not (dx or dy) or whole in self._dirty:
            return
        if abs(dx) >= width or abs(dy) >= height:
            self.invalidate()
            return
        moved = [(x0 + dx, y0 + dy, x1 + dx, y1 + dy) for x0, y0, x1, y1 in self._dirty]
        self._dirty = [box for box in (intersect(box, whole) for box in moved) if not is_empty(box)]
        for array in (self.pixels.view(np.uint32)[..., 0], self._edges):
            kept = array[max(0, -dy) : height - max(0, dy), max(0, -dx) : width - max(0, dx)].copy()
            array[max(0, dy) : height - max(0, -dy), max(0, dx) : width - max(0, -dx)] = kept
        # One pixel more, for the outline's smoothing against what was out of sight.
        if dx:
            self.invalidate((0, 0, dx + 2, height) if dx > 0 else (width + dx - 2, 0, width, height))
        if dy:
            self.invalidate((0, 0, width, dy + 2) if dy > 0 else (0, height + dy - 2, width, height))
        self._find_outline(0, height)
        self._draw_outline(0, height)  # the dashes stay where they are

    def flush(self, layers: CanvasLayers, view: Viewport) -> None:
        """Draw what must be drawn again."""
        if not self._dirty:
            return
        dirty, self._dirty = self._dirty, []
        for x0, y0, x1, y1 in dirty:
            layers.draw(view, (x0, y0, x1, y1), self.pixels[y0:y1, x0:x1], self._edges[y0:y1, x0:x1])
        _, top, _, bottom = _around(dirty)
        self._find_outline(top, bottom)
        self._draw_outline(top, bottom)

    def march(self) -> Box | None:
        """Move the outline on; the box that looks different now, None where there is no outline."""
        rows, columns = self._outline
        if not rows.size:
            return None
        self._phase += 1
        self._draw_outline(0, self._edges.shape[0])
        return int(columns.min()), int(rows[0]), int(columns.max()) + 1, int(rows[-1]) + 1

    def _find_outline(self, top: int, bottom: int) -> None:
        """Look for the outline in some rows; the others are as they were."""
        rows, columns = self._outline
        first, last = np.searchsorted(rows, (top, bottom))
        found = np.divmod(np.flatnonzero(self._edges[top:bottom] != 0), self._edges.shape[1])
        self._outline = (
            np.concatenate((rows[:first], found[0] + top, rows[last:])),
            np.concatenate((columns[:first], found[1], columns[last:])),
        )

    def _draw_outline(self, top: int, bottom: int) -> None:
        rows, columns = self._outline
        first, last = np.searchsorted(rows, (top, bottom))
        rows, columns = rows[first:last], columns[first:last]
        dark = ((rows + columns - self._phase) // self.dash) % 2
        self.pixels.view(np.uint32)[..., 0][rows, columns] = _INKS[1 - dark]


def _around(boxes: list[Box]) -> Box:
    corners = np.array(boxes)
    low, high = corners.min(axis=0), corners.max(axis=0)
    return int(low[0]), int(low[1]), int(high[2]), int(high[3])
