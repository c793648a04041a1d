"""Masks whose edges are soft on purpose: what they hide is blended by their values, not by a fade of our own."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.erase.geometry.fading import fade_mask
from inference.erase.geometry.regions import Region

EDGE = 2  # pixels: no wider is the edge of a hard mask that was smoothed against stairs
_HALF = 128


def parted(mask: NDArray[Any]) -> tuple[NDArray[np.bool_], NDArray[np.uint8] | None]:
    """The hole ``(H, W)``, all that ``mask (H, W)`` uint8 or bool holds above 0, and what of it is soft.

    That is ``(H, W)`` uint8: the mask's values in holes with soft edges, 0 in the others; None where there are none.
    A hole is soft where values between 0 and 255 lie farther than ``EDGE`` pixels from nothing or from all. Lines
    below half and thinner than 3 pixels, which an eraser leaves of a smoothed edge, are no holes.
    """
    if mask.dtype == np.bool_:
        return mask, None
    hole = mask > 0
    if not _partial(mask).any():
        return hole, None
    box = _bounds(hole)
    part = np.ascontiguousarray(mask[box])
    count, labels = cv2.connectedComponents((part > 0).astype(np.uint8), connectivity=8)
    real = np.zeros(count, bool)
    real[labels[part > _HALF]] = True
    real[labels[cv2.erode((part > 0).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0]] = True
    real[0] = False
    hole[box] = real[labels]
    reach = np.ones((2 * EDGE + 1, 2 * EDGE + 1), np.uint8)
    near_all = cv2.dilate((part == 255).astype(np.uint8), reach, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    near_none = cv2.dilate((part == 0).astype(np.uint8), reach, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    wide = _partial(part) & ~((near_all > 0) & (near_none > 0))
    soft = np.zeros(count, bool)
    soft[labels[wide]] = True
    soft &= real
    if not soft.any():
        return hole, None
    values = np.zeros(mask.shape, np.uint8)
    values[box] = np.where(soft[labels], part, 0)
    return hole, values


def _partial(mask: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return (mask > 0) & (mask < 255)


def _bounds(hole: NDArray[np.bool_]) -> tuple[slice, slice]:
    """Rows and columns of the hole, with an edge around it where the picture has one."""
    rows, columns = np.flatnonzero(hole.any(1)), np.flatnonzero(hole.any(0))
    top, left = max(int(rows[0]) - EDGE - 1, 0), max(int(columns[0]) - EDGE - 1, 0)
    return slice(top, int(rows[-1]) + EDGE + 2), slice(left, int(columns[-1]) + EDGE + 2)


def blend_share(hole: NDArray[np.bool_], soft: NDArray[np.uint8] | None, region: Region) -> NDArray[np.float32]:
    """``(h, w)`` in 0..1, the result's share: hard holes grown and faded, soft ones by their own values."""
    if soft is None:
        return fade_mask(hole, region.grow, region.fade)
    hard = hole & (soft == 0)
    return np.maximum(fade_mask(hard, region.grow, region.fade), soft.astype(np.float32) / 255)
