"""Overlays on device pixels: mask tint and outline, transparency checks, pixel grid."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from app.canvas.drawing.viewport import Viewport
from app.document.pixels import Box

_CHECKS = (0x99, 0x66)  # two greys under transparent pixels
_CHECK_SIZE = 8
_BAND = 1 << 15  # px that stay in the processor's cache
_FEW = 16  # soft pixels are picked one by one up to this part of all
_NEIGHBOURS = np.ones((3, 3), np.uint8)


def word(rgb: tuple[int, int, int]) -> np.uint32:
    """A colour as one BGRX pixel: writing words is four times as quick as writing bytes."""
    return np.uint32(np.array((*rgb[::-1], 255), np.uint8).view(np.uint32)[0])


def put_colours(out: NDArray[np.uint8], colours: NDArray[np.uint8], view: Viewport, part: Box) -> None:
    """Write RGB, or premultiplied RGBA over checks, as BGRX."""
    if colours.shape[2] == 3:
        cv2.cvtColor(colours, cv2.COLOR_RGB2BGRA, dst=out)
        return
    left, top = view.corner  # the checks move with the picture
    rows = np.arange(part[1] - top, part[3] - top) // _CHECK_SIZE
    columns = np.arange(part[0] - left, part[2] - left) // _CHECK_SIZE
    checks = np.where((rows[:, None] + columns) % 2, *(np.uint8(grey) for grey in _CHECKS))
    under = cv2.multiply(checks, 255 - colours[..., 3], scale=1 / 255)
    out[..., :3] = cv2.add(np.ascontiguousarray(colours[..., 2::-1]), cv2.merge([under, under, under]))
    out[..., 3] = 255


def tint(out: NDArray[np.uint8], mask: NDArray[np.uint8], rgb: tuple[int, int, int], opacity: float) -> None:
    """Lay a colour over BGRX pixels, as strong as the mask times ``opacity``."""
    rows = max(1, _BAND // mask.shape[1])
    colour = np.array((*rgb[::-1], 255), np.float32)
    sheet = np.empty((min(rows, mask.shape[0]), mask.shape[1], 4), np.uint8)
    sheet.view(np.uint32)[...] = word(rgb)
    weights = np.rint(np.arange(256) * opacity).astype(np.uint8)
    for top in range(0, mask.shape[0], rows):
        band, cover = out[top : top + rows], mask[top : top + rows]
        if not cv2.countNonZero(cover):
            continue
        _, full = cv2.threshold(cover, 254, 255, cv2.THRESH_BINARY)
        solid = cv2.countNonZero(full)
        soft = cv2.countNonZero(cover) - solid
        if solid == cover.size:
            cv2.addWeighted(band, 1 - opacity, sheet[: len(band)], opacity, 0, dst=band)
        elif soft * _FEW < cover.size:
            words = band.view(np.uint32)[..., 0]
            y, x = np.divmod(np.flatnonzero(cover != full), cover.shape[1])
            picked = words[y, x].view(np.uint8).reshape(-1, 4)
            weight = cover[y, x].astype(np.float32)[:, None] * np.float32(opacity / 255)
            mixed = (picked + (colour - picked) * weight + 0.5).astype(np.uint8)
            tinted = cv2.addWeighted(band, 1 - opacity, sheet[: len(band)], opacity, 0)
            cv2.copyTo(tinted, full, band)
            words[y, x] = mixed.view(np.uint32)[:, 0]
        else:
            weight8 = cv2.LUT(cover, weights)
            over = cv2.multiply(sheet[: len(band)], cv2.cvtColor(weight8, cv2.COLOR_GRAY2BGRA), scale=1 / 255)
            under = cv2.multiply(band, cv2.cvtColor(cv2.bitwise_not(weight8), cv2.COLOR_GRAY2BGRA), scale=1 / 255)
            cv2.add(under, over, dst=band)


def outline(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """255 at the pixels inside (above 127) with a neighbour outside, 0 elsewhere."""
    _, inside = cv2.threshold(mask, 127, 255, cv2.THRESH_BINARY)
    return np.asarray(cv2.subtract(inside, cv2.erode(inside, _NEIGHBOURS)), np.uint8)


def draw_grid(view: Viewport, part: Box, out: NDArray[np.uint8]) -> None:
    """Lines between the picture's pixels."""
    left, top = view.corner
    for axis, (start, stop, origin) in enumerate(((part[1], part[3], top), (part[0], part[2], left))):
        first, last = math.ceil((start - origin) / view.zoom), math.ceil((stop - origin) / view.zoom)
        lines = np.floor(origin + np.arange(first, last) * view.zoom + 0.5).astype(np.intp) - start
        lines = lines[(lines >= 0) & (lines < stop - start)]
        at = (lines, slice(None)) if axis == 0 else (slice(None), lines)
        out[at] = out[at] // 4 * 3 + 32
