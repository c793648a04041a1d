"""Holes of samples: strokes across an edge of the picture, and random ones."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from training.data import random_mask, stroke

ACROSS = 0.5  # share of strokes across an edge
MEDIUM = 0.75  # share of medium ones among the others
LEAST, MOST = 0.05, 0.4  # share of the square that is hole
LENGTH = (50, 120)  # of a stroke: longer ones cost more and tell no more
MARGIN = 20  # pixels between where an edge is crossed and the square's border
DRAWN = 256  # side random holes are drawn at


def draw_hole(square: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.bool_]:
    """``(n, n)`` for ``square (n, n, 3)``, of at most 256 pixels."""
    if rng.random() < ACROSS:
        return _across(square, rng)
    size, kind = len(square), "medium" if rng.random() < MEDIUM else str(rng.choice(["thick", "thin", "boxes"]))
    for _ in range(50):
        mask = random_mask(DRAWN, rng, kind)
        y, x = rng.integers(0, DRAWN - size + 1, 2)
        hole = np.asarray(mask[y : y + size, x : x + size] > 127)
        if LEAST < hole.mean() < MOST:
            return hole
    return _across(square, rng)


def _across(square: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.bool_]:
    """A stroke across what is likely an edge: strong gradients of one direction."""
    shade = cv2.GaussianBlur(cv2.cvtColor(square, cv2.COLOR_RGB2GRAY).astype(np.float32), (0, 0), 1.5)
    x, y = (cv2.Sobel(shade, cv2.CV_32F, *order, scale=1 / 8) for order in ((1, 0), (0, 1)))
    xx, yy, xy = (np.asarray(cv2.GaussianBlur(plane, (0, 0), 4)) for plane in (x * x, y * y, x * y))
    coherence = np.sqrt((xx - yy) ** 2 + 4 * xy * xy) / np.maximum(xx + yy, 1e-6)
    likely = ((np.sqrt(xx + yy) + 0.05) * (coherence**2 + 1e-6))[MARGIN:-MARGIN, MARGIN:-MARGIN]
    chosen = int(rng.choice(likely.size, p=(likely / likely.sum()).ravel()))
    row, column = (at + MARGIN for at in divmod(chosen, likely.shape[1]))
    across = 0.5 * np.arctan2(2 * xy[row, column], xx[row, column] - yy[row, column])
    return stroke(len(square), (row, column), float(across), LENGTH, rng)
