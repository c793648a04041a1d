"""Reading 16 bits per channel, of which Pillow gives 8: by OpenCV, checked against Pillow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.document.pixels import Pixels

_ROWS = 64  # compared, spread over the picture
_OFF = 2  # of 255, that the two readings may differ by: they round in their own ways
_TOP = 65535

# What turns the stored array upright, by EXIF orientation (EXIF 2.32, 4.6.4.A).
TURNS: dict[int, Callable[[Pixels], Pixels]] = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: a.swapaxes(0, 1)[:, ::-1],
    7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: lambda a: a.swapaxes(0, 1)[::-1],
}


def deep_colours(data: bytes, shown: Image.Image, orientation: int, *, weighted: bool) -> NDArray[np.uint16] | None:
    """(H, W, 3 or 4) uint16 RGB or RGBA, upright, of a PNG or TIFF file of 16 bits per channel.

    ``shown`` is Pillow's 8-bit reading, loaded and upright: what differs from it was not understood, and the
    answer is None. ``weighted``: colours are stored multiplied by alpha (TIFF's associated alpha).
    """
    try:
        found: Any = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        return None
    if found is None or found.dtype != np.uint16 or found.ndim != 3 or found.shape[2] not in (3, 4):
        return None
    code = cv2.COLOR_BGR2RGB if found.shape[2] == 3 else cv2.COLOR_BGRA2RGBA
    found = cv2.cvtColor(found, code, dst=found)
    if weighted and found.shape[2] == 4:
        unweight(found)
    for turned in (TURNS[orientation](found), found):  # a TIFF may have been turned already
        if _same(turned, shown):
            return np.ascontiguousarray(turned)
    return None


def deep_grey(image: Image.Image, *, whole: bool) -> NDArray[np.uint16]:
    """(H, W) uint16 of a loaded image of one channel that Pillow holds with more than 8 bits.

    ``whole``: 65535 is white; else the file does not say what is.
    """
    values = np.asarray(image)
    if values.dtype == np.uint16:
        return values
    wide = np.nan_to_num(values.astype(np.float64), posinf=0.0, neginf=0.0)
    white = _TOP if whole else _white(image.mode, float(wide.max()))
    return np.clip(np.rint(wide * (_TOP / white)), 0, _TOP).astype(np.uint16)


def _white(mode: str, largest: float) -> float:
    """The value that means white where the file does not say: the usual one that holds the largest."""
    usual = (1.0, 255.0, 65535.0) if mode == "F" else (255.0, 65535.0)
    return next((white for white in usual if largest <= white), largest)


def unweight(pixels: NDArray[np.uint16]) -> None:
    """Divide colours (H, W, 4) that are stored multiplied by alpha, in place."""
    alpha = pixels[..., 3:].astype(np.uint32)
    colours = (pixels[..., :3].astype(np.uint32) * _TOP + alpha // 2) // np.maximum(alpha, 1)
    pixels[..., :3] = np.minimum(colours, _TOP)


def _same(deep: NDArray[np.uint16], shown: Image.Image) -> bool:
    width, height = shown.size
    if deep.shape[:2] != (height, width):
        return False
    for row in np.unique(np.linspace(0, height - 1, _ROWS).round().astype(int)):
        part = shown.crop((0, row, width, row + 1))
        part.info.pop("transparency", None)  # of 16 bits, which is minded later
        line = np.asarray(part.convert("RGBA"))[0].astype(int)
        high = (deep[row] / 257).astype(int)
        visible = line[:, 3] > 0  # colours that cannot be seen may be anything
        if np.abs(line[visible, :3] - high[visible, :3]).max(initial=0) > _OFF:
            return False
        if deep.shape[2] == 4 == len(shown.getbands()) and np.abs(line[:, 3] - high[:, 3]).max() > _OFF:
            return False
    return True
