"""Pictures and masks at another size."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray


def resize(values: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    """``values (H, W, ...)`` to ``size (H, W)``: area average when shrinking, bicubic when enlarging."""
    if values.shape[:2] == size:
        return values
    shrinking = size[0] < values.shape[0]
    method = cv2.INTER_AREA if shrinking else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(values, size[::-1], interpolation=method))
