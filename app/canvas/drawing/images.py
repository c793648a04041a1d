"""Conversion between arrays and Qt images; nowhere else."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

_FORMATS = {3: QImage.Format.Format_RGB888, 4: QImage.Format.Format_RGBA8888}


def to_qimage(array: NDArray[np.uint8]) -> QImage:
    """A QImage with its own copy of ``array``.

    ``array`` is (H, W, 3) RGB or (H, W, 4) RGBA, straight alpha, uint8.
    Raises ValueError for any other shape.
    """
    if array.ndim != 3 or array.shape[2] not in _FORMATS:
        raise ValueError(f"expected (H, W, 3) or (H, W, 4), got {array.shape}")
    array = np.ascontiguousarray(array)
    height, width, channels = array.shape
    # strides[0], not a guess: Qt pads rows to four bytes where none is given.
    return QImage(array.data, width, height, array.strides[0], _FORMATS[channels]).copy()


def share_frame(array: NDArray[np.uint8]) -> QImage:
    """A QImage that looks at ``array`` itself, which its owner must keep alive.

    ``array`` is (H, W, 4) BGRX, C-contiguous: what Qt calls RGB32 and puts on the screen unconverted.
    """
    height, width, _ = array.shape
    return QImage(array.data, width, height, array.strides[0], QImage.Format.Format_RGB32)


def thumbnail(array: NDArray[np.uint8], width: int, height: int) -> QImage:
    """A copy of ``array`` that covers ``width`` x ``height`` pixels, cut at the centre."""
    scale = max(width / array.shape[1], height / array.shape[0])
    size = max(width, round(array.shape[1] * scale)), max(height, round(array.shape[0] * scale))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = cv2.resize(array, size, interpolation=way)
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    return to_qimage(np.asarray(small[top : top + height, left : left + width], np.uint8))


def to_array(image: QImage) -> NDArray[np.uint8]:
    """(H, W, 4) RGBA, straight alpha, of an image that some other program gave; takes as long as converting it."""
    image = image.convertToFormat(_FORMATS[4])
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return np.array(rows[:, : 4 * image.width()].reshape(image.height(), image.width(), 4))
