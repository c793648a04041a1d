"""Similar colours: pixels within a tolerance of one, anywhere or connected with it."""

from __future__ import annotations

import math
from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from app.document.pixels import Box, Pixels, Point, crop, pieces

_TILE = 256
_CONNECTED = 128  # in place of 255 once the flood was there


def similar_coverage(
    pixels: Pixels, at: Point, tolerance: int, contiguous: bool
) -> Iterator[tuple[Box, NDArray[np.uint8]]]:
    """Coverage (0 or 255) of all pixels whose every colour channel is within a tolerance of one pixel's.

    ``pixels`` is (H, W, 3 or 4) uint8 or uint16, alpha does not count; ``tolerance`` is 0..255
    (in 257ths of the range at 16 bits). Contiguous: only what is 4-connected with the pixel.
    Yields boxes with something in them. Takes one byte a pixel besides; the picture is not
    copied. Raises ``ValueError`` for another tolerance and positions that are not finite.
    """
    if not 0 <= tolerance <= 255:
        raise ValueError(f"tolerance {tolerance} is not within 0..255")
    if not (math.isfinite(at[0]) and math.isfinite(at[1])):
        raise ValueError(f"{at} is not a position")
    height, width, channels = pixels.shape
    x, y = math.floor(at[0]), math.floor(at[1])
    if not (0 <= x < width and 0 <= y < height):
        return iter(())
    top = int(np.iinfo(pixels.dtype).max)
    allowed = tolerance * (top // 255)
    seed = [int(value) for value in pixels[y, x, :3]]
    low = [max(value - allowed, 0) for value in seed] + [0] * (channels - 3)
    high = [min(value + allowed, top) for value in seed] + [top] * (channels - 3)
    alike = np.asarray(cv2.inRange(pixels, np.array(low, float), np.array(high, float)), np.uint8)  # (H, W), 0 or 255
    box: Box = (0, 0, width, height)
    if contiguous:
        _, _, _, (left, upper, across, down) = cv2.floodFill(alike, None, (x, y), (_CONNECTED,), flags=4)
        box = (left, upper, left + across, upper + down)
    return _tiles(alike, box, _CONNECTED if contiguous else 255)


def _tiles(alike: NDArray[np.uint8], box: Box, level: int) -> Iterator[tuple[Box, NDArray[np.uint8]]]:
    for piece in pieces(box, _TILE):
        chosen = crop(alike, piece) == level
        if chosen.any():
            yield piece, chosen.astype(np.uint8) * 255
