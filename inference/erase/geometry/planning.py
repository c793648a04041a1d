"""Planning: which squares of a picture an erase works on, known before anything runs."""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.erase.geometry.regions import Box, Region

CELL = 32  # holes nearer to each other than about this many pixels are one from the start
LEAST = 64  # pixels of the smallest context among many, if nothing else is asked for
SPECK = 20  # pixels of thickness up to which holes do with less context among many
LEAST_TIMES = 6  # of a hole's thickness: what its context has at least
CROWDED = 128  # pixels of a context among many that has the room
MOST = 128  # holes that may have contexts of their own where there is not room for whole ones


def _span(low: int, high: int, side: int, limit: int) -> int:
    """Start of a span of ``side`` centred on ``low..high``, shifted into ``0..limit`` where it fits."""
    start = (low + high - side) // 2
    if side >= limit:
        return (limit - side) // 2
    return min(max(start, 0), limit - side)


def _thickness(hole: NDArray[np.bool_], box: Box) -> float:
    x0, y0, x1, y1 = box
    part = np.pad(hole[y0:y1, x0:x1].astype(np.uint8), 1)
    return 2 * float(cv2.distanceTransform(part, cv2.DIST_L2, 3).max()) - 1


def _around(
    hole: Box, thickness: float, smallest: int, size: tuple[int, int], exact: bool, margin: int | None = None
) -> Region:
    """The square around ``hole``; ``margin``: of both sides together, at most and at least half the mean side each."""
    x0, y0, x1, y1 = hole
    width, height = x1 - x0, y1 - y0
    mean = (width + height) // 2
    side = max(width, height) + (mean if margin is None else min(mean, margin))
    side = min(max(side, smallest), max(size))
    return Region(_span(x0, x1, side, size[1]), _span(y0, y1, side, size[0]), side, hole, thickness, exact)


def _overlap(a: Region, b: Region) -> bool:
    return a.x < b.x + b.side and b.x < a.x + a.side and a.y < b.y + b.side and b.y < a.y + a.side


def _bounds_within(hole: NDArray[np.bool_], cells: NDArray[np.bool_], origin: tuple[int, int]) -> Box:
    """Bounds of what of ``hole`` lies in the cells that are True, counted from ``origin (x, y)``."""
    columns = np.zeros(hole.shape[1], bool)
    rows = np.zeros(hole.shape[0], bool)
    for index, own in enumerate(cells):
        span = slice(index * CELL, (index + 1) * CELL)
        part = hole[span] & np.repeat(own, CELL)[: hole.shape[1]]
        columns |= part.any(0)
        rows[span] = part.any(1)
    xs, ys = np.flatnonzero(columns), np.flatnonzero(rows)
    x, y = origin
    return x + int(xs[0]), y + int(ys[0]), x + int(xs[-1]) + 1, y + int(ys[-1]) + 1


def _clusters(hole: NDArray[np.bool_]) -> list[Box]:
    """Bounds of groups of nearby holes, found on a coarse grid so that specks cost nothing."""
    height, width = hole.shape
    coarse = np.zeros((-(-height // CELL), -(-width // CELL)), np.uint8)
    for row in range(len(coarse)):  # no copy of the whole hole: a picture may have a hundred million pixels
        used = np.flatnonzero(hole[row * CELL : (row + 1) * CELL].any(0))
        coarse[row, used // CELL] = 1
    count, labels, stats, _ = cv2.connectedComponentsWithStats(coarse, connectivity=8)
    boxes = []
    for index in range(1, count):
        x, y, w, h = (int(v) * CELL for v in stats[index, :4])
        own = labels[y // CELL : (y + h) // CELL, x // CELL : (x + w) // CELL] == index
        boxes.append(_bounds_within(hole[y : y + h, x : x + w], own, (x, y)))
    return boxes


def _least(thickness: float, least: int, smallest: int) -> int:
    """The smallest context that a hole of ``thickness`` keeps where others are near, in pixels."""
    if thickness > SPECK:
        return smallest
    return min(max(least, CELL * math.ceil(LEAST_TIMES * thickness / CELL)), smallest)


def _merged(regions: list[Region], smallest: Callable[[float], int], size: tuple[int, int]) -> list[Region]:
    """``regions``, those that overlap made one, at least ``smallest(thickness)`` pixels wide, until none do."""
    merged = True
    while merged:
        merged = False
        kept: list[Region] = []
        for region in regions:
            for index, other in enumerate(kept):
                if _overlap(region, other):
                    a, b = region.hole, other.hole
                    both = (min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3]))
                    thickest = max(region.thickness, other.thickness)
                    least = smallest(thickest)
                    kept[index] = _around(both, thickest, least, size, region.exact, margin=least)
                    merged = True
                    break
            else:
                kept.append(region)
        regions = kept
    return regions


def _widened(regions: list[Region], widest: int, size: tuple[int, int]) -> list[Region]:
    """``regions``, all made wider in turn, up to ``widest`` pixels, where that leaves the others theirs."""
    result = list(regions)
    for side in range(LEAST + CELL, widest + 1, CELL):
        for index, region in enumerate(result):
            if region.side >= side:
                continue
            wider = _around(region.hole, region.thickness, side, size, region.exact, margin=0)
            if not any(_overlap(wider, other) for at, other in enumerate(result) if at != index):
                result[index] = wider
    return result


def holes_of(hole: NDArray[np.bool_]) -> list[tuple[Box, float]]:
    """Bounds and thickness in pixels of groups of nearby holes of ``hole (H, W)``."""
    return [(box, _thickness(hole, box)) for box in _clusters(hole)]


def plan_regions(
    hole: NDArray[np.bool_], *, smallest: int = 512, least: int = LEAST, exact: bool = False
) -> list[Region]:
    """Square contexts for every hole of ``hole (H, W)``, top to bottom; none overlap each other.

    A context is the hole's bounds grown by half their mean side, made square, at least ``smallest`` pixels
    where the picture has them, and shifted inside the picture. Where such contexts overlap, holes up to ``SPECK``
    thick do with less, down to ``LEAST_TIMES`` their thickness and ``least`` pixels, so that each keeps one of its
    own; what overlaps even then becomes one. More than ``MOST`` holes share contexts at once, as all do where
    ``least`` is ``smallest``: each context costs time.
    ``exact``: holes are neither grown nor faded.
    """
    size = hole.shape[0], hole.shape[1]
    if not hole.any():
        return []
    holes = holes_of(hole)
    wide = [_around(box, thickness, smallest, size, exact) for box, thickness in holes]
    shared = _merged(wide, lambda _: smallest, size)
    if least < smallest and len(shared) < len(wide) <= MOST:
        near = [
            region
            if region in shared  # alone
            else _around(region.hole, region.thickness, _least(region.thickness, least, smallest), size, exact)
            for region in wide
        ]
        own = _merged(near, lambda thickness: _least(thickness, least, smallest), size)
        shared = _widened(own, min(smallest, CROWDED), size)
    return sorted(shared, key=lambda r: (r.y, r.x))
