"""The brush: what a dab covers, and how a stroke becomes coverage without gaps.

Positions are in picture pixels with the corner of the first pixel at (0, 0), so
its centre is (0.5, 0.5). Coverage is uint8, 0 outside the brush to 255 inside.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from app.document.mask.tapered_lines import faded, tapered_coverage
from app.document.pixels import Box, Point, intersect, is_empty

MIN_SIZE = 1.0
MAX_SIZE = 8000.0
_LARGE = 600.0  # px that every picture may be brushed with
MAX_SPACING = 4.0
# Far outside any picture; keeps the arithmetic finite for any position a window can report.
_FAR = 1e7
# Shorter pieces than this cost more in calls than they save in pixels.
_SHORTEST_PIECE = 32.0
_BAND_AREA = 1 << 14
_ROUNDING = 0.01  # px, more than float32 loses in a distance
# Nobody sees a thousandth of a pixel, and dividing by less could overflow.
_SHORTEST_LINE = 1e-3


@dataclass(frozen=True)
class Brush:
    """A round brush.

    ``size`` is the diameter in picture pixels, 1 to 8000; ``hardness`` 1 gives an edge
    one pixel soft, 0 fades from the centre; ``erase`` takes away instead of adding.
    ``spacing`` is the distance of dabs in sizes, 0 to 4, where 0 paints without gaps;
    ``smoothing`` 0 to 1 steadies the hand. ``pressure_size`` and ``pressure_hardness`` say
    what a pen's pressure scales. Raises ``ValueError`` outside these ranges.
    """

    size: float
    hardness: float = 1.0
    erase: bool = False
    spacing: float = 0.0
    smoothing: float = 0.0
    pressure_size: bool = False
    pressure_hardness: bool = False

    def __post_init__(self) -> None:
        if not MIN_SIZE <= self.size <= MAX_SIZE:
            raise ValueError(f"brush size {self.size} is not within {MIN_SIZE:g}..{MAX_SIZE:g}")
        if not 0.0 <= self.hardness <= 1.0:
            raise ValueError(f"brush hardness {self.hardness} is not within 0..1")
        if not 0.0 <= self.spacing <= MAX_SPACING:
            raise ValueError(f"brush spacing {self.spacing} is not within 0..{MAX_SPACING:g}")
        if not 0.0 <= self.smoothing <= 1.0:
            raise ValueError(f"brush smoothing {self.smoothing} is not within 0..1")

    @property
    def reach(self) -> float:
        """Distance from the centre at which coverage becomes 0, in pixels."""
        return self.size / 2 + 0.5

    @property
    def core(self) -> float:
        """Distance from the centre up to which coverage is full, in pixels."""
        return min(self.hardness * self.size / 2, max(self.size / 2 - 0.5, 0.0))

    def pressed(self, pressure: float) -> Brush:
        """The brush as a pen pressed 0 to 1 makes it: a smaller one, or a softer one; never below 1 px."""
        if not (self.pressure_size or self.pressure_hardness):
            return self
        return replace(
            self,
            size=max(self.size * pressure, MIN_SIZE) if self.pressure_size else self.size,
            hardness=self.hardness * pressure if self.pressure_hardness else self.hardness,
        )


def default_brush_size(h: int, w: int) -> float:
    """The brush size to start with: 40 px at a short side of 512, in proportion otherwise."""
    return float(min(max(round(40 * min(h, w) / 512), MIN_SIZE), MAX_SIZE))


def largest_brush_size(h: int, w: int) -> float:
    """The largest brush to offer: half the short side, 600 px at least."""
    return float(min(max(min(h, w) // 2, _LARGE), MAX_SIZE))


def rasterise(
    brush: Brush, start: Point, end: Point, size: tuple[int, int], last: Brush | None = None
) -> Iterator[tuple[Box, NDArray[np.uint8]]]:
    """Coverage of the brush moved in a straight line, piece by piece.

    ``size`` is the picture's (width, height). Yields boxes inside the picture, each with
    coverage of the box's shape; boxes may overlap, and the largest coverage counts. The
    line is exact (distance to the segment), so no speed leaves gaps; a dab is ``start == end``.
    ``last`` is the brush at the end of the line where pressure changed on the way: size and
    softness change steadily from one to the other. Work follows what the brush covers, not
    the picture. Raises ``ValueError`` for positions that are not finite.
    """
    width, height = size
    if last == brush:
        last = None
    start, end = near(start), near(end)
    reach = brush.reach if last is None else max(brush.reach, last.reach)
    part = visible(start, end, reach, width, height)
    if part is None:
        return
    (ax, ay), (bx, by) = along(start, end, part[0]), along(start, end, part[1])
    # A long slanting line has a box far larger than the line: short pieces have not.
    count = max(1, math.ceil(math.hypot(bx - ax, by - ay) / max(4 * (reach - 0.5), _SHORTEST_PIECE)))
    points = [(ax + (bx - ax) * i / count, ay + (by - ay) * i / count) for i in range(count + 1)]
    for i, (a, b) in enumerate(pairwise(points)):
        box = intersect(_bounds(a, b, reach), (0, 0, width, height))
        if last is None:
            for band in _bands(box):
                yield band, _coverage(brush, a, b, band)
            continue
        shares = [part[0] + (part[1] - part[0]) * k / count for k in (i, i + 1)]
        ends = [tuple(_mix(one, other, share) for one, other in _profiles(brush, last)) for share in shares]
        for band in _bands(box):
            yield band, tapered_coverage(a, b, (ends[0][0], ends[1][0]), (ends[0][1], ends[1][1]), band)


def blend(target: NDArray[np.uint8], coverage: NDArray[np.uint8], erase: bool) -> None:
    """Lay coverage on a mask in place: the larger counts; erasing, what the coverage leaves.

    Both have the same shape. Doing it twice changes nothing more.
    """
    if erase:
        np.minimum(target, 255 - coverage, out=target)
    else:
        np.maximum(target, coverage, out=target)


def _bands(box: Box) -> Iterator[Box]:
    """A box in bands small enough for the processor's cache: twice as quick for large brushes."""
    if is_empty(box):
        return
    rows = max(1, _BAND_AREA // (box[2] - box[0]))
    for top in range(box[1], box[3], rows):
        yield box[0], top, box[2], min(top + rows, box[3])


def _coverage(brush: Brush, a: Point, b: Point, box: Box) -> NDArray[np.uint8]:
    left, right = _full_columns(brush, a, b, box)
    if right - left < _SHORTEST_PIECE:
        return _computed(brush, a, b, box)
    x0, y0, x1, y1 = box
    answer = np.full((y1 - y0, x1 - x0), 255, np.uint8)
    if left > x0:
        answer[:, : left - x0] = _computed(brush, a, b, (x0, y0, left, y1))
    if right < x1:
        answer[:, right - x0 :] = _computed(brush, a, b, (right, y0, x1, y1))
    return answer


def _full_columns(brush: Brush, a: Point, b: Point, box: Box) -> tuple[int, int]:
    """Columns of a box, from and to, that the core of the brush at ``a``, at ``b`` or on the way covers in every row.

    What the core has gone over is convex: what it covers in the first row and the last it covers between.
    """
    left, right = box[0], box[2]
    for y in (box[1] + 0.5, box[3] - 0.5):
        spans = [
            (x - half, x + half)
            for x, away in ((a[0], y - a[1]), (b[0], y - b[1]))
            if (half := math.sqrt(max((brush.core - _ROUNDING) ** 2 - away * away, 0.0))) > 0
        ]
        if not spans or brush.core < _SHORTEST_PIECE:
            return left, left
        left = max(left, math.ceil(min(low for low, _ in spans) - 0.5))
        right = min(right, math.floor(max(high for _, high in spans) + 0.5))
    return left, max(left, right)


def _computed(brush: Brush, a: Point, b: Point, box: Box) -> NDArray[np.uint8]:
    # Offsets in float64: a box may be far from a, and float32 would lose the fraction.
    x = (np.arange(box[0], box[2]) + (0.5 - a[0]))[None, :]  # (1, w), from a
    y = (np.arange(box[1], box[3]) + (0.5 - a[1]))[:, None]  # (h, 1)
    dx, dy = b[0] - a[0], b[1] - a[1]
    squared = dx * dx + dy * dy
    if squared > _SHORTEST_LINE**2:
        # The nearest point of the segment is a + t (b - a). All (h, w) arrays are float32.
        t = (x * (dx / squared)).astype(np.float32) + (y * (dy / squared)).astype(np.float32)
        np.clip(t, 0, 1, out=t)
        across = x.astype(np.float32) - t * np.float32(dx)
        down = y.astype(np.float32) - t * np.float32(dy)
        across *= across
        down *= down
        distance = np.add(across, down, out=across)
    else:
        distance = (x * x).astype(np.float32) + (y * y).astype(np.float32)
    np.sqrt(distance, out=distance)
    edge = np.subtract(np.float32(brush.reach), distance, out=distance)
    edge *= np.float32(1 / (brush.reach - brush.core))
    return faded(edge)


def _profiles(brush: Brush, last: Brush) -> tuple[tuple[float, float], tuple[float, float]]:
    return (brush.reach, last.reach), (brush.core, last.core)


def _mix(one: float, other: float, share: float) -> float:
    return one + (other - one) * share


def _bounds(a: Point, b: Point, reach: float) -> Box:
    """The pixels whose centres are closer than ``reach`` to the segment."""
    return (
        math.floor(min(a[0], b[0]) - reach),
        math.floor(min(a[1], b[1]) - reach),
        math.ceil(max(a[0], b[0]) + reach),
        math.ceil(max(a[1], b[1]) + reach),
    )


def near(point: Point) -> Point:
    """A position as it is, or the nearest one that arithmetic is exact for. Raises ``ValueError`` where not finite."""
    if not (math.isfinite(point[0]) and math.isfinite(point[1])):
        raise ValueError(f"{point} is not a position")
    return min(max(point[0], -_FAR), _FAR), min(max(point[1], -_FAR), _FAR)


def along(a: Point, b: Point, share: float) -> Point:
    """The point a share (0 to 1) of the way from one to another."""
    return _mix(a[0], b[0], share), _mix(a[1], b[1], share)


def visible(a: Point, b: Point, reach: float, width: int, height: int) -> tuple[float, float] | None:
    """The shares of a segment between which it can touch the picture (Liang and Barsky 1984), None when it cannot."""
    first, last = 0.0, 1.0
    for start, delta, limit in ((a[0], b[0] - a[0], width), (a[1], b[1] - a[1], height)):
        low, high = -reach - start, limit + reach - start
        if delta == 0:
            if low > 0 or high < 0:
                return None
            continue
        enter, leave = sorted((low / delta, high / delta))
        first, last = max(first, enter), min(last, leave)
    return None if first > last else (first, last)
