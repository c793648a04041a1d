"""Bringing a result back into the picture: fades, membranes, and the released paste forms."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

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


def resize(values: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    """``values (H, W, ...)`` to ``size (H, W)``: area average when shrinking, bicubic when enlarging."""
    if values.shape[:2] == size:
        return values
    shrinking = size[0] < values.shape[0]
    method = cv2.INTER_AREA if shrinking else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(values, size[::-1], interpolation=method))
