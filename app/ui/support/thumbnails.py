"""Thumbnails of what an edit changed: little is read of the document, the rest is done elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from app.canvas.drawing import thumbnail
from app.document.editing import Document
from app.document.pixels import EMPTY, Box, Colours, colours_of, to_srgb, union
from app.engine.protocol import Patch

_SAMPLES = 192  # pixels read along the longer side at the least, where there are as many
_SMALLEST = 48  # px of the picture shown at the least
_ROOM = 0.3  # of the changed box, shown around it


@dataclass(frozen=True)
class Sample:
    """A coarse copy of a part of the document."""

    pixels: NDArray[np.uint8] | NDArray[np.uint16]  # (h, w, 3) or (h, w, 4)
    mask: NDArray[np.uint8]  # (h, w)
    colours: Colours | None = None  # how to see the pixels


def frame_around(box: Box, size: tuple[int, int], aspect: float) -> Box:
    """The part of a ``size`` (w, h) picture to show of a change at ``box``: with room, near ``aspect``, inside."""
    width = max((box[2] - box[0]) * (1 + _ROOM), _SMALLEST)
    height = max((box[3] - box[1]) * (1 + _ROOM), _SMALLEST)
    width, height = max(width, height * aspect), max(height, width / aspect)
    found = []
    for low, high, length, limit in ((box[0], box[2], width, size[0]), (box[1], box[3], height, size[1])):
        whole = min(round(length), limit)
        start = min(max(0, round((low + high - whole) / 2)), limit - whole)
        found.append((start, start + whole))
    (x0, x1), (y0, y1) = found
    return x0, y0, x1, y1


def sample(document: Document, box: Box, aspect: float) -> Sample:
    """Read some pixels around ``box``: so few that it costs the same on any picture."""
    x0, y0, x1, y1 = frame_around(box, document.size, aspect)
    step = max(1, max(x1 - x0, y1 - y0) // _SAMPLES)
    part = (slice(y0, y1, step), slice(x0, x1, step))
    return Sample(document.pixels[part].copy(), document.mask[part].copy(), colours_of(document.picture))


def draw_sample(part: Sample, width: int, height: int, overlay: tuple[int, int, int]) -> QImage:
    """The sample with its mask in the overlay's colour, as ``width`` x ``height`` px."""
    rgb = to_srgb(np.ascontiguousarray(part.pixels[..., :3]), part.colours).astype(np.uint16)
    weight = part.mask.astype(np.uint16)[..., None] * 6 // 10
    mixed = (rgb * (255 - weight) + np.array(overlay, np.uint16) * weight) // 255
    return thumbnail(mixed.astype(np.uint8), width, height)


def draw_result(rgb: NDArray[np.uint8], patches: Sequence[Patch], width: int, height: int) -> QImage:
    """A result's patches in the picture they were made for, as ``width`` x ``height`` px.

    ``rgb`` (H, W, 3) is the picture before; it is not written to.
    """
    around = EMPTY
    for patch in patches:
        around = union(around, patch.box)
    x0, y0, x1, y1 = frame_around(around, (rgb.shape[1], rgb.shape[0]), width / height)
    part = rgb[y0:y1, x0:x1].copy()
    for patch in patches:
        left, top = max(x0, patch.box[0]), max(y0, patch.box[1])
        right, bottom = min(x1, patch.box[2]), min(y1, patch.box[3])
        if left < right and top < bottom:
            inner = patch.rgb[top - patch.box[1] : bottom - patch.box[1], left - patch.box[0] : right - patch.box[0]]
            part[top - y0 : bottom - y0, left - x0 : right - x0] = inner
    return thumbnail(part, width, height)
