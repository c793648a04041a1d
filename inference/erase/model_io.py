"""What a model is given and what it returns: one square at the size it works at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float32]

NOT_FINITE = "its values are not finite; its weights are damaged, or the precision chosen is too low for it."


@dataclass(frozen=True)
class Square:
    """What the model is given: all ``(N, N, ...)``."""

    picture: NDArray[Any]  # 0..255, the thing to erase still in it
    filled: NDArray[Any]  # 0..255, the hole filled
    hole: NDArray[np.bool_]


OnStage = Callable[[str], None]  # what begins: "encoding", "denoising" or "decoding"
OnStep = Callable[[int, Float | None], None]  # a picture as the result; None: this step was not drawn


class Squares(Protocol):
    """What runs squares through one kind of model."""

    def run(self, square: Square, on_step: OnStep) -> Float:
        """A picture ``(N, N, 3)``, 0..255, right in and near the hole."""
        ...
