"""The patch fill of any picture in bounded time: whole, in windows, or reduced with its detail brought back."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.fill.detail import copied_detail
from inference.fill.resizing import resize
from inference.fill.structured import structured_patch_fill
from inference.runtime import Check

LARGEST = 768  # side in pixels up to which patches are searched for at the picture's own resolution
WINDOW, STEP = 448, 320  # of windows along thin holes
THIN = 96  # thickness in pixels up to which windows see enough of what surrounds the hole
MOST_WINDOWS = 48


@dataclass(frozen=True)
class Fill:
    """A fill at two sizes: ``rgb`` within the box asked for, and the whole picture reduced, ``(h, w, 3)``."""

    rgb: NDArray[np.uint8]
    reduced: NDArray[np.uint8]


def fill_box(
    picture: NDArray[np.uint8],
    box: tuple[int, int, int, int],
    hole: NDArray[np.bool_],
    *,
    thickness: float,
    radius: int,
    seed: int,
    check: Check,
    source: NDArray[np.bool_] | None = None,
    edges: bool = True,
) -> Fill:
    """Fill ``hole (y1 - y0, x1 - x0)`` of ``picture (H, W, 3)``; it lies within ``box`` with all that is unknown.

    ``thickness``: of the thickest hole, in pixels. ``source (H, W)``: where may be copied from, None: everywhere
    outside the hole. ``edges``: whether those that the hole interrupts are continued. The same seed gives the same
    bytes. Memory beside the result does not grow with the picture, time only with the box. What ``check`` raises ends
    it.
    """
    height, width = picture.shape[:2]
    x0, y0, x1, y1 = box
    scale = min(1.0, LARGEST / max(height, width))
    small = max(1, round(height * scale)), max(1, round(width * scale))
    if scale == 1:
        whole = np.zeros((height, width), bool)
        whole[y0:y1, x0:x1] = hole
        filled = structured_patch_fill(
            np.array(picture), whole, radius=radius, seed=seed, check=check, source=source, edges=edges
        )
        return Fill(filled[y0:y1, x0:x1], filled)
    if thickness <= THIN and source is None:  # what may be copied may lie outside the windows
        windows = _windows(hole)
        if len(windows) <= MOST_WINDOWS:
            rgb = _by_windows(picture, box, hole, windows, radius, seed, check, edges)
            return Fill(rgb, _reduced(picture, box, rgb, small))
    reduced_hole = _reduced_mask(hole, box, (height, width), small)
    reduced = np.ascontiguousarray(resize(picture, small))
    allowed = None if source is None else ~reduce_hole(~source, small)
    reduced = structured_patch_fill(
        reduced, reduced_hole, radius=radius, seed=seed, check=check, source=allowed, edges=edges
    )
    rgb = copied_detail(picture, reduced, reduced_hole, box, hole, seed=seed, check=check, source=allowed)
    return Fill(rgb, reduced)


def _reduced(
    picture: NDArray[np.uint8], box: tuple[int, int, int, int], rgb: NDArray[np.uint8], small: tuple[int, int]
) -> NDArray[np.uint8]:
    """The reduced picture with ``rgb`` in ``box``."""
    x0, y0, x1, y1 = box
    filled = picture.copy()
    filled[y0:y1, x0:x1] = rgb
    return np.ascontiguousarray(resize(filled, small))


def _reduced_mask(
    hole: NDArray[np.bool_], box: tuple[int, int, int, int], size: tuple[int, int], small: tuple[int, int]
) -> NDArray[np.bool_]:
    whole = np.zeros(size, np.uint8)
    whole[box[1] : box[3], box[0] : box[2]][hole] = 255
    return np.asarray(resize(whole, small) > 0)


def _windows(hole: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Corners ``(y, x)`` of cells of ``STEP`` pixels with a part of the hole, row by row."""
    height, width = hole.shape
    cells = [(y, x) for y in range(0, height, STEP) for x in range(0, width, STEP)]
    return [(y, x) for y, x in cells if hole[y : y + STEP, x : x + STEP].any()]


def _by_windows(
    picture: NDArray[np.uint8],
    box: tuple[int, int, int, int],
    hole: NDArray[np.bool_],
    windows: list[tuple[int, int]],
    radius: int,
    seed: int,
    check: Check,
    edges: bool,
) -> NDArray[np.uint8]:
    """One cell after the other, each with a margin around it; later ones continue what earlier ones filled."""
    height, width = picture.shape[:2]
    x0, y0, x1, y1 = box
    result, left = picture[y0:y1, x0:x1].copy(), hole.copy()
    margin = (WINDOW - STEP) // 2
    for index, (y, x) in enumerate(windows):
        # Corners in the picture, wide enough to see around the hole; the box may be as narrow as the hole.
        top = min(max(y0 + y - margin, 0), max(height - WINDOW, 0))
        side = min(max(x0 + x - margin, 0), max(width - WINDOW, 0))
        bottom, right = min(top + WINDOW, height), min(side + WINDOW, width)
        rgb, unknown = picture[top:bottom, side:right].copy(), np.zeros((bottom - top, right - side), bool)
        a, b = slice(max(top, y0) - top, min(bottom, y1) - top), slice(max(side, x0) - side, min(right, x1) - side)
        c, d = slice(max(top, y0) - y0, min(bottom, y1) - y0), slice(max(side, x0) - x0, min(right, x1) - x0)
        rgb[a, b], unknown[a, b] = result[c, d], left[c, d]
        filled = structured_patch_fill(rgb, unknown, radius=radius, seed=seed + index, check=check, edges=edges)
        # The whole window counts as filled: its margin is what the next one continues.
        result[c, d] = np.where(left[c, d][..., None], filled[a, b], result[c, d])
        left[c, d] = False
    return result


def reduce_hole(hole: NDArray[np.bool_], size: tuple[int, int]) -> NDArray[np.bool_]:
    """``hole`` at ``size (H, W)``: everything that the hole so much as touches."""
    return np.asarray(cv2.resize(hole.astype(np.uint8) * 255, size[::-1], interpolation=cv2.INTER_AREA) > 0)
