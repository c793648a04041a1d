"""A patch fill's colours moved towards a coarse picture of what should be there, its texture left alone."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float32]

# Not all the way: what is likely on average is smoother than any picture, and texture suffers from it.
GAIN = 0.5
SIGMA = 3.0  # pixels of the square


def colour_correction(guide: Float, patched: Float, hole: NDArray[np.bool_]) -> Float:
    """``guide`` and ``patched (n, n, 3)`` 0..255, ``hole (n, n)`` -> what to add to ``patched``, 0 outside the hole."""
    inside = hole[..., None].astype(np.float32)
    wanted = np.ascontiguousarray((guide - patched) * inside)
    moved = cv2.GaussianBlur(wanted, (0, 0), SIGMA, borderType=cv2.BORDER_REFLECT)
    return np.asarray(GAIN * moved * inside, dtype=np.float32)
