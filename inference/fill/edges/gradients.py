"""Gradients of what is known of a picture, as if the hole were not there."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float32]
Points = NDArray[np.float64]  # (n, 2): x, y

TENSOR_SIGMA = 1.0  # of sigma; over which products of gradients are summed
KNOWN = 0.55  # share of what a gradient is taken over that must be known


@dataclass(frozen=True)
class Gradients:
    """Of a picture ``(H, W)``, in CIELAB units a pixel; meaningless deep inside the hole."""

    lab: Float  # (H, W, 3) the picture itself
    strength: Float  # (H, W) root of the structure tensor's larger eigenvalue
    coherence: Float  # (H, W) 0..1: 1 where all gradients near have one direction
    double_cos: Float  # (H, W) cosine and sine of twice the gradient's angle
    double_sin: Float

    def angle(self, point: NDArray[np.float64]) -> float:
        """Of the gradient at ``(x, y)``, in radians, without sign."""
        cos, sin = at(self.double_cos, point[None])[0], at(self.double_sin, point[None])[0]
        return 0.5 * float(np.arctan2(sin, cos))


def at(values: Float, points: Points) -> Float:
    """``values (H, W[, C])`` at ``points (n, 2)``, bilinear: ``(n[, C])``."""
    places = np.ascontiguousarray(points, dtype=np.float32)
    x, y = places[None, :, 0], places[None, :, 1]
    return np.asarray(cv2.remap(values, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[0], np.float32)


def distance(inside: NDArray[np.bool_]) -> Float:
    """``(H, W)``: how far, in pixels, every point ``inside`` is from the nearest that isn't."""
    return np.asarray(cv2.distanceTransform(inside.astype(np.uint8), cv2.DIST_L2, 5), np.float32)


def blurred(values: Float, sigma: float) -> Float:
    """Gaussian low-pass; borders repeat."""
    made = cv2.GaussianBlur(values, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(made, np.float32)


def gradients(rgb: NDArray[np.uint8], hole: NDArray[np.bool_], sigma: float) -> Gradients:
    """Of ``rgb (H, W, 3)`` low-passed by ``sigma`` pixels, from the pixels outside ``hole (H, W)`` only.

    Normalised convolution: Knutsson and Westin, "Normalized and differential convolution" (1993); the tensor: Di Zenzo,
    "A note on the gradient of a multi-image" (1986).
    """
    lab = np.asarray(cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), np.float32)
    known = (~hole).astype(np.float32)
    share = blurred(known, sigma)
    smooth = blurred(lab * known[..., None], sigma) / np.maximum(share, 1e-3)[..., None]
    dx, dy = np.zeros_like(smooth), np.zeros_like(smooth)
    dx[:, 1:-1] = (smooth[:, 2:] - smooth[:, :-2]) / 2
    dy[1:-1] = (smooth[2:] - smooth[:-2]) / 2
    usable = (share > KNOWN).astype(np.float32)
    weight = np.maximum(blurred(usable, TENSOR_SIGMA * sigma), 1e-3)
    xx, xy, yy = (
        blurred(product.sum(2) * usable, TENSOR_SIGMA * sigma) / weight for product in (dx * dx, dx * dy, dy * dy)
    )
    spread = np.sqrt((xx - yy) ** 2 + 4 * xy**2)
    angle = np.arctan2(2 * xy, xx - yy)
    return Gradients(
        lab,
        np.sqrt((xx + yy + spread) / 2).astype(np.float32),
        (spread / (xx + yy + 1e-6)).astype(np.float32),
        np.cos(angle).astype(np.float32),
        np.sin(angle).astype(np.float32),
    )
