"""New pixels as an erase answers them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from app.document.pixels.boxes import Box


@dataclass(frozen=True)
class Patch:
    box: Box
    rgb: NDArray[Any]
