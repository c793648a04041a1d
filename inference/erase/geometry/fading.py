"""A hole grown and faded: by how far a pixel lies from it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float32]


def distance_to(hole: NDArray[np.bool_]) -> Float:
    """Distance of every pixel to ``hole (H, W)`` in pixels; 0 inside, large where there is none."""
    if not hole.any():
        return np.full(hole.shape, 1e6, np.float32)
    distance = cv2.distanceTransform((~hole).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(distance, dtype=np.float32)


def grown(hole: NDArray[np.bool_], pixels: float) -> NDArray[np.bool_]:
    """``hole (H, W)`` and everything within ``pixels`` of it."""
    return distance_to(hole) <= pixels


def fade_mask(hole: NDArray[np.bool_], grow: float, fade: float) -> Float:
    """``(H, W)`` in 0..1: 1 up to ``grow`` pixels from the hole, then falling smoothly to 0 over ``fade``."""
    falling: Float = np.clip(1 - (distance_to(hole) - grow) / max(fade, 1e-3), 0, 1).astype(np.float32)
    return falling * falling * (3 - 2 * falling)
