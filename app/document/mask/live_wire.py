"""A line along a wire, mast, crack or scratch from one point to another, and how wide it is.

The path of least cost (Mortensen and Barrett, "Intelligent scissors for image composition", 1995) over
ridges in place of edges: it runs along the middle of a line, not along one of its sides.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from app.document.mask.ridges import grey_of, ridge_strength, sampled
from app.document.mask.segments import Segment, stroke_segment
from app.document.pixels import Box, Pixels, Point, crop, grown, intersect, is_empty

_SIDE = 400  # px, the longest side paths are looked for at
_SNAP = 4  # px of the reduced copy: how far from a line one may click
_RIDGES = 95  # percentile of the strength above which a pixel counts as one of a line
_SMOOTH = 5  # points of a path that its mean is taken over
_SAMPLES = 400  # of a path, at which its width is looked for
_REACHES = (6.0, 12.0, 24.0, 48.0)  # px to either side, the nearest that holds the line counts
_SOFT = 2.0  # px more than the width at half height: lines are soft at their sides
_UNKNOWN = 4.0  # px, of a line whose width can't be told


class LiveWire:
    """Paths from one point to any other in a window of the picture around it.

    Made once a point, which takes some tenths of a second; ``path`` then takes less than a millisecond, on any
    one thread.
    """

    def __init__(self, pixels: Pixels, start: Point, reach: int) -> None:
        """``pixels`` (H, W, 3 or 4); ``start`` in picture px; the window ends ``reach`` px from it.

        Raises ``ValueError`` where nothing of the picture is in the window.
        """
        height, width = pixels.shape[:2]
        x, y = math.floor(start[0]), math.floor(start[1])
        self._box: Box = intersect((x - reach, y - reach, x + reach + 1, y + reach + 1), (0, 0, width, height))
        if is_empty(self._box):
            raise ValueError(f"{start} is not near the picture")
        grey = grey_of(crop(pixels, self._box))
        self._scale = max(1.0, max(grey.shape) / _SIDE)
        if self._scale > 1:
            size = (max(1, round(grey.shape[1] / self._scale)), max(1, round(grey.shape[0] / self._scale)))
            grey = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.float32)
        self._strength, _ = ridge_strength(grey)
        tool = cv2.segmentation.IntelligentScissorsMB()
        tool.setWeights(0.5, 0.0, 0.5)
        strong = max(float(np.percentile(self._strength, 99.5)), 1e-3)
        off = self._strength < np.percentile(self._strength, _RIDGES)
        no_direction = np.zeros((*grey.shape, 2), np.float32)  # its weight is 0
        cost = 1 - np.clip(self._strength / np.float32(strong), 0, 1)
        tool.applyImageFeatures(off.astype(np.uint8), no_direction, cost.astype(np.float32))
        self._start = self._on_line(start)
        tool.buildMap(self._start)
        self._tool = tool

    def holds(self, to: Point) -> bool:
        """Whether a position is in the window, where paths can be looked for."""
        x0, y0, x1, y1 = self._box
        return x0 <= to[0] < x1 and y0 <= to[1] < y1

    def path(self, to: Point) -> list[Point]:
        """The points of a line to a position, in picture px; straight to one beyond the window."""
        end = self._on_line(to)
        found = np.asarray(self._tool.getContour(end)).reshape(-1, 2).astype(np.float64)
        if len(found) < 2 or not self.holds(to):
            return [self._out(self._start), to]
        if tuple(found[0].astype(int)) != self._start:
            found = found[::-1]
        points = _smoothed(found)
        line = cv2.approxPolyDP(points.astype(np.float32)[:, None], 0.4, False)[:, 0]
        return [self._out((float(x), float(y))) for x, y in line]

    def _on_line(self, at: Point) -> tuple[int, int]:
        """The pixel of the reduced copy near a position that lies on the strongest line."""
        height, width = self._strength.shape
        x = min(max(int((at[0] - self._box[0]) / self._scale), 0), width - 1)
        y = min(max(int((at[1] - self._box[1]) / self._scale), 0), height - 1)
        near = grown((x, y, x + 1, y + 1), _SNAP, (width, height))
        row, column = np.unravel_index(int(np.argmax(crop(self._strength, near))), crop(self._strength, near).shape)
        return near[0] + int(column), near[1] + int(row)

    def _out(self, at: tuple[float, float]) -> Point:
        return self._box[0] + (at[0] + 0.5) * self._scale, self._box[1] + (at[1] + 0.5) * self._scale


def line_segment(pixels: Pixels, points: Sequence[Point], size: float | None = None) -> Segment | None:
    """The area of the line along a path, as wide as it is found to be; None where none of it is in the picture.

    ``size``: its width where that is known, px.
    """
    picture = pixels.shape[1], pixels.shape[0]
    line = np.array(points, np.float64)
    if size is None:
        line, size = measured(pixels, line)
    return stroke_segment([(float(x), float(y)) for x, y in line], size, picture)


def measured(pixels: Pixels, line: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """A path (N, 2) moved to the middle of the line it runs along, and the brush that covers the line, in px."""
    spots = _spread(line)
    if len(spots) < 3:
        return line, _UNKNOWN
    ahead = np.gradient(_smoothed(spots), axis=0)
    ahead /= np.maximum(np.hypot(ahead[:, 0], ahead[:, 1]), 1e-9)[:, None]
    across = np.stack([-ahead[:, 1], ahead[:, 0]], axis=1)
    low, high = np.floor(spots.min(axis=0)).astype(int), np.ceil(spots.max(axis=0)).astype(int)
    reach = math.ceil(_REACHES[-1]) + 2
    around = intersect(
        (int(low[0]) - reach, int(low[1]) - reach, int(high[0]) + reach, int(high[1]) + reach),
        (0, 0, pixels.shape[1], pixels.shape[0]),
    )
    if is_empty(around):
        return line, _UNKNOWN
    plane = grey_of(crop(pixels, around))
    for far in _REACHES:
        away = np.arange(-far, far + 0.25, 0.5)
        x = spots[:, :1] + across[:, :1] * away - around[0]
        y = spots[:, 1:] + across[:, 1:] * away - around[1]
        found = _across(np.asarray(sampled(plane, x, y)), away)
        if found is not None and found[1] < far:
            offset, width = found
            return spots + across * offset[:, None], width + _SOFT
    return line, _UNKNOWN


def _across(profiles: NDArray[np.float32], away: NDArray[np.float64]) -> tuple[NDArray[np.float64], float] | None:
    """How far beside the path the line's middle is at each of (N, K) profiles, and how wide the line is."""
    sides = max(2, len(away) // 8)
    left, right = profiles[:, :sides].mean(axis=1), profiles[:, -sides:].mean(axis=1)
    ground = left[:, None] + (right - left)[:, None] * np.linspace(0, 1, len(away))
    # Neighbours along the line look alike, noise does not.
    height = np.asarray(cv2.blur((profiles - ground).astype(np.float32), (1, 9), borderType=cv2.BORDER_REPLICATE))
    middle = np.abs(away) <= away[-1] / 3
    sign = np.sign(np.median(height[:, middle][np.arange(len(height)), np.abs(height[:, middle]).argmax(axis=1)]))
    height = height * sign
    peaks = np.where(middle, height, -np.inf).argmax(axis=1)
    tops = height[np.arange(len(height)), peaks]
    noise = float(np.median(np.abs(height[:, ~middle]))) + 1e-3
    clear = tops > max(2.0, 2 * noise)
    if clear.sum() < max(2, len(tops) // 4):
        return None
    widths, middles = [], []
    for row, peak, top in zip(height[clear], peaks[clear], tops[clear], strict=True):
        below = row < top / 2
        before, after = np.flatnonzero(below[:peak]), np.flatnonzero(below[peak:])
        first = before[-1] + 1 if before.size else 0
        last = peak + after[0] if after.size else len(row)
        widths.append((last - first) * 0.5)
        middles.append(away[0] + (first + last - 1) / 4)
    offset = np.interp(np.arange(len(tops)), np.flatnonzero(clear), middles)
    steady = np.asarray(cv2.medianBlur(offset[None].astype(np.float32), 5))[0] if len(offset) > 5 else offset
    return steady.astype(np.float64), float(np.percentile(widths, 75))


def _spread(line: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points at even distances along a path, about one a pixel, ``_SAMPLES`` at most."""
    steps = np.hypot(*np.diff(line, axis=0).T)
    length = np.concatenate([[0.0], np.cumsum(steps)])
    count = min(_SAMPLES, max(2, int(length[-1])))
    at = np.linspace(0, length[-1], count)
    return np.stack([np.interp(at, length, line[:, k]) for k in range(2)], axis=1)


def _smoothed(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """A path whose steps of a pixel are evened out; its ends stay."""
    if len(points) < _SMOOTH:
        return points
    half = _SMOOTH // 2
    wide = np.pad(points, ((half, half), (0, 0)), mode="reflect", reflect_type="odd")
    kernel = np.ones(_SMOOTH) / _SMOOTH
    return np.stack([np.convolve(wide[:, k], kernel, mode="valid") for k in range(2)], axis=1)
