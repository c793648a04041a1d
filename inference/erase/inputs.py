"""What is asked of an erase, looked at before it begins: the picture, its mask, and where the fill may copy from."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.erase.geometry import parted
from inference.errors import InputError


def checked_hole(image: NDArray[Any], mask: NDArray[Any]) -> NDArray[np.bool_]:
    """What ``mask`` covers; raises :class:`InputError` where picture or mask can't be used."""
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
        raise InputError(f"The picture must be (H, W, 3) uint8, not {image.shape} {image.dtype}.")
    if mask.shape != image.shape[:2]:
        raise InputError(
            f"The mask is {_named(mask.shape)} and the picture {_named(image.shape)} pixels; they must be the same."
        )
    if mask.dtype not in (np.uint8, np.bool_):
        raise InputError(f"The mask must be uint8 or bool, not {mask.dtype}.")
    hole, _ = parted(mask)
    if not hole.any():
        raise InputError("Nothing to erase: the mask is empty. Brush over what should go.")
    if hole.all():
        raise InputError("The mask covers the whole picture. Leave some of it to fill the hole from.")
    return hole


def checked_source(source: NDArray[Any], hole: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Where the fill may copy from, never from the hole; raises :class:`InputError` where that is nowhere."""
    if source.shape != hole.shape:
        raise InputError(
            f"The sample area is {_named(source.shape)} and the picture {_named(hole.shape)} pixels; "
            "they must be the same."
        )
    if source.dtype not in (np.uint8, np.bool_):
        raise InputError(f"The sample area must be uint8 or bool, not {source.dtype}.")
    allowed = (source if source.dtype == np.bool_ else source > 127) & ~hole
    if not allowed.any():
        raise InputError(
            "Nothing to copy from: the sample area is empty or all of it is being erased. Mark more of it."
        )
    return allowed


def _named(shape: tuple[int, ...]) -> str:
    return f"{shape[1]} x {shape[0]}" if len(shape) >= 2 else str(shape)
