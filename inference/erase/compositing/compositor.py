"""``Compositor``: brings what a model or a fill makes of one region into the picture.

What is as large as the hole is held in bytes; floats cover a band of it, or a square of the model's size.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.erase.compositing.blending import composite
from inference.erase.compositing.colours import matched
from inference.erase.compositing.high_bit_depth import TO_16_BIT, SixteenBitValues, debanded
from inference.erase.compositing.preview import Preview
from inference.erase.compositing.released import compensate
from inference.erase.geometry import RegionView, Square
from inference.fill import sample

RGB = NDArray[np.uint8]
Float = NDArray[np.float32]

RING = 6  # native pixels around the hole on which colours are matched
BAND = 256  # rows of the result made at once


class Compositor:
    """Lays results over the picture's own pixels, in the box of a region that may change."""

    def __init__(self, view: RegionView, colour: str, *, sixteen_bit: bool) -> None:
        """``colour``: how colours are matched; ``sixteen_bit``: results come with their values before rounding."""
        self.view, self.colour, self.sixteen_bit = view, colour, sixteen_bit

    def preview(self, result: RGB, *, released: bool = False) -> Preview:
        """``result``, the box's pixels, brought into the picture where it may change.

        ``released``: pasted as the published code does.
        """
        view = self.view
        if released:
            pasted = compensate(view.original, view.mask.astype(np.uint8) * 255, result)
            return Preview(view.box, np.where(view.alpha[..., None] > 0, pasted, view.original))
        made = np.empty_like(view.original)
        for top in range(0, len(made), BAND):
            rows = slice(top, top + BAND)
            made[rows] = composite(view.original[rows], result[rows], view.alpha[rows])
        return Preview(view.box, made)

    def result(self, result: RGB, finer: Callable[[], NDArray[np.uint16]] | None, *, released: bool = False) -> Preview:
        """:meth:`preview`; where 16 bits were asked for with what ``finer`` answers, or smoothed."""
        preview = self.preview(result, released=released)
        if not self.sixteen_bit:
            return preview
        alpha = self.view.alpha
        if released:  # what was published is made of bytes
            share = (alpha > 0).astype(np.float32)
            return replace(preview, sixteen_bit=SixteenBitValues(preview.rgb.astype(np.uint16) * TO_16_BIT, share))
        if finer is not None:
            return replace(preview, sixteen_bit=SixteenBitValues(finer(), alpha))
        colours = np.empty(result.shape, np.uint16)
        for top in range(0, len(result), BAND):
            bottom = min(top + BAND, len(result))
            colours[top:bottom] = np.rint(debanded(result, top, bottom) * TO_16_BIT)
        return replace(preview, sixteen_bit=SixteenBitValues(colours, alpha))

    def from_square(self, made: Float, square: Square, *, sixteen_bit: bool = False) -> NDArray[Any]:
        """The box's pixels: ``made``, the model's picture of ``square``, with its colours matched.

        uint8, or uint16 where ``sixteen_bit``, as of :class:`SixteenBitValues`.
        """
        region = self.view.region
        reach = max(RING, region.fade * square.hole.shape[0] / region.side)
        values = matched(made, square.picture, square.hole, reach, self.colour)
        return self.sampled(values, None, sixteen_bit=sixteen_bit)

    def sampled(self, values: Float, base: RGB | None, *, sixteen_bit: bool) -> NDArray[Any]:
        """``values``, given on the model's square, at the box; added to ``base`` where there is one."""
        region = self.view.region
        x0, y0, x1, y1 = self.view.box
        scale = values.shape[0] / region.side
        matrix = np.array([[scale, 0, -scale * region.x], [0, scale, -scale * region.y]])
        result = np.empty((y1 - y0, x1 - x0, 3), np.uint16 if sixteen_bit else np.uint8)
        for top in range(y0, y1, BAND):
            bottom = min(top + BAND, y1)
            rows = slice(top - y0, bottom - y0)
            part = sample(values, matrix, (x0, top, x1, bottom))
            if base is not None:
                part += debanded(base, rows.start, rows.stop) if sixteen_bit else base[rows]
            result[rows] = np.rint(np.clip(part, 0, 255) * TO_16_BIT) if sixteen_bit else np.clip(np.rint(part), 0, 255)
        return result
