"""An arrow dragged over the picture, along which the mask grows."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt

from app.canvas.tools.base import Band, Pointer, SimpleDrag, Surface
from app.document.editing import Document
from app.document.mask import FARTHEST
from app.document.pixels import Point, area

_HEAD = 14.0  # device px
_STEP = 10.0  # device px, by one press of an arrow key


class ArrowDrag(SimpleDrag):
    """Drag from anywhere; or the arrow keys, then Enter. Escape gives up."""

    stays = True
    keys: tuple[int, ...] = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down)

    def __init__(self, surface: Surface, document: Document, start: Point) -> None:
        """``start``: where the arrow begins that the keys make, in picture px."""
        self._surface, self._document = surface, document
        self._start = self._end = start
        self._down = False

    def press(self, pointer: Pointer) -> None:
        self._start = self._end = pointer.picture
        self._down = True

    def move(self, pointer: Pointer) -> None:
        if self._down:
            self._end = pointer.picture

    def release(self, pointer: Pointer) -> bool:
        if not self._down:
            return False
        self._down, self._end = False, pointer.picture
        return math.dist(self._start, self._end) * self._surface.zoom > _HEAD / 2

    def key(self, key: int) -> bool:
        x, y = ((-1, 0), (1, 0), (0, -1), (0, 1))[self.keys.index(key)]
        step = _STEP / max(self._surface.zoom, 1e-3)
        self._end = self._end[0] + x * step, self._end[1] + y * step
        return True

    def finish(self) -> None:
        dx, dy = self._vector()
        if math.hypot(dx, dy) >= 0.5:
            width, height = self._document.size
            size = area((0, 0, width, height))
            self._surface.select("Growing the mask", size, lambda sheet: sheet.grow_mask_towards(dx, dy))

    def back(self) -> bool:
        self._end = self._start
        return True

    def band(self) -> Band:
        dx, dy = self._vector()
        length, size = math.hypot(dx, dy), _HEAD / max(self._surface.zoom, 1e-3)
        end = self._start[0] + dx, self._start[1] + dy
        if length < 1e-6:
            return Band((self._start,), False, True)
        x, y = dx / length * size, dy / length * size
        left, right = (end[0] - x - y / 2, end[1] - y + x / 2), (end[0] - x + y / 2, end[1] - y - x / 2)
        return Band((self._start, end, left, end, right), False)

    def _vector(self) -> Point:
        dx, dy = self._end[0] - self._start[0], self._end[1] - self._start[1]
        far = math.hypot(dx, dy)
        share = min(1.0, (FARTHEST - 1) / far) if far else 0.0
        return dx * share, dy * share
