"""Coverage of a brush whose size and softness change along a line, and the fade of a brush's edge."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.document.pixels import Box, Point

# Each round squares the error; after these it is below a grey level for any change of the brush.
_ROUNDS = 3
_STEEPEST = np.float32(0.9999)
# Nobody sees a thousandth of a pixel, and dividing by less could overflow.
_SHORTEST = 1e-3


def tapered_coverage(
    a: Point, b: Point, reach: tuple[float, float], core: tuple[float, float], box: Box
) -> NDArray[np.uint8]:
    """The largest coverage of all dabs on the way from ``a`` to ``b``, for the pixels of a box.

    ``reach`` and ``core`` are the distances at which coverage has ended and up to which it is
    full, at both ends; between them they change linearly. For every pixel this is the maximum
    of (reach(s) - distance(s)) / (reach(s) - core(s)) over the line, found by Dinkelbach's
    method ("On nonlinear fractional programming", 1967): a cone of known slope has its
    nearest point in closed form.
    """
    # Offsets in float64: a box may be far from a, and float32 would lose the fraction. (h, w) is float32.
    x = (np.arange(box[0], box[2]) + (0.5 - a[0]))[None, :]  # (1, w), from a
    y = (np.arange(box[1], box[3]) + (0.5 - a[1]))[:, None]  # (h, 1)
    dx, dy = b[0] - a[0], b[1] - a[1]
    length = math.hypot(dx, dy)
    width = (reach[0] - core[0], reach[1] - core[1])
    best = (_distance(x, y) - reach[0]) * np.float32(-1 / width[0])  # at either end
    np.maximum(best, (_distance(x - dx, y - dy) - reach[1]) * np.float32(-1 / width[1]), out=best)
    if length > _SHORTEST:
        forward = (x * (dx / length)).astype(np.float32) + (y * (dy / length)).astype(np.float32)
        aside = (x * (dy / length)).astype(np.float32) - (y * (dx / length)).astype(np.float32)
        np.abs(aside, out=aside)
        wider, softer = (reach[1] - reach[0]) / length, (width[1] - width[0]) / length
        # Where the softness stays, the slope does not depend on the level: once is exact.
        for _ in range(_ROUNDS if abs(width[1] - width[0]) > _SHORTEST else 1):
            # Where the level of now is reached the radius is reach - best * width: a cone of this slope.
            slope = np.float32(wider) - best * np.float32(softer)
            np.clip(slope, -_STEEPEST, _STEEPEST, out=slope)
            at = aside * slope
            slope *= slope
            at /= np.sqrt(1 - slope)
            at += forward
            np.clip(at, 0, length, out=at)
            forth = forward - at
            level = np.float32(reach[0]) + np.float32(wider) * at - np.sqrt(forth * forth + aside * aside)
            at *= np.float32(softer)
            at += np.float32(width[0])
            level /= at
            np.maximum(best, level, out=best)
    return faded(best)


def _distance(x: NDArray[Any], y: NDArray[Any]) -> NDArray[np.float32]:
    squared: NDArray[np.float32] = (x * x).astype(np.float32) + (y * y).astype(np.float32)
    np.sqrt(squared, out=squared)
    return squared


def faded(edge: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Coverage of a brush's edge, from 0 outside (and below) to 1 inside (and above); the array is used up."""
    np.clip(edge, 0, 1, out=edge)
    fade = edge * np.float32(-2)  # smoothstep, e * e * (3 - 2 * e): no visible rings
    fade += 3
    fade *= edge
    fade *= edge
    fade *= 255
    fade += np.float32(0.5)
    return fade.astype(np.uint8)
