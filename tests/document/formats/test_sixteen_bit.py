"""Sixteen bits per channel: read, kept through erase, history and export, and written, checked by other readers."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import ExifTags, Image

from app.document.editing.document import Document
from app.document.errors import DocumentError
from app.document.formats import sixteen_bit
from app.document.formats.export import Export
from app.document.formats.files import read_mask, read_picture, write_picture
from app.document.pixels.picture import Picture, to_8_bit, to_16_bit
from tests.document.icc_files import P3

Deep = NDArray[np.uint16]


def _noise(*shape: int, seed: int = 0) -> Deep:
    return np.random.default_rng(seed).integers(0, 65536, shape).astype(np.uint16)


def _three(grey: Deep) -> Deep:
    return np.repeat(grey[..., None], 3, axis=2)


def _bgr(array: Deep) -> Any:
    codes = {3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}
    return array if array.ndim == 2 else cv2.cvtColor(array, codes[array.shape[2]])


@pytest.mark.parametrize("shape", [(23, 31), (23, 31, 3), (23, 31, 4)])
@pytest.mark.parametrize("kind", [".png", ".tiff"])
def test_every_bit_is_read(tmp_path: Path, shape: tuple[int, ...], kind: str) -> None:
    pixels = _noise(*shape)
    written, data = cv2.imencode(kind, _bgr(pixels))
    assert written
    path = tmp_path / f"a{kind}"
    path.write_bytes(data.tobytes())
    picture = read_picture(path)
    assert picture.pixels.dtype == np.uint16
    np.testing.assert_array_equal(picture.pixels, _three(pixels) if pixels.ndim == 2 else pixels)
    assert (picture.grey, picture.note, picture.depth) == (pixels.ndim == 2, "", 16)
    assert np.abs(read_mask(path).astype(int) - to_8_bit(picture.pixels).mean(axis=2)).max() < 256


TIFFS: dict[str, dict[str, Any]] = {
    "plain": {},
    "deflate": {"compression": "zlib", "predictor": True},
    "big endian": {"byteorder": ">"},
    "bigtiff": {"bigtiff": True},
    "tiled": {"tile": (16, 16), "compression": "zlib"},
    "planes": {"planarconfig": "separate"},
    "compressed planes": {"planarconfig": "separate", "compression": "zlib"},
}


@pytest.mark.parametrize("how", TIFFS)
def test_every_kind_of_tiff(tmp_path: Path, how: str) -> None:
    pixels, options = _noise(37, 53, 3), TIFFS[how]
    stored = np.ascontiguousarray(np.moveaxis(pixels, 2, 0)) if "planarconfig" in options else pixels
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="rgb", **options)
    picture = read_picture(tmp_path / "a.tif")
    np.testing.assert_array_equal(picture.pixels, pixels)
    assert picture.note == ""


@pytest.mark.parametrize("predictor", [1, 2])
def test_a_compression_that_only_opencv_reads(tmp_path: Path, predictor: int) -> None:
    pixels = _noise(20, 30, 3)
    options = [cv2.IMWRITE_TIFF_COMPRESSION, 5, cv2.IMWRITE_TIFF_PREDICTOR, predictor]  # LZW
    (tmp_path / "a.tif").write_bytes(cv2.imencode(".tiff", _bgr(pixels), options)[1].tobytes())
    np.testing.assert_array_equal(read_picture(tmp_path / "a.tif").pixels, pixels)


def test_alpha_in_tiffs(tmp_path: Path) -> None:
    pixels, path = _noise(9, 11, 4), tmp_path / "a.tif"
    tifffile.imwrite(path, pixels, photometric="rgb", extrasamples=["unassalpha"])
    np.testing.assert_array_equal(read_picture(path).pixels, pixels)
    pixels[..., 3] |= 0xFF00
    weighted = (pixels[..., :3].astype(np.uint64) * pixels[..., 3:] + 32767) // 65535
    stored = np.dstack([weighted.astype(np.uint16), pixels[..., 3]])
    tifffile.imwrite(path, stored, photometric="rgb", extrasamples=["assocalpha"])
    assert np.abs(read_picture(path).pixels.astype(int) - pixels).max() <= 1
    grey = np.dstack([pixels[..., 0], pixels[..., 3]])
    tifffile.imwrite(path, grey, photometric="minisblack", extrasamples=["unassalpha"], planarconfig="contig")
    picture = read_picture(path)
    np.testing.assert_array_equal(picture.pixels, np.dstack([_three(grey[..., 0]), grey[..., 1]]))
    assert picture.grey


def test_numbers_that_are_darkness_and_numbers_with_a_point(tmp_path: Path) -> None:
    grey, path = _noise(9, 11), tmp_path / "a.tif"
    tifffile.imwrite(path, grey, photometric="miniswhite")
    np.testing.assert_array_equal(read_picture(path).pixels, 65535 - _three(grey))
    values = np.linspace(-0.5, 1.5, 9 * 11 * 3, dtype=np.float32).reshape(9, 11, 3)
    tifffile.imwrite(path, values, photometric="rgb")
    picture = read_picture(path)
    np.testing.assert_array_equal(picture.pixels, np.rint(np.clip(values, 0, 1) * 65535).astype(np.uint16))
    assert "brought to 16 bits" in picture.note
    cmyk = _noise(9, 11, 4)
    tifffile.imwrite(path, cmyk, photometric="separated")
    note = read_picture(path).note
    assert "reduced to 8 bits" in note
    assert "converted from CMYK" in note


def test_what_is_understood_wrongly_is_not_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pixels, path = _noise(20, 20, 3), tmp_path / "a.png"
    path.write_bytes(cv2.imencode(".png", _bgr(pixels))[1].tobytes())
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pixels.copy())  # in RGB, where BGR is expected
    picture = read_picture(path)
    assert picture.pixels.dtype == np.uint8
    assert "reduced to 8 bits" in picture.note
    assert np.abs(picture.pixels - pixels / 257).max() <= 1


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["png", "tif"])
def test_sixteen_bits_are_turned_upright(tmp_path: Path, orientation: int, kind: str) -> None:
    stored, path = _noise(7, 12, 3), tmp_path / f"a.{kind}"
    if kind == "tif":
        tifffile.imwrite(path, stored, photometric="rgb", extratags=[(274, 3, 1, orientation, True)])
    else:
        exif = Image.Exif()
        exif[ExifTags.Base.Orientation] = orientation
        write_picture(Picture(stored, exif=exif.tobytes()), path)
    picture = read_picture(path)
    np.testing.assert_array_equal(picture.pixels, sixteen_bit.TURNS[orientation](stored))
    write_picture(picture, path)  # and it does not turn again
    np.testing.assert_array_equal(read_picture(path).pixels, picture.pixels)


@given(
    kind=st.sampled_from(["png", "tif"]),
    width=st.integers(1, 40),
    height=st.integers(1, 40),
    channels=st.sampled_from([1, 2, 3, 4]),
    seed=st.integers(0, 2**32 - 1),
    smooth=st.booleans(),
)
@settings(deadline=None, max_examples=80)
def test_what_is_written_is_read_by_everybody(
    kind: str, width: int, height: int, channels: int, seed: int, smooth: bool
) -> None:
    pixels = _noise(height, width, channels, seed=seed)
    if smooth:
        pixels = np.cumsum(pixels >> 12, axis=1).astype(np.uint16)
    own = pixels if channels > 2 else np.dstack([_three(pixels[..., 0]), *([pixels[..., 1:]] if channels == 2 else [])])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"a.{kind}"
        write_picture(Picture(own.copy(), grey=channels < 3), path)
        data = path.read_bytes()
        back = read_picture(path)
    np.testing.assert_array_equal(back.pixels, own)
    assert back.grey == (channels < 3)
    if kind == "tif":
        found = tifffile.imread(io.BytesIO(data))
        np.testing.assert_array_equal(found.reshape(pixels.shape), pixels)
    else:
        with Image.open(io.BytesIO(data)) as image:
            image.load()
            assert image.size == (width, height)
        read = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
        assert read is not None
        wanted = pixels[..., 0] if channels == 1 else _bgr(own)
        np.testing.assert_array_equal(read, wanted)


def test_metadata_beside_sixteen_bits(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Maker"
    picture = Picture(
        _noise(8, 9, 4),
        icc_profile=P3,
        exif=exif.tobytes(),
        dpi=(300.0, 150.0),
        xmp=b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>",
        iptc=b"\x1c\x02\x78\x00\x03abc",
        texts={"Title": "Näme", "Note": "日本"},
    )
    for kind in ("png", "tif"):
        write_picture(picture, tmp_path / f"a.{kind}")
        back = read_picture(tmp_path / f"a.{kind}")
        assert back.icc_profile == P3
        assert back.dpi == pytest.approx((300, 150), abs=0.02)
        assert (back.xmp, back.iptc) == (picture.xmp, picture.iptc)
        assert back.exif is not None
        assert b"Maker" in back.exif
        if kind == "png":
            assert back.texts == picture.texts


def test_depth_can_be_chosen(tmp_path: Path) -> None:
    picture = Picture(_noise(8, 9, 3))
    write_picture(picture, tmp_path / "a.png", depth=8)
    np.testing.assert_array_equal(read_picture(tmp_path / "a.png").pixels, to_8_bit(picture.pixels))
    write_picture(picture, tmp_path / "a.jpg")
    assert read_picture(tmp_path / "a.jpg").depth == 8
    write_picture(picture.to_depth(8), tmp_path / "b.tif", depth=16)
    np.testing.assert_array_equal(read_picture(tmp_path / "b.tif").pixels, to_16_bit(to_8_bit(picture.pixels)))
    with pytest.raises(ValueError, match="12 bits"):
        write_picture(picture, tmp_path / "a.png", depth=12)
    with pytest.raises(DocumentError):
        Export("GIF").write(picture, None, tmp_path / "a.gif")


@pytest.mark.parametrize("value", [0, 1, 127, 128, 129, 385, 386, 32767, 65406, 65535])
def test_eight_bits_are_rounded(value: int) -> None:
    pixels = np.full((3, 3, 3), value, np.uint16)
    assert to_8_bit(pixels)[0, 0, 0] == round(value / 257)


def test_an_erase_leaves_every_other_bit_and_has_more_than_256_levels(tmp_path: Path) -> None:
    class SixteenBitValues:
        colours = np.rint(np.linspace(20_000, 24_000, 40 * 50)).reshape(40, 50, 1).repeat(3, 2).astype(np.uint16)
        share = np.zeros((40, 50), np.float32)

    SixteenBitValues.share[5:35, 5:45] = 1.0
    SixteenBitValues.share[4, 5:45] = 0.5

    class Patch:
        box = (30, 20, 80, 60)
        rgb = np.zeros((40, 50, 3), np.uint8)
        sixteen_bit = SixteenBitValues()

    original = _noise(100, 120, 4)
    document = Document(Picture(original.copy()))
    document.set_mask(np.full((100, 120), 255, np.uint8), "replace")
    edit = document.apply_result([Patch()], np.full((100, 120), 255, np.uint8))
    assert edit is not None
    now = document.pixels
    inside = np.zeros((100, 120), bool)
    inside[20:60, 30:80] = SixteenBitValues.share > 0
    np.testing.assert_array_equal(now[~inside], original[~inside])
    np.testing.assert_array_equal(now[..., 3], original[..., 3])
    np.testing.assert_array_equal(now[25:55, 35:75, :3], SixteenBitValues.colours[5:35, 5:45])
    half = (original[24, 35:75, :3].astype(int) + SixteenBitValues.colours[4, 5:45]) / 2
    assert np.abs(now[24, 35:75, :3] - half).max() <= 0.5
    assert len(np.unique(now[25:55, 35:75, 0])) > 1000
    write_picture(document.picture, tmp_path / "a.png")
    np.testing.assert_array_equal(read_picture(tmp_path / "a.png").pixels, now)
    edit.undo(document)
    np.testing.assert_array_equal(document.pixels, original)
