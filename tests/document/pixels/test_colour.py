"""Colour profiles: seen as they say, edited in sRGB, and back, with untouched pixels as they were."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from app.document.editing.compositing import composed, needs_sixteen_bits, put_in
from app.document.formats.files import read_picture, write_picture
from app.document.pixels import colour, icc
from app.document.pixels.picture import Picture
from app.document.pixels.storage import Pixels
from tests.document.icc_files import ADOBE_RGB, P3, SRGB_CURVE, gamma, grey_profile, matrix_profile
from tests.document.patches import Patch

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
PROPHOTO = matrix_profile([(0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001)], gamma(1.8))

EMPTY_MASK = np.zeros((64, 64), np.uint8)  # only alpha needs one


def _noise(*shape: int) -> NDArray[np.uint8]:
    return np.random.default_rng(3).integers(0, 256, shape, dtype=np.uint8)


def _by_littlecms(pixels: NDArray[np.uint8], source: bytes, target: bytes) -> NDArray[np.uint8]:
    ends = [ImageCms.ImageCmsProfile(io.BytesIO(data)) for data in (source, target)]
    way = ImageCms.buildTransform(ends[0], ends[1], "RGB", "RGB", ImageCms.Intent.RELATIVE_COLORIMETRIC)
    found = ImageCms.applyTransform(Image.fromarray(pixels), way)
    assert found is not None
    return np.asarray(found)


@pytest.mark.parametrize("profile", [P3, ADOBE_RGB, PROPHOTO], ids=["p3", "adobe", "prophoto"])
def test_colours_are_those_of_littlecms(profile: bytes) -> None:
    pixels = _noise(60, 70, 3)
    colours = colour.colours_of(Picture(pixels, icc_profile=profile))
    assert colours is not None
    shown = colour.to_srgb(pixels, colours)
    assert np.abs(shown.astype(int) - _by_littlecms(pixels, profile, SRGB)).max() <= 1
    back = colours.back(pixels.astype(np.uint16) * 257) / 257
    assert np.abs(back - _by_littlecms(pixels, SRGB, profile)).max() <= 2


@pytest.mark.parametrize("profile", [P3, ADOBE_RGB, PROPHOTO], ids=["p3", "adobe", "prophoto"])
def test_the_way_back_has_sixteen_bits(profile: bytes) -> None:
    srgb = np.random.default_rng(1).integers(0, 65536, (50, 60, 3)).astype(np.uint16)
    shaper, plain = icc.shaper(profile), icc.shaper(SRGB)
    assert shaper is not None
    assert plain is not None
    light = np.stack([plain.curves[i][srgb[..., i]] for i in range(3)], axis=2)
    light = light @ (np.linalg.inv(shaper.matrix) @ plain.matrix).T
    exact = np.stack([icc.inverse(shaper.curves[i], np.clip(light[..., i], 0, 1)) for i in range(3)], axis=2) * 65535
    colours = colour.colours_of(Picture(np.zeros((1, 1, 3), np.uint8), icc_profile=profile))
    assert colours is not None
    error = np.abs(colours.back(srgb) - exact)
    assert error.mean() < 0.5
    assert np.quantile(error, 0.999) < 1.5


def test_tables_are_right_to_half_a_level() -> None:
    tables, matrix = colour._Tables(P3), colour.colours_of(Picture(_noise(1, 1, 3), icc_profile=P3))
    assert matrix is not None
    srgb = np.random.default_rng(1).integers(0, 65536, (50, 60, 3)).astype(np.uint16)
    error = np.abs(tables.back(srgb) - matrix.back(srgb)) / 257
    assert error.mean() < 0.25
    assert error.max() < 2
    ramp = np.repeat(np.arange(20_000, 30_000, dtype=np.uint16)[None, :, None], 3, axis=2)
    assert len(np.unique(np.rint(tables.back(ramp)[..., 0]))) > 5000
    assert colour._comes_back(tables)
    assert np.abs(tables.to_srgb(_noise(9, 9, 3)).astype(int) - matrix.to_srgb(_noise(9, 9, 3))).max() <= 1


def test_srgb_by_another_name_needs_nothing() -> None:
    named = matrix_profile([(0.64, 0.33), (0.30, 0.60), (0.15, 0.06)], SRGB_CURVE)
    for profile in (SRGB, named, None, b"no profile", P3[:200], P3[:128] + b"\xff" * 60):
        picture = Picture(_noise(4, 4, 3), icc_profile=profile)
        assert colour.colours_of(picture) is None
        assert not needs_sixteen_bits(picture)
        assert colour.to_srgb(picture.pixels, None) is picture.pixels


def test_curves_of_all_kinds() -> None:
    x = np.linspace(0, 1, 65536)
    table = b"curv\0\0\0\0\0\0\0\3" + np.array([0, 16384, 65535], ">u2").tobytes()
    for curve, wanted in (
        (b"curv\0\0\0\0\0\0\0\0", x),
        (gamma(2.0), x**2),
        (table, np.interp(x, [0, 0.5, 1], [0, 16384 / 65535, 1])),
        (b"para\0\0\0\0\0\0\0\0" + (2 * 65536).to_bytes(4, "big"), x**2),
    ):
        found = icc.shaper(grey_profile(curve))
        assert found is not None
        np.testing.assert_allclose(found.curves[0], wanted, atol=1e-6)
    for broken in (b"curv\0\0\0\0\0\0\xff\xff", b"what", b"curv\0\0\0\0\0\0\0\2\0\0\0\0"):
        assert icc.shaper(grey_profile(broken)) is None


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_an_erase_changes_only_what_it_changes(kind: type, tmp_path: Path) -> None:
    pixels: Pixels = np.random.default_rng(2).integers(0, np.iinfo(kind).max + 1, (40, 50, 4)).astype(kind)
    picture = Picture(pixels.copy(), icc_profile=P3)
    assert needs_sixteen_bits(picture)
    rgb = colour.srgb_pixels(picture)
    assert rgb.dtype == np.uint8
    box = (10, 5, 40, 35)
    part = rgb[5:35, 10:40].copy()
    part[8:20, 8:20] = (200, 120, 40)
    put_in(picture, [Patch(box, part)], EMPTY_MASK)
    changed = (picture.pixels != pixels).any(axis=2)
    assert not changed[:13].any()
    assert not changed[25:].any()
    assert changed[13:25, 18:30].all()
    assert np.abs(colour.srgb_pixels(picture)[13:25, 18:30].astype(int) - (200, 120, 40)).max() <= 1
    write_picture(picture, tmp_path / "a.png")
    back = read_picture(tmp_path / "a.png")
    assert back.icc_profile == P3
    np.testing.assert_array_equal(back.pixels, picture.pixels)


def test_grey_stays_grey(tmp_path: Path) -> None:
    grey = _noise(40, 50)
    for profile in (None, grey_profile(gamma(1.8))):
        path = tmp_path / "a.png"
        Image.fromarray(grey).save(path, icc_profile=profile)
        picture = read_picture(path)
        assert picture.grey
        rgb = colour.srgb_pixels(picture)
        part = rgb[:20, :20].copy()
        part[5:15, 5:15] = (200, 120, 40)
        put_in(picture, [Patch((0, 0, 20, 20), part)], EMPTY_MASK)
        assert (picture.pixels[..., 0] == picture.pixels[..., 2]).all()
        outside = np.ones(grey.shape, bool)
        outside[5:15, 5:15] = False
        np.testing.assert_array_equal(picture.pixels[outside, 0], grey[outside])
        shown = colour.srgb_pixels(picture)[10, 10, 0]
        assert abs(int(shown) - (134 if profile is None else 139)) <= 3  # luma; by its light it is a little brighter
        for suffix, mode in ((".png", "L"), (".jpg", "L"), (".tif", "L"), (".webp", "RGB"), (".bmp", "RGB")):
            write_picture(picture, tmp_path / f"b{suffix}")
            with Image.open(tmp_path / f"b{suffix}") as image:
                assert image.mode == mode
                kept = image.info.get("icc_profile")
            assert kept == (profile if mode == "L" else None)


def test_grey_is_seen_as_its_profile_says() -> None:
    picture = Picture(np.repeat(np.array([[[0], [55], [128], [255]]], np.uint8), 3, 2), grey=True)
    picture.icc_profile = grey_profile(gamma(1.0))
    shown = colour.srgb_pixels(picture)[0, :, 1].astype(int)
    assert np.abs(shown - (0, 128, 188, 255)).max() <= 1
    colours = colour.colours_of(picture)
    assert colours is not None
    back = colours.back(shown[None, :, None].repeat(3, 2).astype(np.uint16) * 257) / 257
    assert np.abs(back[0, :, 0] - (0, 55, 128, 255)).max() < 1


def test_a_result_of_the_pictures_own_depth_is_taken_as_it_is() -> None:
    picture = Picture(np.zeros((8, 8, 3), np.uint16))
    rgb = np.full((4, 4, 3), 300, np.uint16)
    assert composed(picture, Patch((0, 0, 4, 4), rgb), EMPTY_MASK) is rgb
