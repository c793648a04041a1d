"""Results at 16 bits, for pictures that have more than 256 levels."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

TO_16_BIT = 257
"""Levels of 16 bits for one of 8."""

_SIGMA = 6.0  # pixels over which steps of one level are smoothed
_MARGIN = 24


@dataclass(frozen=True)
class SixteenBitValues:
    """A result before it is laid into the picture: whoever holds the picture with more bits lays it in."""

    colours: NDArray[np.uint16] = field(repr=False)  # (h, w, 3), 257 for each of 255 levels
    share: NDArray[np.float32] = field(repr=False)  # (h, w), 0: the picture's own pixel .. 1: the result's


def debanded(rgb: NDArray[np.uint8], top: int, bottom: int) -> NDArray[np.float32]:
    """Rows ``top`` to ``bottom`` of ``rgb (H, W, 3)`` as values 0..255 that round to it, without its steps.

    Smooth values were rounded to get here: what is smooth and rounds to the same is as likely, and has no bands.
    Texture stays, as nothing moves by more than half a level.
    """
    first = max(0, top - _MARGIN)
    values = rgb[first : min(bottom + _MARGIN, len(rgb))].astype(np.float32)
    smooth = cv2.GaussianBlur(values, (0, 0), _SIGMA, borderType=cv2.BORDER_REPLICATE)
    values += np.clip(smooth - values, -0.5, 0.5)
    return values[top - first : bottom - first]
