"""A picture in memory with what has to survive until it is written again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


@dataclass
class Picture:
    """Pixels with the metadata that belongs to them.

    ``pixels`` is (H, W, 3) RGB or (H, W, 4) RGBA, uint8, straight alpha, upright
    (EXIF orientation is applied already). Raises ``ValueError`` for any other array.
    """

    pixels: NDArray[np.uint8]
    path: Path | None = None  # where it was read from or last saved to
    format: str = "PNG"  # Pillow's name: PNG, JPEG, WEBP, TIFF, BMP
    icc_profile: bytes | None = None
    exif: bytes | None = None  # without the orientation tag and the thumbnail
    dpi: tuple[float, float] | None = None  # horizontal, vertical
    note: str = ""  # one sentence when something could not be kept

    def __post_init__(self) -> None:
        shape = self.pixels.shape
        if self.pixels.dtype != np.uint8 or len(shape) != 3 or shape[2] not in (3, 4) or 0 in shape:
            raise ValueError(f"a picture is (H, W, 3 or 4) uint8, not {shape} {self.pixels.dtype}")

    @property
    def width(self) -> int:
        """Columns of pixels."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Rows of pixels."""
        return int(self.pixels.shape[0])

    @property
    def size(self) -> tuple[int, int]:
        """(width, height)."""
        return self.width, self.height

    @property
    def rgb(self) -> NDArray[np.uint8]:
        """The colours, (H, W, 3): a view, without alpha."""
        return self.pixels[..., :3]

    @property
    def has_alpha(self) -> bool:
        """Whether the pixels are RGBA."""
        return bool(self.pixels.shape[2] == 4)

    def copy(self) -> Picture:
        """The same picture with pixels of its own, e.g. to write it on another thread."""
        return replace(self, pixels=self.pixels.copy())
