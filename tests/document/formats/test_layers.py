"""The result as a layer over the original: what other programs read of it."""

from __future__ import annotations

import io
import zipfile
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import tifffile
from psd_tools import PSDImage

from app.document.formats import encode_picture, read_picture_data
from app.document.formats.writing.layers import LAYERED, encode_layers
from app.document.pixels import Picture
from tests.document.icc_files import P3

RNG = np.random.default_rng(5)


def _erased(kind: type, alpha: bool) -> tuple[np.ndarray, Picture]:
    top = np.iinfo(kind).max
    before: Any = RNG.integers(0, top, (30, 40, 4 if alpha else 3)).astype(kind)
    if alpha:
        before[..., 3] = top
    after = before.copy()
    after[5:15, 10:25, :3] = top // 3
    return before, Picture(after, icc_profile=P3)


def _png(picture: Picture) -> bytes:
    return encode_picture(picture, "PNG", "layer")


def _layers(kind: str, before: np.ndarray, picture: Picture) -> bytes:
    return encode_layers(kind, before, picture, _png)


@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_open_raster(kind: type, alpha: bool) -> None:
    before, picture = _erased(kind, alpha)
    data = _layers("ORA", before, picture)
    assert data[30:38] == b"mimetype"
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        assert file.read("mimetype") == b"image/openraster"
        assert file.getinfo("mimetype").compress_type == zipfile.ZIP_STORED
        root = ElementTree.fromstring(file.read("stack.xml"))
        assert (root.get("w"), root.get("h")) == ("40", "30")
        top, below = (read_picture_data(file.read(str(layer.get("src"))), "a.png") for layer in root.iter("layer"))
        merged = read_picture_data(file.read("mergedimage.png"), "a.png")
        assert "Thumbnails/thumbnail.png" in file.namelist()
    np.testing.assert_array_equal(below.pixels, before)
    np.testing.assert_array_equal(merged.pixels, picture.pixels)
    assert top.icc_profile == merged.icc_profile == P3
    seen = top.pixels[..., 3] > 0
    assert np.array_equal(seen, (before != picture.pixels).any(axis=2))
    np.testing.assert_array_equal(top.pixels[seen, :3], picture.rgb[seen])


@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_psd(kind: type, alpha: bool) -> None:
    before, picture = _erased(kind, alpha)
    file = PSDImage.open(io.BytesIO(_layers("PSD", before, picture)))
    assert file.depth == picture.depth
    below, top = file
    assert (below.name, top.name) == ("Original", "Erased")
    scale = np.iinfo(kind).max
    for layer, wanted in ((below, before), (top, picture.pixels)):
        values = np.rint(np.asarray(layer.numpy("color"), np.float64) * scale)
        assert np.abs(values - wanted[..., :3]).max() <= 1
    mask = np.asarray(top.numpy("mask"))[..., 0]
    assert np.array_equal(mask > 0.5, (before != picture.pixels).any(axis=2))


@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_tiff(kind: type, alpha: bool) -> None:
    before, picture = _erased(kind, alpha)
    data = _layers("TIFF", before, picture)
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        assert [page.tags[285].value for page in file.pages] == ["Erased", "Original", "Mask"]  # type: ignore[union-attr]
        result, original, mask = (page.asarray() for page in file.pages)
    np.testing.assert_array_equal(result, picture.pixels)
    np.testing.assert_array_equal(original, before)
    assert np.array_equal(mask > 0, (before != picture.pixels).any(axis=2))


def test_another_kind_is_refused() -> None:
    before, picture = _erased(np.uint8, False)
    assert set(LAYERED) == {"ORA", "PSD", "TIFF"}
    with pytest.raises(ValueError, match="layers"):
        _layers("XCF", before, picture)
