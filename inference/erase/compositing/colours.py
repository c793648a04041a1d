"""A result's colours matched to the picture on a ring around the hole, so that no seam shows."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.erase.geometry import distance_to, grown
from inference.fill import push_pull

Float = NDArray[np.float32]


def matched(rgb: Float, picture: NDArray[Any], hole: NDArray[np.bool_], reach: float, colour: str) -> Float:
    """``rgb (H, W, 3)``, its colours matched to ``picture`` on the ring of ``reach`` pixels around ``hole (H, W)``.

    ``colour`` as of :func:`inference.erase.chosen_settings`; with "none" and "released" nothing is matched.
    """
    if colour in ("none", "released"):
        return rgb
    ring = grown(hole, reach) & ~hole
    rgb = robust_match(rgb, picture, ring, gain=colour == "gain")
    if colour == "offset":
        return rgb
    return rgb + membrane(picture.astype(np.float32) - rgb, hole, reach)


def membrane(difference: Float, hole: NDArray[np.bool_], ring: float) -> Float:
    """A smooth surface over the hole that meets ``difference (H, W, 3)`` on a ring of ``ring`` pixels around it.

    Adding it to a result whose difference from the picture was measured on the ring closes the seam, in
    colour and shading, without touching texture. Outside the hole and its ring it goes on smoothly.
    """
    distance = distance_to(hole)
    weight = ((distance > 0) & (distance <= ring)).astype(np.float32)
    sigma = max(ring / 3, 0.5)
    mass = cv2.GaussianBlur(weight, (0, 0), sigma)
    mean = cv2.GaussianBlur(difference * weight[..., None], (0, 0), sigma) / np.maximum(mass, 1e-4)[..., None]
    return push_pull(mean.astype(np.float32), weight)


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
