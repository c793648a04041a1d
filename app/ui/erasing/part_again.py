"""Which part of a result a brush stroke means, for erasing that part again."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from app.document.pixels import Box, bounds, crop, is_empty


def part_of(mask: NDArray[np.uint8], erased: NDArray[np.uint8], box: Box) -> NDArray[np.uint8] | None:
    """What of ``mask`` (H, W) is connected with the hole ``erased`` (H, W), in ``box``; None where nothing is.

    Takes as long as looking at every pixel of what is masked.
    """
    around = bounds(mask)
    if is_empty(around) or not (np.minimum(crop(mask, box), crop(erased, box)) > 127).any():
        return None
    shape = crop(mask, around)
    _, labels = cv2.connectedComponents((shape > 0).astype(np.uint8), connectivity=8)
    touching = np.zeros(int(labels.max()) + 1, bool)
    touching[labels[np.minimum(shape, crop(erased, around)) > 127]] = True
    touching[0] = False
    part = np.zeros_like(mask)
    crop(part, around)[...] = np.where(touching[labels], shape, 0)
    return part
