"""The picture before and after, side by side as one picture."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from app.document.pixels import Picture, Pixels, zeros

_GAP = 100  # the gap is the width's so many'th part
_NARROWEST = 2  # px


def beside(before: Pixels, after: Picture) -> Picture:
    """``before`` at the left of ``after``, of the same shape and type, with a white gap between.

    All that belongs to ``after`` belongs to the whole, but for the sizes in its EXIF and XMP.
    """
    height, width, channels = after.pixels.shape
    gap = max(_NARROWEST, width // _GAP)
    pixels = zeros((height, 2 * width + gap, channels), after.pixels.dtype, dense=True)
    pixels[:, :width] = before
    pixels[:, width : width + gap] = np.iinfo(after.pixels.dtype).max
    pixels[:, width + gap :] = after.pixels
    return replace(after, pixels=pixels, path=None, xmp=None)
