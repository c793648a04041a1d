"""Reading masks: whatever kind of picture they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from app.document.errors import DocumentError
from app.document.formats.files import read_mask


def _save(path: Path, array: NDArray[Any] | Image.Image) -> Path:
    image = array if isinstance(array, Image.Image) else Image.fromarray(array)
    image.save(path)
    return path


def test_masks_of_every_kind(tmp_path: Path) -> None:
    hole = np.zeros((20, 30), bool)
    hole[5:9, 7:20] = True
    expected = np.where(hole, 255, 0).astype(np.uint8)
    gray = Image.fromarray(expected)
    alpha = Image.merge("RGBA", [gray.point(lambda _: 77)] * 3 + [gray])
    opaque = Image.merge("RGBA", [gray] * 3 + [gray.point(lambda _: 255)])
    images: dict[str, Any] = {
        "1.png": gray.convert("1"),
        "L.png": gray,
        "P.png": gray.convert("P"),
        "RGB.bmp": gray.convert("RGB"),
        "16.png": expected.astype(np.uint16) * 257,
        "16.tif": expected.astype(np.uint16) * 257,
        "32.tif": expected.astype(np.int32) * 257,
        "float.tif": hole.astype(np.float32),
        "1.tif": gray.convert("1"),
        "alpha.png": alpha,
        "LA.png": alpha.convert("LA"),
        "opaque.png": opaque,
        "opaqueLA.tif": opaque.convert("LA"),
        "CMYK.tif": gray.convert("RGB").convert("CMYK"),
    }
    for name, image in images.items():
        mask = read_mask(_save(tmp_path / name, image), (30, 20))
        assert mask.dtype == np.uint8
        np.testing.assert_array_equal(mask, expected, err_msg=name)


def test_a_mask_of_another_size_is_refused(tmp_path: Path) -> None:
    path = _save(tmp_path / "mask.png", np.zeros((20, 30), np.uint8))
    with pytest.raises(DocumentError, match="30 x 20 pixels but the picture is 20 x 30"):
        read_mask(path, (20, 30))
