from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtGui import QColor

from app.canvas.drawing.images import share_frame, thumbnail, to_qimage


@pytest.mark.parametrize("channels", [3, 4])
def test_an_image_is_a_copy_with_the_right_colours(channels: int) -> None:
    array = np.zeros((5, 7, channels), np.uint8)  # 21 bytes a row: Qt would pad them to 24
    array[3, 2, :3] = (10, 20, 30)
    array[..., 3:] = 255
    image = to_qimage(array)
    array[:] = 0
    assert (image.width(), image.height()) == (7, 5)
    assert image.pixelColor(2, 3) == QColor(10, 20, 30)


def test_a_view_of_an_array_works_too() -> None:
    array = np.arange(10 * 12 * 3, dtype=np.uint8).reshape(10, 12, 3)
    image = to_qimage(array[2:8, 3:9])
    assert image.pixelColor(1, 1) == QColor(*(int(value) for value in array[3, 4]))


def test_other_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="expected"):
        to_qimage(np.zeros((5, 7), np.uint8))


def test_a_shared_frame_sees_what_is_drawn_later() -> None:
    array = np.zeros((4, 4, 4), np.uint8)
    image = share_frame(array)
    array[1, 2] = (30, 20, 10, 255)
    assert image.pixelColor(2, 1) == QColor(10, 20, 30)


def test_a_thumbnail_covers_its_size() -> None:
    image = thumbnail(np.full((100, 400, 3), 9, np.uint8), 60, 40)
    assert (image.width(), image.height()) == (60, 40)
