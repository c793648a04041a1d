"""Colours without an ICC profile mean what CICP, gAMA and cHRM say; HDR is toned and finds its way back."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from app.document.formats.encode import encode_picture
from app.document.formats.files import read_picture_data
from app.document.formats.limits import lost_features
from app.document.formats.reading.isobmff import with_codes
from app.document.notes import About
from app.document.pixels import colour, icc
from app.document.pixels.made_profiles import from_cicp, from_gamma
from app.document.pixels.picture import Picture
from tests.document.icc_files import P3

RAMP = np.repeat(np.repeat(np.arange(0, 256, 4, dtype=np.uint8)[None, :, None], 8, axis=0), 3, axis=2)
RAMP[..., 1] = RAMP[..., 1] // 2
RAMP[..., 2] = 255 - RAMP[..., 2]


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">L", len(content)) + name + content + struct.pack(">L", zlib.crc32(name + content))


def _png(pixels: NDArray[Any], *chunks: tuple[bytes, bytes]) -> bytes:
    deep = pixels.dtype == np.uint16
    kind = 0 if pixels.ndim == 2 else 2
    rows = pixels.astype(">u2" if deep else np.uint8)
    raw = b"".join(b"\0" + row.tobytes() for row in rows)
    head = struct.pack(">LLBBBBB", pixels.shape[1], pixels.shape[0], 16 if deep else 8, kind, 0, 0, 0)
    parts = [(b"IHDR", head), *chunks, (b"IDAT", zlib.compress(raw)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*part) for part in parts)


def _avif(pixels: NDArray[np.uint8], codes: tuple[int, int]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "AVIF", quality=100, subsampling="4:4:4")
    return with_codes(file.getvalue(), codes)


def _cicp(primaries: int, transfer: int) -> tuple[bytes, bytes]:
    return b"cICP", bytes([primaries, transfer, 0, 1])


def _gamma(value: float) -> tuple[bytes, bytes]:
    return b"gAMA", struct.pack(">L", round(value * 100000))


def _chrm(*values: float) -> tuple[bytes, bytes]:
    return b"cHRM", struct.pack(">8L", *(round(value * 100000) for value in values))


def _linear(srgb: NDArray[Any]) -> NDArray[np.float64]:
    x = srgb / 255
    return np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)


def _encoded(light: NDArray[Any]) -> NDArray[np.float64]:
    clipped = np.clip(light, 0, 1)
    return 255 * np.where(clipped <= 0.0031308, 12.92 * clipped, 1.055 * clipped ** (1 / 2.4) - 0.055)


@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("how", ["png", "avif"])
def test_display_p3_by_code_points(deep: bool, how: str) -> None:
    pixels: NDArray[Any] = RAMP.astype(np.uint16) * 257 if deep else RAMP
    if how == "avif" and deep:
        return
    data = _png(pixels, _cicp(12, 13)) if how == "png" else _avif(RAMP, (12, 13))
    picture = read_picture_data(data, "a")
    assert picture.icc_profile is not None
    assert picture.depth == (16 if deep else 8)
    assert picture.note == ""
    shown = colour.srgb_pixels(picture)
    wanted = colour.srgb_pixels(Picture(picture.pixels, icc_profile=P3))
    assert np.abs(shown.astype(int) - wanted).max() <= 1
    for kind in ("PNG", "AVIF", "JPEG", "WEBP", "TIFF"):  # kept as a profile that says the same
        again = read_picture_data(encode_picture(picture, kind, "b", quality=100), "b")
        assert again.icc_profile == picture.icc_profile, kind


@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("exponent", [1.0, 0.55556, 0.35, 0.5])
def test_gamma(deep: bool, exponent: float) -> None:
    pixels: NDArray[Any] = RAMP.astype(np.uint16) * 257 if deep else RAMP
    picture = read_picture_data(_png(pixels, _gamma(exponent)), "a.png")
    shown = colour.srgb_pixels(picture)
    wanted = _encoded((RAMP / 255) ** (1 / exponent))
    assert np.abs(shown - wanted).max() <= 1.6
    grey = read_picture_data(_png(np.ascontiguousarray(pixels[..., 0]), _gamma(exponent)), "a.png")
    assert grey.grey
    assert icc.space(grey.icc_profile or b"") == "GRAY"
    assert np.abs(colour.srgb_pixels(grey)[..., 0] - wanted[..., 0]).max() <= 1.6


def test_what_says_srgb_costs_nothing() -> None:
    usual = (0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)
    for chunks in (
        [_gamma(0.45455)],
        [_gamma(0.45455), _chrm(*usual)],
        [(b"sRGB", b"\0"), _gamma(1.0)],  # sRGB counts before gAMA
        [_cicp(1, 13)],
        [_cicp(1, 1)],
        [_cicp(2, 2)],
        [_gamma(0.0)],
        [_chrm(*[0.0] * 8)],
    ):
        picture = read_picture_data(_png(RAMP, *chunks), "a.png")
        assert (picture.icc_profile, picture.note) == (None, ""), chunks
    assert read_picture_data(_avif(RAMP, (1, 13)), "a.avif").icc_profile is None


def test_chromaticities() -> None:
    adobe = (0.3127, 0.329, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06)
    picture = read_picture_data(_png(RAMP, _gamma(1 / 2.2), _chrm(*adobe)), "a.png")
    from tests.document.icc_files import ADOBE_RGB

    wanted = colour.srgb_pixels(Picture(RAMP.copy(), icc_profile=ADOBE_RGB))
    assert np.abs(colour.srgb_pixels(picture).astype(int) - wanted).max() <= 2


def test_a_profile_counts_first() -> None:
    chunk = (b"iCCP", b"p\0\0" + zlib.compress(P3))
    picture = read_picture_data(_png(RAMP, chunk, _cicp(9, 1), _gamma(1.0)), "a.png")
    assert picture.icc_profile == P3


@pytest.mark.parametrize("transfer", [16, 18])
@pytest.mark.parametrize("how", ["png", "avif"])
def test_hdr_is_toned_and_finds_its_way_back(transfer: int, how: str) -> None:
    data = _png(RAMP, _cicp(9, transfer)) if how == "png" else _avif(RAMP, (9, transfer))
    picture = read_picture_data(data, "a")
    name = "PQ" if transfer == 16 else "HLG"
    assert f"It is an HDR picture ({name})" in picture.note
    assert {note.about for note in picture.notes} == {About.COLOURS}
    assert picture.cicp == (9, transfer)
    grey = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    found = colour.colours_of(Picture(grey, icc_profile=picture.icc_profile))
    assert found is not None
    shown = found.to_srgb(grey)[0, :, 1].astype(int)
    assert (np.diff(shown) >= 0).all() and shown[0] == 0 and shown[-1] >= 253
    paper = 148 if transfer == 16 else 191  # what 203 nits are
    assert 200 <= shown[paper] <= 230
    back = found.back(found.to_srgb(grey).astype(np.uint16) * 257)[0, :, 1] / 257
    middle = slice(40, 200)
    assert np.abs(back[middle] - np.arange(256)[middle]).max() <= 3
    for kind in ("PNG", "AVIF"):
        again = read_picture_data(encode_picture(picture, kind, "b", quality=100), "b")
        assert (again.cicp, again.icc_profile) == (picture.cicp, picture.icc_profile), kind
        assert lost_features(picture, kind) == []
    assert "HDR becomes an ordinary picture, its lights toned down" in lost_features(picture, "JPEG")
    deep = picture.to_depth(16)
    again = read_picture_data(encode_picture(deep, "PNG", "b"), "b")
    assert again.cicp == picture.cicp
    np.testing.assert_array_equal(again.pixels, deep.pixels)


def test_profiles_are_made_once_and_well() -> None:
    made = from_cicp(12, 13)
    assert made is not None and made is from_cicp(12, 13)
    theirs, ours = icc.shaper(P3), icc.shaper(made)
    assert theirs is not None and ours is not None
    np.testing.assert_allclose(ours.matrix, theirs.matrix, atol=2e-3)
    assert from_gamma(100.0, None) is None
    assert from_gamma(0.45455, (0.3, 0.0, 0, 0, 0, 0, 0, 0)) is None
    assert from_cicp(99, 99) is None


def test_read_from_a_file(tmp_path: Path) -> None:
    from app.document.formats.files import read_picture, write_picture

    (tmp_path / "a.png").write_bytes(_png(RAMP, _cicp(9, 16)))
    picture = read_picture(tmp_path / "a.png")
    write_picture(picture, tmp_path / "b.png")
    assert b"cICP\x09\x10" in (tmp_path / "b.png").read_bytes()
    np.testing.assert_array_equal(read_picture(tmp_path / "b.png").pixels, RAMP)
