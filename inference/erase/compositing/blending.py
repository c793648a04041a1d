"""Blending a result over the picture, and the low frequencies of either."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float32]


def composite(picture: NDArray[np.uint8], result: NDArray[Any], alpha: Float) -> NDArray[np.uint8]:
    """``result (H, W, 3)`` over ``picture`` by ``alpha (H, W)``; where alpha is 0 the picture's bytes stay."""
    share = alpha[..., None]
    blended = np.clip(np.rint(picture * (1 - share) + result.astype(np.float32) * share), 0, 255)
    return np.where(share > 0, blended, picture).astype(np.uint8)


def lowpass(values: Float, sigma: float) -> Float:
    """Gaussian blur of ``values (H, W, 3)``."""
    return np.asarray(cv2.GaussianBlur(values, (0, 0), sigma, borderType=cv2.BORDER_REFLECT), dtype=np.float32)
