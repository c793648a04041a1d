"""Regions: square contexts around the holes of a mask, planned before anything runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Box: TypeAlias = tuple[int, int, int, int]  # x0, y0, x1, y1 in picture pixels, half open

CELL = 32  # holes nearer to each other than about this many pixels are one from the start


def window(box: Box, origin: tuple[int, int] = (0, 0)) -> tuple[slice, slice]:
    """Rows and columns of ``box``, counted from ``origin (x, y)``."""
    x, y = origin
    return slice(box[1] - y, box[3] - y), slice(box[0] - x, box[2] - x)


@dataclass(frozen=True)
class Region:
    """A square of the picture with one or more holes in it; it may reach beyond a small picture."""

    x: int
    y: int
    side: int
    hole: Box  # bounds of its holes
    thickness: float  # of its thickest hole, in pixels: a long thin stroke is as thin as it looks
    exact: bool = False  # nothing beyond the holes may change

    @property
    def grow(self) -> float:
        """Pixels by which the hole is grown before the model sees it: tight masks leave residue."""
        return 0 if self.exact else 2 + 0.01 * self.thickness

    @property
    def fade(self) -> float:
        """Pixels beyond the grown hole over which the result fades into the picture."""
        return 0 if self.exact else 4 + 0.03 * self.thickness

    def cut(self, picture: NDArray[Any]) -> NDArray[Any]:
        """The square of ``picture (H, W, ...)``, mirrored at the picture's edges where it reaches beyond."""
        size = picture.shape[0], picture.shape[1]
        x0, y0, x1, y1 = self.inside(size)
        return self.pad(picture[y0:y1, x0:x1], size)

    def pad(self, part: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
        """``part``, what lies inside a picture of ``size (H, W)``, mirrored out to the whole square."""
        x0, y0, x1, y1 = self.inside(size)
        pads = [(y0 - self.y, self.y + self.side - y1), (x0 - self.x, self.x + self.side - x1)]
        if not any(sum(pad) for pad in pads):
            return np.ascontiguousarray(part)
        return np.pad(part, pads + [(0, 0)] * (part.ndim - 2), mode="symmetric")

    def inside(self, size: tuple[int, int]) -> Box:
        """The part of the square that lies in a picture of ``size (H, W)``."""
        height, width = size
        return (
            max(self.x, 0),
            max(self.y, 0),
            min(self.x + self.side, width),
            min(self.y + self.side, height),
        )

    def touched(self, size: tuple[int, int]) -> Box:
        """Bounds of everything that may change: the hole, grown and faded, within square and picture."""
        reach = int(np.ceil(self.grow + self.fade)) + 1
        x0, y0, x1, y1 = self.hole
        left, top, right, bottom = self.inside(size)
        return max(x0 - reach, left), max(y0 - reach, top), min(x1 + reach, right), min(y1 + reach, bottom)


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


def _around(hole: Box, thickness: float, smallest: int, size: tuple[int, int], exact: bool) -> Region:
    x0, y0, x1, y1 = hole
    width, height = x1 - x0, y1 - y0
    side = max(width, height) + (width + height) // 2  # half the mean side on each side
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


def plan_regions(hole: NDArray[np.bool_], *, smallest: int = 512, exact: bool = False) -> list[Region]:
    """Square contexts for every hole of ``hole (H, W)``, top to bottom; none overlap each other.

    A context is the hole's bounds grown by half their mean side, made square, at least ``smallest`` pixels
    where the picture has them, and shifted inside the picture. Contexts that overlap become one.
    ``exact``: holes are neither grown nor faded.
    """
    size = hole.shape[0], hole.shape[1]
    if not hole.any():
        return []
    regions = [_around(box, _thickness(hole, box), smallest, size, exact) for box in _clusters(hole)]
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
                    kept[index] = _around(both, thickest, smallest, size, exact)
                    merged = True
                    break
            else:
                kept.append(region)
        regions = kept
    return sorted(regions, key=lambda r: (r.y, r.x))
