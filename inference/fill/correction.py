"""A patch fill's colours moved towards a coarse picture of what should be there, its texture left alone."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float32]

# Not all the way: what is likely on average is smoother than any picture, and texture suffers from it.
GAIN = 0.65
SIGMA = 3.0  # pixels of the square
# The mean of several things that may be there is haze, which the eye finds at once on a smooth fill. So a change counts
# fully only where it makes the coarse picture more even than that: the share of its unevenness that may stay.
EVEN = 0.6
UNSEEN = 0.02  # squared grey levels a pixel, over the three channels: unevenness that nobody sees
NEAR = 3.0  # pixels over which unevenness is looked at
GRADUAL = 6.0  # pixels over which the share of a change that counts varies


def colour_correction(guide: Float, patched: Float, hole: NDArray[np.bool_]) -> Float:
    """``guide`` and ``patched (n, n, 3)`` 0..255, ``hole (n, n)`` -> what to add to ``patched``, 0 outside the hole."""
    inside = hole[..., None].astype(np.float32)
    change = GAIN * _blurred((guide - patched) * inside, SIGMA) * inside
    coarse = _blurred(patched, SIGMA)
    before, after = _unevenness(coarse), _unevenness(coarse + change)
    share = np.clip((EVEN * before + UNSEEN) / (after + 1e-6), 0, 1)
    return np.asarray(change * _blurred(share, GRADUAL)[..., None], dtype=np.float32)


def _unevenness(coarse: Float) -> Float:
    """``(n, n)``: the mean squared gradient of ``coarse (n, n, 3)`` nearby."""
    down, across = np.diff(coarse, axis=0, append=coarse[-1:]), np.diff(coarse, axis=1, append=coarse[:, -1:])
    return _blurred((down**2 + across**2).sum(2), NEAR)


def _blurred(values: Float, sigma: float) -> Float:
    made = cv2.GaussianBlur(np.ascontiguousarray(values), (0, 0), sigma, borderType=cv2.BORDER_REFLECT)
    return np.asarray(made, dtype=np.float32)
