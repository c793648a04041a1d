"""Ridges: where a picture is brighter or darker than at both sides, as wires, cracks and scratches are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from app.document.pixels import Pixels

Float = NDArray[np.float32]


def grey_of(pixels: Pixels) -> Float:
    """(H, W) lightness in 0..255 of (H, W, 3 or 4) pixels of 8 or 16 bits."""
    top = np.iinfo(pixels.dtype).max
    grey: Float = pixels[..., :3].astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    return grey if top == 255 else (grey / np.float32(257)).astype(np.float32)


def ridge_strength(grey: Float, sigmas: Sequence[float] = (1.2, 2.4, 4.8)) -> tuple[Float, NDArray[np.float32]]:
    """How much each pixel of (H, W) lies on a line, and the line's angle there in radians (0 to the right, y down).

    The larger principal curvature less the smaller one, times sigma squared, the best of several
    scales (Lindeberg, "Edge detection and ridge detection with automatic scale selection", 1998). A line of
    width w answers most at a sigma of about w / 2.
    """
    best, angle = np.zeros_like(grey), np.zeros_like(grey)
    for sigma in sigmas:
        soft = cv2.GaussianBlur(grey, (0, 0), sigma)
        # Sobel's kernel of side 3 answers four times the second derivative.
        xx = np.asarray(cv2.Sobel(soft, cv2.CV_32F, 2, 0, ksize=3)) / 4
        yy = np.asarray(cv2.Sobel(soft, cv2.CV_32F, 0, 2, ksize=3)) / 4
        xy = np.asarray(cv2.Sobel(soft, cv2.CV_32F, 1, 1, ksize=3)) / 4
        middle, half = (xx + yy) / 2, np.sqrt((xx - yy) ** 2 / 4 + xy * xy)
        strength = (np.abs(np.abs(middle) + half) - np.abs(np.abs(middle) - half)) * np.float32(sigma * sigma)
        # The eigenvector of the larger curvature points across the line.
        across = 0.5 * np.arctan2(2 * xy, xx - yy) + np.where(middle < 0, np.pi / 2, 0)
        better = strength > best
        best[better], angle[better] = strength[better], (across + np.pi / 2)[better]
    return best, angle


def sampled(plane: NDArray[Any], x: NDArray[Any], y: NDArray[Any]) -> NDArray[Any]:
    """Values of (H, W) or (H, W, C) at positions in pixels, interpolated; beyond the edge what is at it."""
    at = x.astype(np.float32) - np.float32(0.5), y.astype(np.float32) - np.float32(0.5)
    return np.asarray(cv2.remap(plane, *at, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))
