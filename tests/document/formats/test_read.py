"""Reading pictures: every kind of file upright and in 8-bit RGB, every failure one sentence."""

from __future__ import annotations

import io
import os
import struct
import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageCms

from app.document.errors import DocumentError
from app.document.formats import decode
from app.document.formats.files import SAVE_FORMATS, read_mask, read_picture, write_picture
from app.document.pixels.picture import Picture
from tests.document.icc_files import P3, gamma, grey_profile

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
# How the upright picture lies in the file for each EXIF orientation (EXIF 2.32, 4.6.4.A)
STORED = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: a.swapaxes(0, 1)[::-1],
    7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: lambda a: a.swapaxes(0, 1)[:, ::-1],
}


def _noise(*shape: int) -> NDArray[np.uint8]:
    return np.random.default_rng(3).integers(0, 256, shape, dtype=np.uint8)


def _save(path: Path, array: NDArray[Any] | Image.Image, **options: Any) -> Path:
    image = array if isinstance(array, Image.Image) else Image.fromarray(array)
    image.save(path, **options)
    return path


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("kind", ["png", "webp", "tif", "deflated.tif", "jpg"])
def test_pictures_are_turned_upright(tmp_path: Path, orientation: int, kind: str) -> None:
    upright = np.kron(_noise(3, 5, 3) // 2 + 60, np.ones((16, 16, 1), np.uint8))
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.Base.Make] = "Maker"
    stored = np.ascontiguousarray(STORED[orientation](upright))
    options: dict[str, Any] = {"exif": exif.tobytes(), "dpi": (300, 150)}
    if kind == "webp":
        options["lossless"] = True
    elif kind == "deflated.tif":
        options["compression"] = "tiff_deflate"
    elif kind == "jpg":
        options |= {"quality": 100, "subsampling": 0}
    picture = read_picture(_save(tmp_path / f"a.{kind}", stored, **options))
    assert picture.pixels.shape == upright.shape
    assert np.abs(picture.pixels.astype(int) - upright).max() <= (3 if kind == "jpg" else 0)
    assert picture.exif is not None
    kept = Image.Exif()
    kept.load(picture.exif)
    assert kept.get(ExifTags.Base.Orientation, 1) == 1
    assert kept[ExifTags.Base.Make] == "Maker"
    if kind != "webp":
        assert picture.dpi == pytest.approx((150, 300) if orientation >= 5 else (300, 150), abs=0.02)
    assert picture.note == ""
    # written and read again it stays upright
    write_picture(picture, tmp_path / "again.png")
    np.testing.assert_array_equal(read_picture(tmp_path / "again.png").pixels, picture.pixels)
    mask = read_mask(tmp_path / f"a.{kind}", picture.size)
    assert mask.shape == upright.shape[:2]


def test_a_thumbnail_does_not_survive(tmp_path: Path) -> None:
    """It would go on showing what was erased."""
    thumbnail = io.BytesIO()
    Image.new("RGB", (16, 16), "red").save(thumbnail, "JPEG")
    data = thumbnail.getvalue()
    ifd0 = struct.pack("<HHHLLL", 1, ExifTags.Base.ImageWidth, 4, 1, 16, 26)
    ifd1 = struct.pack("<HHHLLHHLLL", 2, 0x0201, 4, 1, 56, 0x0202, 4, 1, len(data), 0)
    block = b"Exif\0\0II*\0" + struct.pack("<L", 8) + ifd0 + ifd1 + data
    path = _save(tmp_path / "a.jpg", _noise(8, 8, 3), exif=block)
    assert path.read_bytes().count(b"\xff\xd8\xff") == 2
    picture = read_picture(path)
    assert picture.exif is None
    picture.exif = b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0"
    write_picture(picture, path)
    assert path.read_bytes().count(b"\xff\xd8\xff") == 1


def test_the_stored_size_in_exif_follows_the_turn(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    exif[ExifTags.IFD.Exif] = {ExifTags.Base.ExifImageWidth: 20, ExifTags.Base.ExifImageHeight: 10}
    picture = read_picture(_save(tmp_path / "a.jpg", _noise(10, 20, 3), exif=exif))
    kept = Image.Exif()
    kept.load(picture.exif or b"")
    details = kept.get_ifd(ExifTags.IFD.Exif)
    assert picture.size == (10, 20)
    assert (details[ExifTags.Base.ExifImageWidth], details[ExifTags.Base.ExifImageHeight]) == (10, 20)


def test_damaged_exif_does_not_prevent_opening(tmp_path: Path) -> None:
    path = _save(tmp_path / "a.jpg", _noise(9, 9, 3), exif=b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + b"\x77" * 40)
    assert read_picture(path).size == (9, 9)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB"])
@pytest.mark.parametrize("kind", ["png", "tif", "bmp"])
def test_opaque_modes_become_rgb(tmp_path: Path, mode: str, kind: str) -> None:
    image = Image.fromarray(_noise(20, 30, 3)).convert(mode)
    picture = read_picture(_save(tmp_path / f"a.{kind}", image))
    np.testing.assert_array_equal(picture.pixels, np.asarray(image.convert("RGB")))
    assert picture.pixels.flags.writeable
    assert picture.note == ""


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
@pytest.mark.parametrize("kind", ["png", "tif"])
def test_alpha_stays(tmp_path: Path, mode: str, kind: str) -> None:
    image = Image.fromarray(_noise(20, 30, 4)).convert(mode)
    picture = read_picture(_save(tmp_path / f"a.{kind}", image))
    np.testing.assert_array_equal(picture.pixels, np.asarray(image.convert("RGBA")))


def test_a_transparent_colour_becomes_alpha(tmp_path: Path) -> None:
    palette = Image.fromarray(np.array([[0, 1], [1, 0]], np.uint8), mode=None).convert("P")
    palette.putpalette([255, 0, 0, 0, 0, 255])
    rgb = Image.fromarray(np.array([[[1, 2, 3], [9, 9, 9]]], np.uint8))
    gray = Image.fromarray(np.array([[5, 9]], np.uint8))
    for image, transparency, alpha in (
        (palette, 1, [[255, 0], [0, 255]]),
        (rgb, (9, 9, 9), [[255, 0]]),
        (gray, 5, [[0, 255]]),
    ):
        picture = read_picture(_save(tmp_path / "a.png", image, transparency=transparency))
        assert picture.has_alpha
        assert picture.pixels[..., 3].tolist() == alpha


def _png(depth: int, kind: int, rows: NDArray[Any], *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG by hand: Pillow cannot write 16 bits per channel."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">L", len(data)) + name + data + struct.pack(">L", zlib.crc32(name + data))

    raw = b"".join(b"\0" + row.astype(">u2").tobytes() for row in rows)
    head = struct.pack(">LLBBBBB", rows.shape[1], rows.shape[0], depth, kind, 0, 0, 0)
    body = chunk(b"IHDR", head) + b"".join(chunk(*c) for c in chunks) + chunk(b"IDAT", zlib.compress(raw))
    return b"\x89PNG\r\n\x1a\n" + body + chunk(b"IEND", b"")


def test_a_colour_of_sixteen_bits_that_means_nothing(tmp_path: Path) -> None:
    deep = (_noise(7, 9, 3).astype(np.uint16) << 8) + 128
    path = tmp_path / "a.png"
    for kind, rows, first in ((0, deep[..., 0], deep[0, 0, :1]), (2, deep, deep[0, 0])):
        path.write_bytes(_png(16, kind, rows, (b"tRNS", struct.pack(f">{len(first)}H", *first.tolist()))))
        picture = read_picture(path)
        np.testing.assert_array_equal(picture.pixels[..., :3], rows if kind == 2 else np.stack([rows] * 3, axis=2))
        assert picture.pixels[0, 0, 3] == 0
        assert picture.pixels[..., 3].max() == 65535
        assert read_mask(path).tolist() == (255 - (picture.pixels[..., 3] >> 8)).tolist()  # a hole in a photo is it


def test_numbers_of_other_kinds(tmp_path: Path) -> None:
    wanted = [0, 13107, 26214, 39321, 52428, 65535]
    for values in (np.linspace(0, 1, 6), np.linspace(0, 255, 6)):
        picture = read_picture(_save(tmp_path / "a.tif", values.reshape(2, 3).astype(np.float32)))
        assert picture.pixels[..., 0].ravel().tolist() == wanted
        assert "brought to 16 bits" in picture.note
    whole = np.array([[0, 32768, 65535]], np.int32)
    assert read_picture(_save(tmp_path / "b.tif", whole)).pixels[0, :, 1].tolist() == [0, 32768, 65535]
    strange = np.array([[np.nan, np.inf, -5, 1]], np.float32)
    assert read_picture(_save(tmp_path / "c.tif", strange)).pixels[0, :, 1].tolist() == [0, 0, 0, 65535]


def test_cmyk_and_lab_are_converted_and_said_so(tmp_path: Path) -> None:
    rgb = Image.new("RGB", (16, 16), (200, 40, 90))
    for image, kind in ((rgb.convert("CMYK"), "jpg"), (rgb.convert("CMYK"), "tif")):
        picture = read_picture(_save(tmp_path / f"a.{kind}", image, icc_profile=SRGB))
        assert np.abs(picture.pixels.astype(int) - (200, 40, 90)).max() < 4
        assert "CMYK" in picture.note
    lab_profile = ImageCms.createProfile("LAB")
    lab = ImageCms.profileToProfile(rgb, ImageCms.createProfile("sRGB"), lab_profile, outputMode="LAB")
    assert lab is not None
    picture = read_picture(_save(tmp_path / "lab.tif", lab))
    assert np.abs(picture.pixels.astype(int) - (200, 40, 90)).max() < 6
    assert "LAB" in picture.note


def test_a_profile_is_kept_where_it_fits(tmp_path: Path) -> None:
    grey = grey_profile(gamma(1.8))
    picture = read_picture(_save(tmp_path / "a.png", _noise(8, 8), icc_profile=grey))
    assert (picture.icc_profile, picture.grey) == (grey, True)
    np.testing.assert_array_equal(picture.pixels[..., 0], _noise(8, 8))
    assert read_picture(_save(tmp_path / "b.png", _noise(8, 8, 3), icc_profile=b"no profile")).icc_profile is None
    assert read_picture(_save(tmp_path / "c.png", _noise(8, 8, 3), icc_profile=grey)).icc_profile is None
    wrong = read_picture(_save(tmp_path / "d.png", _noise(8, 8), icc_profile=P3))  # colours' profile with grey
    assert (wrong.icc_profile, wrong.grey) == (P3, False)


def test_further_pages_are_named(tmp_path: Path) -> None:
    pages = [Image.fromarray(_noise(8, 8, 3)), Image.new("RGB", (8, 8))]
    for kind in ("tif", "webp", "png"):
        path = tmp_path / f"a.{kind}"
        pages[0].save(path, save_all=True, append_images=pages[1:], lossless=True)
        picture = read_picture(path)
        np.testing.assert_array_equal(picture.pixels, _noise(8, 8, 3))
        assert "first of its 2" in picture.note
    pages[0].save(tmp_path / "a.mpo", "MPO", save_all=True, append_images=pages[1:])
    photo = read_picture(tmp_path / "a.mpo")
    assert photo.format == "JPEG"
    assert "second picture in the file is not kept" in photo.note


@pytest.mark.parametrize("read", [read_picture, read_mask])
def test_files_that_cannot_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read: Any) -> None:
    (tmp_path / "empty.png").touch()
    (tmp_path / "text.png").write_text("hello", encoding="ascii")
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "noise.png").write_bytes(_noise(200).tobytes())
    for name, words in (
        ("missing.png", "was not found"),
        ("empty.png", "is an empty file"),
        ("text.png", "is a text file, which cannot be opened here"),
        ("noise.png", "is not a PNG, JPEG, WebP, TIFF, BMP, AVIF, HEIC, GIF or raw picture"),
        ("folder.png", "is a folder"),
        (f"{'x' * 300}.png", "could not be read"),
        ("nul\0.png", "damaged"),
    ):
        with pytest.raises(DocumentError, match=words) as caught:
            read(tmp_path / name)
        assert "\n" not in str(caught.value)
        assert str(caught.value).startswith(f'"{name}"')
    _save(tmp_path / "fine.png", _noise(8, 8))
    errors = ((PermissionError(13, "no"), "no permission"), (MemoryError(), "too large for the memory"))
    for error, words in errors:

        def fail(*_: Any, error: Exception = error, **__: Any) -> None:
            raise error

        with monkeypatch.context() as patch:
            patch.setattr(Image, "open", fail)
            with pytest.raises(DocumentError, match=words):
                read(tmp_path / "fine.png")


def _png_of_size(width: int, height: int) -> bytes:
    data = bytearray(_png(16, 0, np.zeros((1, 1), np.uint16)))
    data[16:24] = struct.pack(">LL", width, height)
    data[29:33] = struct.pack(">L", zlib.crc32(data[12:29]))
    return bytes(data)


def test_size_is_limited_before_decoding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(_png_of_size(30_000, 20_000))
    with pytest.raises(DocumentError, match=r"600 megapixels.*400"):
        read_mask(path)
    path.write_bytes(_png_of_size(19_000, 20_000))
    small = Picture(np.zeros((3, 5, 3), np.uint8), grey=True)
    monkeypatch.setattr(decode, "to_picture", lambda *_: small)
    assert read_mask(path).shape == (3, 5)


@pytest.fixture(scope="module")
def whole_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("whole")
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Maker"
    exif[ExifTags.Base.Orientation] = 6
    pixels = np.kron(_noise(12, 15, 4), np.ones((4, 4, 1), np.uint8))
    files = {}
    for suffixes in SAVE_FORMATS.values():
        path = folder / f"a{suffixes[0]}"
        write_picture(Picture(pixels, icc_profile=SRGB, exif=exif.tobytes()), path, quality=100)
        files[path.name] = path.read_bytes()
    image = Image.fromarray(pixels)
    image.save(folder / "raw.tif")
    image.save(folder / "lzw.tif", compression="tiff_lzw", exif=exif)
    image.convert("RGB").save(folder / "progressive.jpg", progressive=True, exif=exif)
    image.save(folder / "lossy.webp", quality=60)
    image.convert("P").save(folder / "palette.bmp")
    for path in folder.iterdir():
        files[path.name] = path.read_bytes()
    return files


# Nothing is remembered of what failed: the next time the files may be a few bytes longer.
_ON_FILES = settings(deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def _read_or_refuse(read: Any, path: Path) -> Any:
    try:
        return read(path)
    except DocumentError as error:
        return str(error)


@given(data=st.data())
@settings(_ON_FILES, max_examples=150)
def test_cut_files_open_with_a_note_or_are_refused(
    tmp_path: Path, whole_files: dict[str, bytes], data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(sorted(whole_files)))
    whole = whole_files[name]
    cut = data.draw(st.integers(0, len(whole) - 1))
    path = tmp_path / name
    path.write_bytes(whole)
    expected = read_picture(path)
    path.write_bytes(whole[:cut])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        picture, mask = (_read_or_refuse(read, path) for read in (read_picture, read_mask))
    assert isinstance(picture, str) == isinstance(mask, str)
    if isinstance(picture, str):
        assert name in picture
        assert name in mask
    else:
        assert picture.size == expected.size
        assert mask.shape == picture.pixels.shape[:2]
        # a PNG ends in check sums and an end mark that no pixel needs
        assert picture.note or (name.endswith(".png") and np.array_equal(picture.pixels, expected.pixels))


@given(data=st.data())
@settings(_ON_FILES, max_examples=150)
def test_damaged_files_open_or_are_refused(tmp_path: Path, whole_files: dict[str, bytes], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(whole_files)))
    damaged = bytearray(whole_files[name])
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / name
    path.write_bytes(damaged)
    for read in (read_picture, read_mask):
        found = _read_or_refuse(read, path)
        assert not isinstance(found, str) or name in found


def test_paths_may_be_strings(tmp_path: Path) -> None:
    path = os.fspath(_save(tmp_path / "ä b.png", _noise(20, 30)))
    picture = read_picture(path)
    assert picture.path == Path(path)
    write_picture(picture, path)
    assert read_mask(path).shape == (20, 30)


def test_nothing_of_an_image_is_kept_once_it_is_a_picture(tmp_path: Path) -> None:
    path = _save(tmp_path / "a.png", _noise(300, 400, 4))
    read_picture(path)
    path.write_bytes(path.read_bytes()[:20_000])
    assert read_picture(path).note
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(DocumentError):
        read_picture(path)
    assert Image.core.get_stats()["blocks_cached"] == 0  # type: ignore[attr-defined]
    assert Image.core.get_blocks_max() == 0  # type: ignore[attr-defined]
