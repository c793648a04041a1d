"""The structure set: strokes that each interrupt one edge, which goes on beyond them on both sides.

An edge is followed by its direction, the structure tensor's (Bigün and Granlund, "Optimal orientation detection of
linear symmetry", 1987). Nothing is drawn at random but the stroke's own shape: the same pictures give the same cases.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.data import stroke
from training.evaluation.metrics import Picture, luminance

Plane = NDArray[np.float32]

SHORT = 512  # pixels of a picture's short side before it is cut
REACH = 44  # pixels along which an edge must go on, both ways
STEP = 4
GRID = 8  # pixels between the places looked at
COHERENCE = 0.75
CONTRAST = 20.0  # levels, between what lies on either side
SIDES = 8  # pixels from the edge at which they are compared
TURN = np.radians(20)  # most an edge may turn within one step
LENGTH = (110, 170)  # of a stroke, in pixels
APART = 120  # pixels between two cases of one picture
MOST = 3  # cases of one picture
MARGIN = 88  # pixels between an edge and the border of its square


@dataclass(frozen=True)
class Structure:
    """A square cut from a picture, and the stroke across its edge."""

    truth: Picture
    hole: NDArray[np.bool_]


def structures(picture: Picture, size: int, rng: np.random.Generator) -> list[Structure]:
    """At most three cases of ``size`` pixels from ``picture (H, W, 3)``, the clearest edge first."""
    scale = SHORT / min(picture.shape[:2])
    if scale < 1:
        picture = np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
    height, width = picture.shape[:2]
    if min(height, width) < size:
        return []
    edges = Edges(picture)
    found = []
    for y, x in edges.best():
        top, left = (
            int(np.clip(at - size // 2 + rng.integers(MARGIN - size // 2, size // 2 - MARGIN + 1), 0, length - size))
            for at, length in ((y, height), (x, width))
        )
        hole = stroke(size, (y - top, x - left), edges.direction(y, x) + np.pi / 2, LENGTH, rng)
        truth = np.ascontiguousarray(picture[top : top + size, left : left + size])
        found.append(Structure(truth, hole))
    return found


class Edges:
    """Where a picture has edges that go on."""

    def __init__(self, picture: Picture) -> None:
        self._smooth = np.asarray(cv2.GaussianBlur(picture, (0, 0), 3)).astype(np.float32)
        shade = cv2.GaussianBlur(luminance(picture).astype(np.float32), (0, 0), 1.5)
        x, y = cv2.Sobel(shade, cv2.CV_32F, 1, 0, scale=1 / 8), cv2.Sobel(shade, cv2.CV_32F, 0, 1, scale=1 / 8)
        xx, yy, xy = (cv2.GaussianBlur(plane, (0, 0), 4) for plane in (x * x, y * y, x * y))
        self._angle: Plane = np.asarray(0.5 * np.arctan2(2 * xy, xx - yy) + np.pi / 2)  # along the edge
        self._energy: Plane = np.asarray(xx + yy)
        self._coherence: Plane = np.asarray(np.sqrt((xx - yy) ** 2 + 4 * xy * xy) / np.maximum(xx + yy, 1e-6))

    def direction(self, y: float, x: float) -> float:
        """Of the edge at a pixel, in radians from the rows' direction towards the columns'."""
        return float(self._angle[round(y), round(x)])

    def best(self) -> list[tuple[int, int]]:
        """The clearest edges ``(y, x)``, far enough apart."""
        height, width = self._energy.shape
        scored = []
        for y in range(MARGIN // 2, height - MARGIN // 2, GRID):
            for x in range(MARGIN // 2, width - MARGIN // 2, GRID):
                if self._coherence[y, x] > COHERENCE and self._energy[y, x] > 4:
                    v, u = self._ridge(y, x)
                    score = self._score(v, u)
                    if score > 0:
                        scored.append((-score, v, u))
        chosen: list[tuple[int, int]] = []
        for _, y, x in sorted(scored):
            if all((y - v) ** 2 + (x - u) ** 2 >= APART**2 for v, u in chosen):
                chosen.append((y, x))
            if len(chosen) == MOST:
                break
        return chosen

    def _ridge(self, y: int, x: int) -> tuple[int, int]:
        """The strongest pixel within a grid's step across the edge."""
        angle = self.direction(y, x) + np.pi / 2
        steps = [(round(y + t * np.sin(angle)), round(x + t * np.cos(angle))) for t in range(-GRID, GRID + 1)]
        inside = [(v, u) for v, u in steps if 0 <= v < len(self._energy) and 0 <= u < self._energy.shape[1]]
        return max(inside, key=lambda at: float(self._energy[at]))

    def _score(self, y: int, x: int) -> float:
        """How clear the edge is where it is weakest; 0 where it ends, turns sharply, or parts no colours."""
        least = np.inf
        for sign in (0.0, np.pi):
            v, u, heading = float(y), float(x), self.direction(y, x) + sign
            for _ in range(REACH // STEP + 1):
                row, column = round(v), round(u)
                if not (SIDES < row < len(self._energy) - SIDES and SIDES < column < self._energy.shape[1] - SIDES):
                    return 0.0
                turned = (self._angle[row, column] - heading + np.pi / 2) % np.pi - np.pi / 2
                contrast = self._contrast(v, u, heading)
                if abs(turned) > TURN or self._coherence[row, column] < COHERENCE or contrast < CONTRAST:
                    return 0.0
                least = min(least, contrast * float(self._coherence[row, column]))
                heading += float(turned)
                v, u = v + STEP * np.sin(heading), u + STEP * np.cos(heading)
        return least

    def _contrast(self, y: float, x: float, heading: float) -> float:
        """Levels between the colours on either side of an edge."""
        down, right = SIDES * np.cos(heading), -SIDES * np.sin(heading)
        one, other = self._smooth[round(y + down), round(x + right)], self._smooth[round(y - down), round(x - right)]
        return float(np.abs(one - other).max())
