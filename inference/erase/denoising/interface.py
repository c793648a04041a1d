"""What runs a square through one kind of model, and what it tells on the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from inference.erase.geometry import Square

Float = NDArray[np.float32]

NOT_FINITE = "its values are not finite; its weights are damaged, or the precision chosen is too low for it."

OnStage = Callable[[str], None]  # what begins: "encoding", "denoising" or "decoding"
OnStep = Callable[[int, Float | None], None]  # a picture as the result; None: this step was not drawn


class SquareDenoiser(Protocol):
    """What runs squares through one kind of model."""

    def run(self, square: Square, on_step: OnStep) -> Float:
        """A picture ``(N, N, 3)``, 0..255, right in and near the hole."""
        ...
