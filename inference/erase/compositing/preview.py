"""``Preview``: a part of the picture as it forms, or as it is in the end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.erase.compositing.high_bit_depth import SixteenBitValues
from inference.erase.geometry import Box


@dataclass(frozen=True)
class Preview:
    """A part of the picture as it forms: ``rgb (y1 - y0, x1 - x0, 3)`` uint8 at ``box`` in picture pixels.

    NumPy takes it for the array of its pixels.
    """

    box: Box
    rgb: NDArray[np.uint8] = field(repr=False)
    sixteen_bit: SixteenBitValues | None = field(default=None, repr=False)  # of a result, where it was asked for

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self.rgb, dtype=dtype, copy=True if copy is None else copy)
