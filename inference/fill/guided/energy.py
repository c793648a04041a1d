"""Local gradient energy, the guide's channel for how rough a texture is."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float32]

ENERGY_SCALE = 28.0  # e^9 is about the most energy there is: 0..255
LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)


def resized(values: Float, size: tuple[int, int]) -> Float:
    """``values (H, W, ...)`` at ``size (h, w)``: means of areas when shrinking, bicubic when enlarging."""
    if values.shape[:2] == size:
        return values
    shrinking = size[0] * size[1] <= values.shape[0] * values.shape[1]
    method = cv2.INTER_AREA if shrinking else cv2.INTER_CUBIC
    made = np.asarray(cv2.resize(values, size[::-1], interpolation=method), dtype=np.float32)
    return made.reshape(*size, *values.shape[2:])  # OpenCV drops a last axis of 1


def energy_of_cells(picture: Float, known: NDArray[np.bool_], size: tuple[int, int]) -> tuple[Float, Float]:
    """Log gradient energy of every cell ``(h, w)`` in 0..255, and the share of its pixels that told it.

    ``picture (H, W, 3)`` 0..255, ``known (H, W)``: pixels that count. The energy is 28 log(1 + mean of the squared
    differences of luminance to the pixels right and below).
    """
    shade = picture @ LUMINANCE
    right, below = np.diff(shade, axis=1, append=shade[:, -1:]), np.diff(shade, axis=0, append=shade[-1:])
    counts = known.astype(np.float32)
    counts[:, :-1] *= known[:, 1:]
    counts[:-1] *= known[1:]
    share = resized(counts, size)
    energy = resized((right * right + below * below) * counts, size) / np.maximum(share, 1e-3)
    return np.clip(np.log1p(np.maximum(energy, 0)) * ENERGY_SCALE, 0, 255).astype(np.float32), share
