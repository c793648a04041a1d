"""The original picture, for comparing with before: kept only where it has changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.document.pixels import Box, crop, intersect, is_empty

_TILE = 256  # px


class OriginalPixels:
    """Copies of the tiles of ``pixels``, (H, W, C), taken before they change for the first time."""

    def __init__(self, pixels: NDArray[np.generic]) -> None:
        self.pixels = pixels
        self._kept: dict[Box, NDArray[np.generic]] = {}

    @property
    def nbytes(self) -> int:
        """Bytes taken by the copies."""
        return sum(copy.nbytes for copy in self._kept.values())

    def keep(self, boxes: Iterable[Box]) -> None:
        """Copy what ``boxes`` touch; what was copied before stays as it is."""
        for box in boxes:
            for tile in self._tiles(box):
                if tile not in self._kept:
                    self._kept[tile] = crop(self.pixels, tile).copy()

    def take(self, tiles: Mapping[Box, NDArray[np.generic]]) -> None:
        """Copies made elsewhere of tiles that have changed already, by their boxes on the same grid."""
        self._kept.update(tiles)

    def read(self, box: Box) -> NDArray[Any]:
        """``box`` of the picture as it was; perhaps a view."""
        x0, y0, x1, y1 = box
        kept = [tile for tile in self._tiles(box) if tile in self._kept]
        out = self.pixels[y0:y1, x0:x1]
        if kept:
            out = out.copy()
        for tile in kept:
            left, top, right, bottom = intersect(tile, box)
            inner = left - tile[0], top - tile[1], right - tile[0], bottom - tile[1]
            out[top - y0 : bottom - y0, left - x0 : right - x0] = crop(self._kept[tile], inner)
        return out

    def whole(self) -> NDArray[Any]:
        """All of the picture as it was, copied."""
        height, width = self.pixels.shape[:2]
        return np.array(self.read((0, 0, width, height)))

    def _tiles(self, box: Box) -> list[Box]:
        height, width = self.pixels.shape[:2]
        x0, y0, x1, y1 = box = intersect(box, (0, 0, width, height))
        if is_empty(box):
            return []
        return [
            (x, y, min(x + _TILE, width), min(y + _TILE, height))
            for y in range(y0 // _TILE * _TILE, y1, _TILE)
            for x in range(x0 // _TILE * _TILE, x1, _TILE)
        ]
