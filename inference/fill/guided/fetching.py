"""From a picture to the size that is searched at, and from the sources found there to the picture's own pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.runtime import Check

Float = NDArray[np.float32]
Mask = NDArray[np.bool_]

BAND = 256  # rows fetched at once


@dataclass(frozen=True)
class Reduced:
    """A picture at the size that is searched at."""

    picture: Float  # (h, w, 3) 0..255, means of what is known
    hole: Mask
    free: Mask  # of which nothing but what may be copied was made


@dataclass(frozen=True)
class Copied:
    """What one level made; without ``sources`` nothing was copied."""

    estimate: Float  # (h, w, 3) 0..255
    sources: NDArray[np.int64] | None  # (h, w) flat indices, -1 where there is none
    shifts: Float | None  # (h, w, 3) levels by which the copied colours are moved


def reduced(rgb: NDArray[Any], hole: Mask, free: Mask, size: tuple[int, int]) -> Reduced:
    """``rgb (H, W, 3)`` uint8 or uint16 at ``size``; ``free``: what may be copied."""
    depth = 257 if rgb.dtype == np.uint16 else 1
    if size == hole.shape:
        return Reduced((rgb / np.float32(depth)).astype(np.float32), hole, free)

    def share(mask: Mask) -> Float:
        small = cv2.resize(mask.astype(np.uint8) * 255, size[::-1], interpolation=cv2.INTER_AREA)
        return np.asarray(small, dtype=np.float32) / np.float32(255)

    known = share(~hole)
    dark = cv2.resize(np.where(hole[..., None], 0, rgb).astype(rgb.dtype), size[::-1], interpolation=cv2.INTER_AREA)
    picture = np.clip(np.asarray(dark, np.float32) / depth / np.maximum(known, 0.01)[..., None], 0, 255)
    return Reduced(picture.astype(np.float32), known < 0.5, share(free) == 1)


def fetched(rgb: NDArray[Any], hole: Mask, free: Mask, made: Copied, check: Check) -> NDArray[Any]:
    """``rgb`` with its hole filled from the sources found at any size, the estimate where there is none."""
    depth = 257 if rgb.dtype == np.uint16 else 1
    most = np.iinfo(rgb.dtype).max
    (height, width), (rows, columns) = hole.shape, made.estimate.shape[:2]
    result, known = rgb.copy(), rgb.reshape(-1, 3)
    for top in range(0, height, BAND):
        check()
        y, x = np.nonzero(hole[top : top + BAND])
        y += top
        row, column = y * rows // height, x * columns // width
        values = made.estimate[row, column]
        if (rows, columns) != (height, width):
            values = _smooth(made.estimate, y, x, (height, width))
        values = values * depth
        if made.sources is not None and made.shifts is not None:
            found = made.sources[row, column]
            # Whole pixels, the same for all of a cell: what was copied in one piece stays in one.
            down = np.rint((found // columns - row) * (height / rows)).astype(int)
            right = np.rint((found % columns - column) * (width / columns)).astype(int)
            at = np.clip(y + down, 0, height - 1) * width + np.clip(x + right, 0, width - 1)
            copies = (found >= 0) & free.reshape(-1)[at]
            shifted = known[at] + made.shifts[row, column] * depth
            values = np.where(copies[:, None], shifted, values)
        result[y, x] = np.clip(np.rint(values), 0, most).astype(rgb.dtype)
    return result


def _smooth(estimate: Float, y: NDArray[np.intp], x: NDArray[np.intp], size: tuple[int, int]) -> Float:
    """``(n, 3)``: ``estimate (h, w, 3)``, enlarged to ``size``, at some pixels."""
    v = np.clip((y + 0.5) * estimate.shape[0] / size[0] - 0.5, 0, estimate.shape[0] - 1).astype(np.float32)
    u = np.clip((x + 0.5) * estimate.shape[1] / size[1] - 0.5, 0, estimate.shape[1] - 1).astype(np.float32)
    v0, u0 = v.astype(int), u.astype(int)
    v1, u1 = np.minimum(v0 + 1, estimate.shape[0] - 1), np.minimum(u0 + 1, estimate.shape[1] - 1)
    dv, du = (v - v0)[:, None], (u - u0)[:, None]
    upper = estimate[v0, u0] * (1 - du) + estimate[v0, u1] * du
    lower = estimate[v1, u0] * (1 - du) + estimate[v1, u1] * du
    return np.asarray(upper * (1 - dv) + lower * dv, dtype=np.float32)
