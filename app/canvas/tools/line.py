"""The Line tool: along a wire, mast, crack or scratch from click to click, until Enter masks it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

from app.canvas.tools.base import Band, Pointer, SimpleDrag, Surface
from app.document.editing import Document, Selections
from app.document.mask import LiveWire, Outlines, Segment, line_segment
from app.document.pixels import Point, area

_STILL = 4.0  # device px the pointer may move within a click
_REACH = 500.0  # device px around the last point within which the line is followed
_SHORTEST_REACH = 150  # picture px


class LineDrag(SimpleDrag):
    """Stays open from the first point until Enter, a double click, Escape or another tool; Shift goes straight.

    A point is set where the pointer is let go, so that a finger and a pen may draw from one to the next.
    """

    stays = keeps = double = True

    def __init__(self, surface: Surface, document: Document, pointer: Pointer) -> None:
        self._surface, self._document, self._subtract = surface, document, pointer.alt
        self._start = pointer.picture
        self._legs: list[tuple[list[Point], Segment | None]] = []
        self._wire: LiveWire | None = None
        self._ahead: list[Point] = []  # to where the pointer is
        self._outlines: Outlines = ()
        self._down, self._pressed = True, pointer.device
        self._reach = max(_SHORTEST_REACH, round(_REACH / max(surface.zoom, 1e-3)))
        self._look(None)

    def press(self, pointer: Pointer) -> None:
        self._down, self._pressed = True, pointer.device
        self._ahead = self._to(pointer)

    def move(self, pointer: Pointer) -> None:
        self._ahead = self._to(pointer)

    def release(self, pointer: Pointer) -> bool:
        if self._down:
            self._down = False
            first = not self._legs and math.dist(pointer.device, self._pressed) <= _STILL
            points = self._to(pointer)
            if not first and math.dist(points[0], points[-1]) > 0:
                self._look(points)
            elif first and math.dist(pointer.picture, self._start) * self._surface.zoom > _STILL:
                self._look(points)  # the second click
        return False

    def finish(self) -> None:
        found = [segment for _, segment in self._legs if segment is not None]
        if found:
            size, subtract = sum(area(segment.box) for segment in found), self._subtract
            name = "Line, taken away" if subtract else "Line"
            self._surface.select("Masking the line", size, lambda sheet: sheet.lay_segments(found, name, subtract))

    def back(self) -> bool:
        if not self._legs:
            return False
        self._legs.pop()
        self._sum_up()
        self._look(None)
        return True

    def band(self) -> Band:
        ahead = self._ahead or [self._end()]
        return Band(tuple(ahead), False, True, self._subtract, outlines=self._outlines, takes=self._subtract)

    def _end(self) -> Point:
        return self._legs[-1][0][-1] if self._legs else self._start

    def _to(self, pointer: Pointer) -> list[Point]:
        if pointer.shift or self._wire is None or not self._wire.holds(pointer.picture):
            return [self._end(), pointer.picture]
        return self._wire.path(pointer.picture)

    def _look(self, leg: list[Point] | None) -> None:
        """Have the width of a leg found, and everything made ready for the next."""
        self._ahead = leg or []
        self._surface.propose(
            "Following the line",
            partial(_looked, leg=leg, start=leg[-1] if leg else self._end(), reach=self._reach),
            partial(self._on_found, leg),
        )

    def _on_found(self, leg: list[Point] | None, found: tuple[Segment | None, LiveWire | None]) -> None:
        segment, self._wire = found
        if leg is not None:
            self._legs.append((leg, segment))
            self._sum_up()
        self._ahead = []
        self._surface.show_band()

    def _sum_up(self) -> None:
        self._outlines = tuple(line for _, segment in self._legs if segment is not None for line in segment.outlines())


def _looked(
    sheet: Selections, leg: Sequence[Point] | None, start: Point, reach: int
) -> tuple[Segment | None, LiveWire | None]:
    segment = line_segment(sheet.pixels, leg) if leg else None
    try:
        return segment, LiveWire(sheet.pixels, start, reach)
    except ValueError:  # beyond the picture
        return segment, None
