"""Pasting as the published code does: by a blurred mask, with a shift of colour."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

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
