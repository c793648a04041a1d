"""``Region``: a square of the picture with holes in it, and how far their results reach; boxes and windows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Box: TypeAlias = tuple[int, int, int, int]  # x0, y0, x1, y1 in picture pixels, half open


def window(box: Box, origin: tuple[int, int] = (0, 0)) -> tuple[slice, slice]:
    """Rows and columns of ``box``, counted from ``origin (x, y)``."""
    x, y = origin
    return slice(box[1] - y, box[3] - y), slice(box[0] - x, box[2] - x)


@dataclass(frozen=True)
class Region:
    """A square of the picture with one or more holes in it; it may reach beyond a small picture."""

    x: int
    y: int
    side: int
    hole: Box  # bounds of its holes
    thickness: float  # of its thickest hole, in pixels: a long thin stroke is as thin as it looks
    exact: bool = False  # nothing beyond the holes may change

    @property
    def grow(self) -> float:
        """Pixels by which the hole is grown before the model sees it: tight masks leave residue."""
        return 0 if self.exact else 2 + 0.01 * self.thickness

    @property
    def fade(self) -> float:
        """Pixels beyond the grown hole over which the result fades into the picture."""
        return 0 if self.exact else 4 + 0.03 * self.thickness

    def cut(self, picture: NDArray[Any]) -> NDArray[Any]:
        """The square of ``picture (H, W, ...)``, mirrored at the picture's edges where it reaches beyond."""
        size = picture.shape[0], picture.shape[1]
        x0, y0, x1, y1 = self.inside(size)
        return self.pad(picture[y0:y1, x0:x1], size)

    def pad(self, part: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
        """``part``, what lies inside a picture of ``size (H, W)``, mirrored out to the whole square."""
        x0, y0, x1, y1 = self.inside(size)
        pads = [(y0 - self.y, self.y + self.side - y1), (x0 - self.x, self.x + self.side - x1)]
        if not any(sum(pad) for pad in pads):
            return np.ascontiguousarray(part)
        return np.pad(part, pads + [(0, 0)] * (part.ndim - 2), mode="symmetric")

    def inside(self, size: tuple[int, int]) -> Box:
        """The part of the square that lies in a picture of ``size (H, W)``."""
        height, width = size
        return (
            max(self.x, 0),
            max(self.y, 0),
            min(self.x + self.side, width),
            min(self.y + self.side, height),
        )

    def touched(self, size: tuple[int, int]) -> Box:
        """Bounds of everything that may change: the hole, grown and faded, within square and picture."""
        reach = int(np.ceil(self.grow + self.fade)) + 1
        x0, y0, x1, y1 = self.hole
        left, top, right, bottom = self.inside(size)
        return max(x0 - reach, left), max(y0 - reach, top), min(x1 + reach, right), min(y1 + reach, bottom)
