"""Masks as files: any picture read as one, and masks written as 8-bit gray PNG."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.document.formats import files
from app.document.formats.reading import masks
from app.document.notes import sentences


@dataclass(frozen=True)
class MaskFile:
    """A mask of the size asked for, and the size it has in its file."""

    mask: NDArray[np.uint8]  # (H, W): 0 keep to 255 erase
    original_size: tuple[int, int]  # (width, height) in pixels
    note: str = ""  # how it was understood where that is not plain


def read_mask_file(
    path: str | Path | bytes, size: tuple[int, int], name: str = "", *, orientation: int = 1
) -> MaskFile:
    """Read any picture, a file or the bytes of one called ``name``, as a mask of (width, height) ``size``.

    Another size is averaged down or interpolated up, without keeping its proportions: compare ``original_size``.
    ``orientation`` is how EXIF turned the picture that it is for. Raises ``DocumentError``.
    """
    found = files.read_mask_with_notes(path, name=name)
    found = masks.placed(found, size, orientation)
    mask = found.values
    original = (mask.shape[1], mask.shape[0])
    if original != tuple(size):
        shrinks = size[0] <= original[0] and size[1] <= original[1]
        how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        mask = np.asarray(cv2.resize(mask, size, interpolation=how), np.uint8)
    return MaskFile(mask, original, sentences(found.notes))


def write_mask(path: str | Path, mask: NDArray[np.uint8]) -> None:
    """Write a mask (H, W) as an 8-bit gray PNG, whole or not at all, whatever the file is called.

    Raises ``DocumentError``.
    """
    files.write_file(Path(path), encode_mask(mask))


def encode_mask(mask: NDArray[np.uint8]) -> bytes:
    """A mask (H, W) as an 8-bit grey PNG."""
    buffer = io.BytesIO()
    Image.fromarray(mask).save(buffer, format="PNG", compress_level=4)
    return buffer.getvalue()
