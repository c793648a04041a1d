"""Segments: areas found in a picture, each the box around it and the coverage inside, to be looked at before kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from app.document.mask.brush import Brush, blend, rasterise
from app.document.pixels import EMPTY, Box, Point, bounds, crop, is_empty, union

Outlines: TypeAlias = tuple[NDArray[np.float32], ...]
"""Closed lines, each (N, 2): x and y in picture pixels."""

_FINEST = 0.75  # px an outline may be off


@dataclass(frozen=True, eq=False)
class Segment:
    """An area of a picture; nothing is covered outside its box."""

    box: Box
    coverage: NDArray[np.uint8]  # (y1 - y0, x1 - x0), 0 outside to 255 inside

    def joined(self, other: Segment) -> Segment:
        """Both areas; the larger coverage counts."""
        box = union(self.box, other.box)
        coverage = np.zeros((box[3] - box[1], box[2] - box[0]), np.uint8)
        for part in (self, other):
            blend(crop(coverage, _within(part.box, box)), part.coverage, erase=False)
        return Segment(box, coverage)

    def without(self, other: Segment) -> Segment | None:
        """This area less another one; None where nothing is left of it."""
        box = union(self.box, other.box)
        coverage = np.zeros((box[3] - box[1], box[2] - box[0]), np.uint8)
        crop(coverage, _within(self.box, box))[...] = self.coverage
        blend(crop(coverage, _within(other.box, box)), other.coverage, erase=True)
        return segment_of(coverage, box)

    def holds(self, at: Point, margin: float = 0.0) -> bool:
        """Whether a position lies in it, or within ``margin`` pixels of it."""
        reach = max(0, round(margin))
        x, y = int(np.floor(at[0])) - self.box[0], int(np.floor(at[1])) - self.box[1]
        near = self.coverage[max(y - reach, 0) : max(y + reach + 1, 0), max(x - reach, 0) : max(x + reach + 1, 0)]
        return bool(near.size) and int(near.max()) > 127

    def outlines(self) -> Outlines:
        """The lines around it, outer ones and holes."""
        inside = cv2.copyMakeBorder((self.coverage > 127).astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT)
        found, _ = cv2.findContours(inside, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
        simple = (cv2.approxPolyDP(line, _FINEST, True)[:, 0] for line in found)
        offset = np.array([self.box[0] - 0.5, self.box[1] - 0.5], np.float32)
        return tuple(line.astype(np.float32) + offset for line in simple)


def segment_of(coverage: NDArray[np.uint8], box: Box) -> Segment | None:
    """The segment with this coverage of a box, cut to what is covered; None where nothing is above half."""
    inner = bounds(coverage)
    part = crop(coverage, inner)
    if is_empty(inner) or int(part.max()) <= 127:
        return None
    x, y = box[:2]
    return Segment((inner[0] + x, inner[1] + y, inner[2] + x, inner[3] + y), np.ascontiguousarray(part))


def stroke_segment(points: Sequence[Point], sizes: Sequence[float] | float, size: tuple[int, int]) -> Segment | None:
    """What round brushes cover that are moved along straight lines from point to point; None: nothing of the picture.

    ``sizes`` are diameters, one for all or one a point, at least 1; ``size`` is the picture's (width, height).
    """
    widths = [float(sizes)] * len(points) if isinstance(sizes, int | float) else list(sizes)
    brushes = [Brush(min(max(width, 1.0), 600.0)) for width in widths]
    pairs = [(0, 0)] if len(points) == 1 else [(i, i + 1) for i in range(len(points) - 1)]
    found = [piece for i, k in pairs for piece in rasterise(brushes[i], points[i], points[k], size, brushes[k])]
    box = EMPTY
    for part, _ in found:
        box = union(box, part)
    if is_empty(box):
        return None
    coverage = np.zeros((box[3] - box[1], box[2] - box[0]), np.uint8)
    for part, piece in found:
        blend(crop(coverage, _within(part, box)), piece, erase=False)
    return segment_of(coverage, box)


def _within(inner: Box, outer: Box) -> Box:
    x, y = outer[:2]
    return inner[0] - x, inner[1] - y, inner[2] - x, inner[3] - y
