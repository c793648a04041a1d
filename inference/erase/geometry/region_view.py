"""``RegionView``: what of a picture and its mask lies in one region, there and at other sizes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inference.erase.geometry.fading import grown
from inference.erase.geometry.regions import Region, window
from inference.erase.geometry.soft_masks import blend_share
from inference.fill import LARGEST, reduce_hole, resize

RGB = NDArray[np.uint8]


class RegionView:
    """One region of a picture; nobody writes to its pixels."""

    def __init__(
        self, picture: RGB, hole: NDArray[np.bool_], region: Region, soft: NDArray[np.uint8] | None = None
    ) -> None:
        """``picture (H, W, 3)``; ``hole`` and ``soft`` are what :func:`parted` answers of the mask, ``(H, W)``."""
        self.picture, self.region = picture, region
        self.size = picture.shape[0], picture.shape[1]
        self.inside = region.inside(self.size)  # bounds in the picture of what lies in it
        self.pixels = picture[window(self.inside)]
        self.box = region.touched(self.size)  # bounds in the picture of what may change
        x, y, *_ = self.inside
        self.own = self.box[0] - x, self.box[1] - y, self.box[2] - x, self.box[3] - y  # the box within the pixels
        self.original = self.pixels[window(self.own)]  # the box's pixels
        self.mask = hole[window(self.box)]
        self.hole = grown(self.mask, region.grow)
        self.alpha = blend_share(self.mask, None if soft is None else soft[window(self.box)], region)
        self.soft = soft is not None

    def hole_at(self, size: tuple[int, int]) -> NDArray[np.bool_]:
        """The grown hole in the pixels brought to ``size (H, W)``."""
        return reduce_hole(self._whole_hole() > 0, size)

    def square(self, values: RGB, side: int) -> RGB:
        """``values``, all that lies in the picture at any size, as the region's square of ``side`` pixels.

        Beyond a small picture's edges it is mirrored.
        """
        full = self.region.side
        height, width = self.pixels.shape[:2]
        if values.shape[:2] == (full, full) or (height, width) == (full, full):
            return np.asarray(resize(values, (side, side)))
        if full <= 2 * LARGEST:
            values = np.asarray(resize(values, (height, width)))
            return np.asarray(resize(self.region.pad(values, self.size), (side, side)))
        # A long picture's square would be mostly mirrored pixels: it is reduced before it is mirrored.
        scale = side / full
        top, left = (round((self.inside[i] - at) * scale) for i, at in ((1, self.region.y), (0, self.region.x)))
        small = np.asarray(resize(values, (max(1, round(height * scale)), max(1, round(width * scale)))))
        pads = [(top, side - top - small.shape[0]), (left, side - left - small.shape[1])]
        small = small[: side - top, : side - left]
        return np.pad(small, [(a, max(b, 0)) for a, b in pads] + [(0, 0)] * (small.ndim - 2), mode="symmetric")

    def square_hole(self, side: int) -> NDArray[np.bool_]:
        """The grown hole in the region's square of ``side`` pixels."""
        return self.square(self._whole_hole(), side) > 0

    def _whole_hole(self) -> RGB:
        """``(H, W)`` of the pixels: 255 in the grown hole."""
        whole = np.zeros(self.pixels.shape[:2], np.uint8)
        whole[window(self.own)][self.hole] = 255
        return whole
