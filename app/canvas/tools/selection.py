"""The tools that select an area: lasso and polygon, rectangle, similar colour."""

from __future__ import annotations

import math

from app.canvas.tools.base import Band, Pointer, SimpleDrag, Surface
from app.document.editing import Document
from app.document.pixels import Box, area, intersect, is_empty

_STILL = 4.0  # device px the pointer may move within a click
_CLOSE = 8.0  # device px from the first corner within which a click closes the polygon
_FINE = 1.5  # device px between two points of a line drawn by hand


class LassoDrag(SimpleDrag):
    """A line drawn by hand, or corners clicked one after the other, mixed as one likes.

    A press that does not move sets a corner; the line then follows the pointer to the next one. It
    closes when a line drawn by hand from the first press is let go, at a click on the first corner,
    at a double click and at Enter.
    """

    stays = double = True

    def __init__(self, surface: Surface, document: Document, pointer: Pointer) -> None:
        self._surface, self._document, self._subtract = surface, document, pointer.alt
        self._points = [pointer.picture]
        self._steps: list[int] = []  # how many points there were before each press but the first
        self._hover: tuple[float, float] | None = None  # where the line to the next corner ends
        self._pressed = self._drawn = pointer.device
        self._down, self._moved, self._corners = True, False, False
        self._closing = False

    def move(self, pointer: Pointer) -> None:
        if not self._down:
            self._hover = pointer.picture
            return
        if not self._moved and math.dist(pointer.device, self._pressed) <= _STILL:
            return
        self._moved = True
        if math.dist(pointer.device, self._drawn) >= _FINE:
            self._points.append(pointer.picture)
            self._drawn = pointer.device

    def press(self, pointer: Pointer) -> None:
        self._closing = len(self._points) > 2 and self._near_first(pointer)
        self._steps.append(len(self._points))
        if not self._closing:
            self._points.append(pointer.picture)
        self._pressed = self._drawn = pointer.device
        self._down, self._moved, self._hover = True, False, None

    def release(self, pointer: Pointer) -> bool:
        self._down = False
        if self._closing or (self._moved and not self._corners):
            return True
        self._corners = True
        self._hover = pointer.picture
        return False

    def finish(self) -> None:
        points, subtract = tuple(self._points), self._subtract
        if len(points) > 2:
            columns, rows = zip(*points, strict=True)
            around = (math.floor(min(columns)), math.floor(min(rows)), math.ceil(max(columns)), math.ceil(max(rows)))
            size = area(intersect(around, (0, 0, *self._document.size)))
            self._surface.select("Filling the lasso", size, lambda mask: mask.fill_polygon(points, subtract))

    def back(self) -> bool:
        if not self._steps:
            return False
        del self._points[self._steps.pop() :]
        return True

    def band(self) -> Band:
        points = (*self._points, self._hover) if self._hover is not None else tuple(self._points)
        return Band(points, not self._corners and len(points) > 2, self._corners, self._subtract)

    def _near_first(self, pointer: Pointer) -> bool:
        return math.dist(pointer.picture, self._points[0]) * self._surface.zoom <= _CLOSE


class RectangleDrag(SimpleDrag):
    """A rectangle from the press to the pointer; a square with Shift."""

    def __init__(self, surface: Surface, document: Document, pointer: Pointer) -> None:
        self._surface, self._document, self._subtract = surface, document, pointer.alt
        self._start = self._end = pointer.picture

    def move(self, pointer: Pointer) -> None:
        x, y = pointer.picture
        if pointer.shift:
            side = max(abs(x - self._start[0]), abs(y - self._start[1]))
            x = self._start[0] + math.copysign(side, x - self._start[0])
            y = self._start[1] + math.copysign(side, y - self._start[1])
        self._end = x, y

    def release(self, pointer: Pointer) -> bool:
        self.move(pointer)
        return True

    def finish(self) -> None:
        box, subtract = intersect(self._box(), (0, 0, *self._document.size)), self._subtract
        if not is_empty(box):
            self._surface.select("Filling the rectangle", area(box), lambda mask: mask.fill_box(box, subtract))

    def band(self) -> Band | None:
        x0, y0, x1, y1 = self._box()
        if x1 <= x0 or y1 <= y0:
            return None
        return Band(((x0, y0), (x1, y0), (x1, y1), (x0, y1)), True, False, self._subtract)

    def _box(self) -> Box:
        (ax, ay), (bx, by) = self._start, self._end
        return (
            math.floor(min(ax, bx) + 0.5),
            math.floor(min(ay, by) + 0.5),
            math.floor(max(ax, bx) + 0.5),
            math.floor(max(ay, by) + 0.5),
        )
