"""Smaller and smaller copies of a picture, so that showing it small is quick."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from app.document.boxes import Box, is_empty

_SMALLEST = 128  # px of the short side at which halving further gains nothing


def premultiply(array: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(H, W, 4) with colours weighted by alpha, so that averaging does not bleed hidden colours."""
    alpha = np.repeat(array[..., 3:], 3, axis=2)
    out = array.copy()
    out[..., :3] = cv2.multiply(np.ascontiguousarray(array[..., :3]), alpha, scale=1 / 255)
    return out


class Pyramid:
    """Level 0 is the array itself, each further level half of the one before, made when first asked for.

    ``base`` is (H, W), (H, W, 3) or (H, W, 4) uint8; it is looked at, never copied or written.
    A pixel of level k covers 2**k x 2**k pixels of the base, also at the far edges. Levels above 0
    of a four-channel base are premultiplied.
    """

    def __init__(self, base: NDArray[np.uint8]) -> None:
        self._levels = [base]

    @property
    def base(self) -> NDArray[np.uint8]:
        """Level 0."""
        return self._levels[0]

    def level_for(self, zoom: float) -> int:
        """The smallest level that still has a pixel for every device pixel at ``zoom``."""
        level, (height, width) = 0, self.base.shape[:2]
        while zoom * 2 <= 1.0 and min(height, width) > _SMALLEST:
            level, zoom, height, width = level + 1, zoom * 2, (height + 1) // 2, (width + 1) // 2
        return level

    def level(self, index: int) -> NDArray[np.uint8]:
        """Level ``index``, made now if it is not there yet."""
        while len(self._levels) <= index:
            above = self._levels[-1]
            height, width = above.shape[:2]
            self._levels.append(self._halve(above, (0, 0, width, height), len(self._levels) == 1))
        return self._levels[index]

    def build(self) -> None:
        """Make every level that will be asked for (for use off the main thread)."""
        self.level(self.level_for(0.0))

    def update(self, box: Box) -> None:
        """Bring the levels that exist up to date after ``box`` of the base changed."""
        x0, y0, x1, y1 = box
        for index in range(1, len(self._levels)):
            x0, y0, x1, y1 = x0 // 2, y0 // 2, (x1 + 1) // 2, (y1 + 1) // 2
            above = self._levels[index - 1]
            source = (2 * x0, 2 * y0, min(2 * x1, above.shape[1]), min(2 * y1, above.shape[0]))
            if not is_empty(source):
                self._levels[index][y0:y1, x0:x1] = self._halve(above, source, index == 1)

    @staticmethod
    def _halve(above: NDArray[np.uint8], box: Box, first: bool) -> NDArray[np.uint8]:
        x0, y0, x1, y1 = box
        part = above[y0:y1, x0:x1]
        if first and part.ndim == 3 and part.shape[2] == 4:
            part = premultiply(part)
        height, width = part.shape[:2]
        if height % 2 or width % 2:
            even = cv2.copyMakeBorder(part, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
            part = np.asarray(even, np.uint8)
        size = ((width + 1) // 2, (height + 1) // 2)
        return np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
