"""Strokes: from the pointer's positions to where the brush paints: smoothed, spaced, by pressure."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from app.document.mask.brush import Brush, along, near, rasterise, visible
from app.document.pixels import Box, Point

# At full smoothing the brush hangs behind the hand by its size, but by this many pixels at least.
_SHORTEST_STRING = 32.0

Coverage: TypeAlias = Iterator[tuple[Box, NDArray[np.uint8]]]


class StrokePath:
    """Turns positions of the hand into coverage for the mask.

    Smoothing is a string: the brush is pulled behind the hand at ``smoothing`` times its size
    (32 px at least), which does not depend on how often positions come; the end of the stroke
    catches up. Positions are in picture pixels, pressures 0 to 1 (values outside are clipped).
    """

    def __init__(self, brush: Brush, at: Point, pressure: float, size: tuple[int, int]) -> None:
        """``size`` is the picture's (width, height). Raises ``ValueError`` for values that are not finite."""
        self._brush, self._size = brush, size
        self._hand = self._at = self._snapped(near(at))
        self._hand_pressure = self._pressure = _pressure(pressure)
        self._string = brush.smoothing * max(brush.size, _SHORTEST_STRING)
        self._gone = 0.0  # of the way to the next dab, in distances of dabs

    def begin(self) -> Coverage:
        """The first dab."""
        yield from rasterise(self._brush.pressed(self._pressure), self._at, self._at, self._size)

    def move(self, to: Point, pressure: float) -> Coverage:
        """The hand moves on in a straight line. Raises ``ValueError`` for values that are not finite."""
        hand, self._hand_pressure = near(to), _pressure(pressure)
        self._hand = hand
        distance = math.dist(self._at, hand)
        if self._string == 0:
            share = 1.0
        elif distance <= self._string:
            return iter(())
        else:
            share = 1 - self._string / distance
        return self._go(share)

    def finish(self) -> Coverage:
        """The brush goes where the hand is."""
        return iter(()) if self._at == self._hand else self._go(1.0)

    def _go(self, share: float) -> Coverage:
        start, first = self._at, self._pressure
        self._at = self._hand if share == 1 else along(start, self._hand, share)
        self._pressure = first + (self._hand_pressure - first) * share
        if self._brush.spacing > 0:
            return self._dabs(start, first, self._at, self._pressure)
        one, other = self._brush.pressed(first), self._brush.pressed(self._pressure)
        return rasterise(one, start, self._at, self._size, other)

    def _dabs(self, start: Point, first: float, end: Point, last: float) -> Coverage:
        length = math.dist(start, end)
        if length == 0:
            return
        # The distance follows the size: where that changes on the way, its mean counts.
        mean = self._brush.pressed((first + last) / 2)
        step = max(self._brush.spacing * mean.size, 0.5)
        gone, self._gone = self._gone, math.fmod(self._gone + length / step, 1.0)
        seen = visible(start, end, self._brush.reach, *self._size)
        if seen is None:
            return
        number = max(1, math.ceil(seen[0] * length / step + gone))
        while (share := (number - gone) * step / length) <= seen[1]:
            at = along(start, end, share)
            yield from rasterise(self._brush.pressed(first + (last - first) * share), at, at, self._size)
            number += 1

    def _snapped(self, at: Point) -> Point:
        if self._brush.size >= 1.5:
            return at
        # A click between four pixels would cover a quarter of each, too little to mask any.
        return math.floor(at[0]) + 0.5, math.floor(at[1]) + 0.5


def _pressure(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError(f"{value} is not a pressure")
    return min(max(value, 0.0), 1.0)
