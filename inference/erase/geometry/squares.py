"""``Square``: a region at the size the model works at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Square:
    """What the model is given: all ``(N, N, ...)``."""

    picture: NDArray[Any]  # 0..255, the thing to erase still in it
    filled: NDArray[Any]  # 0..255, the hole filled
    hole: NDArray[np.bool_]
