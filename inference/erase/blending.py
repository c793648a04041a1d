"""Blending a result into the picture: fades, membranes, and the released paste forms."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from inference.fill import push_pull

Float = NDArray[np.float32]


def grown(hole: NDArray[np.bool_], pixels: float) -> NDArray[np.bool_]:
    """``hole (H, W)`` and everything within ``pixels`` of it."""
    return _distance(hole) <= pixels


def fade_mask(hole: NDArray[np.bool_], grow: float, fade: float) -> Float:
    """``(H, W)`` in 0..1: 1 up to ``grow`` pixels from the hole, then falling smoothly to 0 over ``fade``."""
    falling: Float = np.clip(1 - (_distance(hole) - grow) / max(fade, 1e-3), 0, 1).astype(np.float32)
    return falling * falling * (3 - 2 * falling)


def _distance(hole: NDArray[np.bool_]) -> Float:
    """Distance of every pixel to the hole; 0 inside, large where there is none."""
    if not hole.any():
        return np.full(hole.shape, 1e6, np.float32)
    distance = cv2.distanceTransform((~hole).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(distance, dtype=np.float32)


def composite(picture: NDArray[np.uint8], result: NDArray[Any], alpha: Float) -> NDArray[np.uint8]:
    """``result (H, W, 3)`` over ``picture`` by ``alpha (H, W)``; where alpha is 0 the picture's bytes stay."""
    share = alpha[..., None]
    blended = np.clip(np.rint(picture * (1 - share) + result.astype(np.float32) * share), 0, 255)
    return np.where(share > 0, blended, picture).astype(np.uint8)


def membrane(difference: Float, hole: NDArray[np.bool_], ring: float) -> Float:
    """A smooth surface over the hole that meets ``difference (H, W, 3)`` on a ring of ``ring`` pixels around it.

    Adding it to a result whose difference from the picture was measured on the ring closes the seam, in
    colour and shading, without touching texture. Outside the hole and its ring it goes on smoothly.
    """
    distance = _distance(hole)
    weight = ((distance > 0) & (distance <= ring)).astype(np.float32)
    sigma = max(ring / 3, 0.5)
    mass = cv2.GaussianBlur(weight, (0, 0), sigma)
    mean = cv2.GaussianBlur(difference * weight[..., None], (0, 0), sigma) / np.maximum(mass, 1e-4)[..., None]
    return push_pull(mean.astype(np.float32), weight)


def lowpass(values: Float, sigma: float) -> Float:
    """Gaussian blur of ``values (H, W, 3)``."""
    return np.asarray(cv2.GaussianBlur(values, (0, 0), sigma, borderType=cv2.BORDER_REFLECT), dtype=np.float32)


def robust_match(result: Float, picture: NDArray[Any], ring: NDArray[np.bool_], *, gain: bool) -> Float:
    """``result (H, W, 3)`` shifted so that it agrees with ``picture`` on the pixels of ``ring (H, W)``.

    Per channel: the median of the difference, which texture and a stray object on the ring do not move. With
    ``gain`` the spread (median absolute deviation) is matched first, by a factor between 0.8 and 1.25. Fewer
    than 16 pixels on the ring say too little: ``result`` is returned as it is.
    """
    if np.count_nonzero(ring) < 16:
        return result
    made, wanted = result[ring].astype(np.float32), picture[ring].astype(np.float32)
    if gain:
        middle = np.median(made, 0)
        spread = np.median(np.abs(made - middle), 0), np.median(np.abs(wanted - np.median(wanted, 0)), 0)
        factor = np.where(spread[0] > 1, np.clip(spread[1] / np.maximum(spread[0], 1), 0.8, 1.25), 1)
        result, made = (result - middle) * factor + middle, (made - middle) * factor + middle
    return np.asarray(result + np.median(wanted - made, 0), dtype=np.float32)


PASTE_BLUR = 3  # of the mask as released, in pixels: Pillow's Gaussian
COMPENSATION = 1.1


def released_alpha(mask: NDArray[np.uint8]) -> NDArray[np.float64]:
    """``mask (H, W)`` 0..255 blurred as the published code does, to 0..1."""
    blurred = Image.fromarray(mask).filter(ImageFilter.GaussianBlur(PASTE_BLUR))
    return np.asarray(blurred, dtype=np.float64) / 255


def paste(picture: NDArray[np.uint8], mask: NDArray[np.uint8], result: NDArray[Any]) -> NDArray[np.uint8]:
    """``result (H, W, 3)`` into ``picture`` as released: by the blurred mask, truncated to bytes."""
    alpha = released_alpha(mask)[..., None]
    return np.asarray((picture / 255 * (1 - alpha) + result / 255 * alpha) * 255).clip(0, 255).astype(np.uint8)


def compensate(picture: NDArray[np.uint8], mask: NDArray[np.uint8], result: NDArray[Any]) -> NDArray[np.uint8]:
    """:func:`paste` of ``result`` shifted by 1.1 times its difference from ``picture`` around the hole.

    Means per channel over the unmasked pixels of the mask's bounds with 6 rows and columns before and 5 after
    them, the published code's window. Without such pixels nothing is shifted.
    """
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return paste(picture, mask, result)
    window = (
        slice(max(rows[0] - 6, 0), rows[-1] + 6),
        slice(max(columns[0] - 6, 0), columns[-1] + 6),
    )
    open_ = mask[window] == 0
    if not open_.any():
        return paste(picture, mask, result)
    difference = picture[window][open_].astype(np.float64).mean(0) - result[window][open_].astype(np.float64).mean(0)
    return paste(picture, mask, result + COMPENSATION * difference)
