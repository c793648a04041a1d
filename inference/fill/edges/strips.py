"""What lies along an edge, carried on through the hole: in a strip that straightens the edge.

Straight, an edge goes on by itself: colours are interpolated along it, row by row, and texture is copied within the
strip. After Sun et al., "Image completion with structure propagation" (2005), whose patches are copied along a line
without turning them.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.fill.cancellable import cancellable_patch_fill
from inference.fill.edges.geometry import Points, normals, resampled, smoothed, tangents
from inference.fill.edges.matching import Pair
from inference.runtime import Check

Float = NDArray[np.float32]

WIDTH = 18  # pixels that a strip holds to either side of its edge
LEAST, MOST = 6, 14  # pixels to either side that are carried on, at least and at most
ALIKE = 20.0  # grey levels up to which a row's two known ends are taken for the same thing
TONE = 5.0  # pixels along the edge over which colours are averaged
PATCH = 2  # radius of the patches texture is copied by
COURSE = 2.0  # pixels over which the edge's course is smoothed
FEWEST = 6  # known pixels that a row needs


@dataclass(frozen=True)
class Strip:
    """An edge with its surroundings, straightened and filled."""

    points: Points  # (n, 2) the edge, one pixel apart
    along: Points  # (n, 2) its unit tangents
    filled: Float  # (2 * width + 1, n, 3) rows from one side to the other, 0..255
    reach: tuple[int, int]  # pixels to be carried on where the normal points, and on the other side
    whole: bool  # whether the edge is known on both sides of the hole

    @property
    def width(self) -> int:
        return len(self.filled) // 2


def straightened(
    rgb: NDArray[np.uint8],
    unknown: NDArray[np.bool_],
    pair: Pair,
    *,
    unit: float,
    seed: int,
    check: Check,
) -> Strip | None:
    """The strip along ``pair``'s edge in ``rgb (H, W, 3)``, filled where ``unknown (H, W)``; None: too little is known.

    ``unit``: pixels that the constants of this module count as one. What ``check`` raises ends it.
    """
    beyond = [] if pair.second is None else [pair.second.trace[1:]]
    points = np.concatenate([pair.first.trace[:0:-1], pair.curve, *beyond])
    points = smoothed(resampled(points), COURSE * unit)
    along, width = tangents(points), round(WIDTH * unit)
    rows = np.arange(-width, width + 1)
    places = points[None] + rows[:, None, None] * normals(along)[None]
    x, y = (np.ascontiguousarray(places[..., axis], dtype=np.float32) for axis in (0, 1))
    pixels = np.asarray(
        cv2.remap(rgb.astype(np.float32), x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE), np.float32
    )
    grown = cv2.dilate(unknown.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(np.float32)
    height, breadth = unknown.shape
    hidden = np.asarray(cv2.remap(grown, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) > 0.01)
    hidden |= (x < 0) | (y < 0) | (x > breadth - 1) | (y > height - 1)
    base, unlike = _carried(pixels, hidden, unit)
    if np.count_nonzero(np.isfinite(unlike)) < 2 * LEAST * unit:
        return None
    detail = np.clip(np.rint(pixels - base + 128), 1, 255).astype(np.uint8)
    detail = cancellable_patch_fill(detail, hidden, radius=PATCH, seed=seed, check=check)
    return Strip(
        points, along, base + (detail.astype(np.float32) - 128), _reach(unlike, along, unit), pair.second is not None
    )


def _carried(pixels: Float, hidden: NDArray[np.bool_], unit: float) -> tuple[Float, NDArray[np.float64]]:
    """Each row's colours, interpolated along it where ``hidden``, and how unlike its two known ends are.

    ``(rows,)``, in grey levels; infinite where too little of the row is known, which is then as the nearest other.
    """
    known = (~hidden).astype(np.float32)
    kernel = np.asarray(cv2.getGaussianKernel(2 * round(3 * TONE * unit) + 1, TONE * unit), np.float32).T

    def averaged(values: Float) -> Float:
        return np.asarray(cv2.filter2D(values, -1, kernel, borderType=cv2.BORDER_REPLICATE), np.float32)

    mean = averaged(pixels * known[..., None]) / np.maximum(averaged(known), 1e-6)[..., None]
    base, unlike = np.zeros_like(pixels), np.full(len(pixels), np.inf)
    places, near = np.arange(pixels.shape[1]), round(10 * unit)
    for row, (own, covered) in enumerate(zip(pixels, hidden, strict=True)):
        free = np.flatnonzero(~covered)
        if len(free) < FEWEST * unit:
            continue
        for channel in range(3):
            base[row, :, channel] = np.interp(places, free, mean[row, free, channel])
        unlike[row] = 100.0
        if not covered.any():
            unlike[row] = 0.0
            continue
        taken = np.flatnonzero(covered)
        gap = max(np.split(taken, np.flatnonzero(np.diff(taken) > 1) + 1), key=len)
        before, after = free[free < gap[0]][-near:], free[free > gap[-1]][:near]
        if min(len(before), len(after)) > 2:
            unlike[row] = np.sqrt(((own[before].mean(0) - own[after].mean(0)) ** 2).mean())
    found = np.flatnonzero(np.isfinite(unlike))
    if found.size:
        for row in map(int, np.flatnonzero(~np.isfinite(unlike))):
            base[row] = base[found[np.argmin(np.abs(found - row))]]
    return base, unlike


def _reach(unlike: NDArray[np.float64], along: Points, unit: float) -> tuple[int, int]:
    """How far to both sides of the edge its two known ends agree; not beyond where normals meet in a bend."""
    sigma = unit
    limited = np.minimum(unlike, 100.0).astype(np.float32)[:, None]
    unlike_near = np.asarray(cv2.GaussianBlur(limited, (1, 2 * round(4 * sigma) + 1), sigma, sigmaY=sigma))[:, 0]
    bend = np.abs(np.gradient(np.unwrap(np.arctan2(along[:, 1], along[:, 0])))).astype(np.float32)[:, None]
    bend = np.asarray(cv2.GaussianBlur(bend, (1, 2 * round(9 * unit) + 1), 3 * unit, sigmaY=3 * unit))
    width = len(unlike) // 2
    furthest = min(MOST * unit, max(LEAST * unit, 0.8 / max(float(bend.max()), 1e-3)), width - 2)

    def side(sign: int) -> int:
        far = round(LEAST * unit)
        while far < furthest and unlike_near[width + sign * (far + 1)] < ALIKE:
            far += 1
        return far

    return side(1), side(-1)
