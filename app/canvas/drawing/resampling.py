"""Resampling: pixels of pyramids at the device pixels of a viewport."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from app.canvas.drawing.overlays import put_colours
from app.canvas.drawing.pyramid import Pyramid, premultiply
from app.canvas.drawing.viewport import SMOOTH_BELOW, Viewport
from app.document.pixels import EMPTY, Box

_BACK = 96  # device px that may be resized for nothing to hit a place where resizing may begin
_NEAR = 1 / 512  # px of a level within which that place must be
_WORTH = 1 << 16  # device px from which resizing beats warping all the same


def _way(pyramid: Pyramid, view: Viewport, part: Box, offset: tuple[int, int]) -> tuple[int, float, float, float]:
    """The level to use, its pixels per device pixel, and where in it the first device pixel's centre is."""
    left, top = view.corner
    index = pyramid.level_for(view.zoom)
    step = 1 / (view.zoom * 2**index)
    first_x = (part[0] + 0.5 - left) * step - offset[0] / 2**index
    return index, step, first_x, (part[1] + 0.5 - top) * step - offset[1] / 2**index


def _needed(size: tuple[int, int], step: float, first_x: float, first_y: float, part: Box) -> Box:
    """The pixels of a level of (height, width) that the device pixels of ``part`` are made of; never empty."""
    height, width = size
    x0 = min(max(0, math.floor(first_x) - 2), width - 1)
    y0 = min(max(0, math.floor(first_y) - 2), height - 1)
    x1 = min(width, math.ceil(first_x + (part[2] - part[0]) * step) + 2)
    y1 = min(height, math.ceil(first_y + (part[3] - part[1]) * step) + 2)
    return x0, y0, max(x1, x0 + 1), max(y1, y0 + 1)


def shown_box(mask: Pyramid, view: Viewport, part: Box) -> Box:
    """The device pixels around what is masked within ``part``."""
    index, step, first_x, first_y = _way(mask, view, part, (0, 0))
    needed = _needed(mask.size(index), step, first_x, first_y, part)
    x, y, width, height = cv2.boundingRect(mask.part(index, needed))
    if not width:
        return EMPTY
    # One level pixel more for the smoothing, one device pixel more for the outline.
    size, (x0, y0, _, _) = 2**index, needed
    left, top, right, bottom = x0 + x - 1, y0 + y - 1, x0 + x + width + 1, y0 + y + height + 1
    return view.device_box((left * size, top * size, right * size, bottom * size), 1)


def sample(pyramid: Pyramid, view: Viewport, part: Box, offset: tuple[int, int] = (0, 0)) -> NDArray[np.uint8]:
    """The colours at the device pixels of ``part``; ``offset``: where in the picture the pyramid lies.

    Four channels are premultiplied.
    """
    width, height = part[2] - part[0], part[3] - part[1]
    index, step, first_x, first_y = _way(pyramid, view, part, offset)
    size = pyramid.size(index)
    if view.zoom >= SMOOTH_BELOW:
        columns, rows, needed = _squares(size, step, (first_x, first_y), (width, height))
        # The columns first, while there are few rows: many times as quick.
        return _read(pyramid, index, needed).take(columns, axis=1).take(rows, axis=0)
    if width * height >= _WORTH:
        resized = _resized(pyramid, index, step, view, part, offset)
        if resized is not None:
            return resized
    # Only the level's pixels that are needed: OpenCV's warp takes no source wider than 32767.
    x0, y0, _, _ = needed = _needed(size, step, first_x, first_y, part)
    source = _read(pyramid, index, needed)
    way = np.array([[step, 0, first_x - 0.5 - x0], [0, step, first_y - 0.5 - y0]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    shown = cv2.warpAffine(source, way, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(shown, np.uint8)


def _read(pyramid: Pyramid, index: int, box: Box) -> NDArray[np.uint8]:
    part = pyramid.part(index, box)
    return premultiply(part) if index == 0 and part.ndim == 3 and part.shape[2] == 4 else part


def put(out: NDArray[np.uint8], pyramid: Pyramid, view: Viewport, part: Box, offset: tuple[int, int] = (0, 0)) -> None:
    """Draw the device pixels of ``part`` into ``out``, (h, w, 4) BGRX; see ``sample``."""
    if view.zoom < SMOOTH_BELOW or pyramid.base.shape[2] == 4:
        put_colours(out, sample(pyramid, view, part, offset), view, part)
        return
    index, step, first_x, first_y = _way(pyramid, view, part, offset)
    shape = part[2] - part[0], part[3] - part[1]
    columns, rows, needed = _squares(pyramid.size(index), step, (first_x, first_y), shape)
    # Whole words from here on.
    words = cv2.cvtColor(pyramid.part(index, needed), cv2.COLOR_RGB2BGRA).view(np.uint32)[..., 0]
    out.view(np.uint32)[..., 0] = words.take(columns, axis=1).take(rows, axis=0)


def _squares(
    size: tuple[int, int], step: float, first: tuple[float, float], shape: tuple[int, int]
) -> tuple[NDArray[np.intp], NDArray[np.intp], Box]:
    """The columns and rows that device pixels lie in, counted from the corner of the box that holds them, and it."""
    height, width = size
    columns = np.floor(first[0] + np.arange(shape[0]) * step).astype(np.intp).clip(0, width - 1)
    rows = np.floor(first[1] + np.arange(shape[1]) * step).astype(np.intp).clip(0, height - 1)
    box = int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
    return columns - box[0], rows - box[1], box


def _resized(
    pyramid: Pyramid, index: int, step: float, view: Viewport, part: Box, offset: tuple[int, int]
) -> NDArray[np.uint8] | None:
    """The same by resizing, twice as quick as warping; None where the pixels do not fall together.

    Resizing a piece of a level begins at the corner of a pixel of both sides.
    """
    if offset != (0, 0):
        return None
    height, width = pyramid.size(index)
    corner = view.corner
    starts, ends = [], []
    for first, last, origin, limit in (
        (part[0], part[2], corner[0], width),
        (part[1], part[3], corner[1], height),
    ):
        begin = _beginning(first - origin, step)
        if begin is None:
            return None
        starts.append((begin, round(begin * step)))
        ends.append(min(limit, math.ceil((last - origin) * step) + 2))
    x0, y0 = starts[0][1], starts[1][1]
    source = _read(pyramid, index, (x0, y0, ends[0], ends[1]))
    left, top = part[0] - corner[0] - starts[0][0], part[1] - corner[1] - starts[1][0]
    if step == 1.0:
        shown = source[top:, left:]
    else:
        way = cv2.INTER_LINEAR
        shown = np.asarray(cv2.resize(source, None, fx=1 / step, fy=1 / step, interpolation=way), np.uint8)[top:, left:]
    shown = shown[: part[3] - part[1], : part[2] - part[0]]
    return shown if shown.shape[:2] == (part[3] - part[1], part[2] - part[0]) else None


def _beginning(device: int, step: float) -> int | None:
    """A device pixel at or shortly before ``device`` (counted from the picture's corner) where a pixel begins.

    With two pixels of the level between the two, or both at the very start: none of the piece's border is seen.
    """
    if device * step < 3:
        return 0
    for begin in range(device - math.ceil(2 / step), max(0, device - _BACK), -1):
        if abs(begin * step - round(begin * step)) < _NEAR:
            return begin
    return None
