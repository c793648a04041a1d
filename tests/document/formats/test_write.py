"""Writing pictures: what is read back is what was written, and nothing is ever half written."""

from __future__ import annotations

import errno
import io
import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageCms

from app.document.errors import DocumentError
from app.document.formats.files import SAVE_FORMATS, format_of, read_picture, write_picture
from app.document.pixels.picture import Picture

LOSSLESS = ("PNG", "TIFF", "BMP", "WEBP")
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def _picture(width: int = 31, height: int = 23, channels: int = 3, seed: int = 0, **rest: Any) -> Picture:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, channels), dtype=np.uint8)
    return Picture(pixels, **rest)


def _smooth() -> Picture:
    y, x = np.mgrid[0:64, 0:96]
    return Picture(np.stack([x * 2, y * 3, 128 + 0 * x], axis=2).astype(np.uint8))


def _exif() -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Maker"
    exif[ExifTags.Base.Artist] = "Näme"
    exif[ExifTags.Base.DateTime] = "2024:01:02 03:04:05"
    exif[ExifTags.IFD.Exif] = {
        ExifTags.Base.ExposureTime: 0.01,
        ExifTags.Base.ISOSpeedRatings: 400,
        ExifTags.Base.MakerNote: b"\x01\x02\x00secret" * 20,
        ExifTags.Base.DateTimeOriginal: "2024:01:02 03:04:05",
    }
    exif[ExifTags.IFD.GPSInfo] = {
        ExifTags.GPS.GPSLatitudeRef: "N",
        ExifTags.GPS.GPSLatitude: (52.0, 31.0, 12.5),
    }
    return exif.tobytes()


def _tags(exif: bytes | None) -> dict[int, Any]:
    loaded = Image.Exif()
    loaded.load(exif or b"")
    tags: dict[int, Any] = {tag: value for tag, value in loaded.items() if tag not in list(ExifTags.IFD)}
    for ifd in (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo):
        tags |= loaded.get_ifd(ifd)
    return tags


@given(
    format=st.sampled_from(LOSSLESS),
    width=st.integers(1, 40),
    height=st.integers(1, 40),
    channels=st.sampled_from([3, 4]),
    seed=st.integers(0, 2**32 - 1),
)
@settings(deadline=None, max_examples=80)
def test_lossless_formats_give_every_pixel_back(format: str, width: int, height: int, channels: int, seed: int) -> None:
    picture = _picture(width, height, 3 if format == "BMP" else channels, seed)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"picture{SAVE_FORMATS[format][0]}"
        write_picture(picture, path, quality=100)
        back = read_picture(path)
    assert (back.format, back.path, back.note) == (format, path, "")
    # WebP itself drops an alpha channel that is opaque everywhere
    np.testing.assert_array_equal(back.pixels[..., : back.pixels.shape[2]], picture.pixels[..., : back.pixels.shape[2]])
    assert back.has_alpha == picture.has_alpha or picture.pixels[..., 3].min() == 255


@pytest.mark.parametrize("format", SAVE_FORMATS)
@pytest.mark.parametrize("channels", [3, 4])
def test_what_belongs_to_a_picture_survives(tmp_path: Path, format: str, channels: int) -> None:
    exif = _exif()
    picture = _picture(channels=channels, icc_profile=SRGB, exif=exif, dpi=(300.0, 150.0))
    path = tmp_path / f"a{SAVE_FORMATS[format][0]}"
    write_picture(picture, path)
    back = read_picture(path)
    if format != "BMP":
        assert back.icc_profile == SRGB
        wanted, found = _tags(exif), _tags(back.exif)
        assert wanted.items() <= found.items()
    if format != "WEBP":
        assert back.dpi == pytest.approx((300, 150), abs=0.02)
    assert back.has_alpha == (channels == 4 and format not in ("JPEG", "BMP"))
    assert back.note == ""
    # and a second time, as an editing session does
    write_picture(back, path)
    again = read_picture(path)
    assert _tags(again.exif) == _tags(back.exif)
    assert again.icc_profile == back.icc_profile


@pytest.mark.parametrize("suffix", [".jpg", ".bmp"])
def test_transparency_becomes_white_where_there_is_none(tmp_path: Path, suffix: str) -> None:
    pixels = np.zeros((16, 16, 4), np.uint8)
    pixels[:, 8:, 3] = 255
    write_picture(Picture(pixels), tmp_path / f"a{suffix}")
    back = read_picture(tmp_path / f"a{suffix}").pixels
    assert back.shape == (16, 16, 3)
    assert back[:, :7].min() > 250
    assert back[:, 9:].max() < 5


@pytest.mark.parametrize(("quality", "sampling"), [(89, "4:2:0"), (90, "4:4:4"), (100, "4:4:4")])
def test_jpeg_keeps_full_colour_from_quality_90(tmp_path: Path, quality: int, sampling: str) -> None:
    write_picture(_smooth(), tmp_path / "a.jpg", quality=quality)
    with Image.open(tmp_path / "a.jpg") as image:
        factors = [(component[1], component[2]) for component in image.layer]  # type: ignore[attr-defined]
    assert factors == ([(1, 1)] * 3 if sampling == "4:4:4" else [(2, 2), (1, 1), (1, 1)])
    back = read_picture(tmp_path / "a.jpg").pixels.astype(int)
    assert np.abs(back - _smooth().pixels).max() < 20


def test_quality_makes_files_smaller(tmp_path: Path) -> None:
    for suffix in (".jpg", ".webp"):
        sizes = []
        for quality in (30, 80, 100):
            write_picture(_picture(90, 90), tmp_path / f"a{suffix}", quality=quality)
            sizes.append((tmp_path / f"a{suffix}").stat().st_size)
        assert sizes == sorted(sizes)
        assert sizes[0] < sizes[2]


def test_lossy_webp_is_close(tmp_path: Path) -> None:
    write_picture(_smooth(), tmp_path / "a.webp", quality=95)
    back = read_picture(tmp_path / "a.webp").pixels.astype(int)
    assert 0 < np.abs(back - _smooth().pixels).max() < 20


def test_tiff_is_deflated(tmp_path: Path) -> None:
    write_picture(_smooth(), tmp_path / "a.tif")
    with Image.open(tmp_path / "a.tif") as image:
        assert image.info["compression"] == "tiff_adobe_deflate"


@pytest.mark.parametrize("quality", [0, 101, -3])
def test_quality_has_a_range(tmp_path: Path, quality: int) -> None:
    with pytest.raises(ValueError, match="quality"):
        write_picture(_picture(), tmp_path / "a.jpg", quality=quality)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "format"),
    [("a.png", "PNG"), ("a.JPG", "JPEG"), ("b.c.jpeg", "JPEG"), ("a.WebP", "WEBP"), ("a.tif", "TIFF")],
)
def test_the_ending_says_the_format(name: str, format: str) -> None:
    assert format_of(name) == format


@pytest.mark.parametrize("name", ["a", "a.xcf", "png", ".png", "a.gif"])
def test_an_unknown_ending_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(DocumentError, match=r"does not end in a format.*\.png"):
        write_picture(_picture(), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_format_can_be_named_for_any_file_name(tmp_path: Path) -> None:
    write_picture(_picture(), tmp_path / "a.part", format="TIFF")
    assert read_picture(tmp_path / "a.part").format == "TIFF"
    with pytest.raises(DocumentError, match="cannot be written as GIF"):
        write_picture(_picture(), tmp_path / "a.gif", format="GIF")


@pytest.mark.parametrize(("suffix", "limit"), [(".webp", 16383), (".jpg", 65535)])
def test_a_side_too_long_for_the_format_is_refused(tmp_path: Path, suffix: str, limit: int) -> None:
    picture = Picture(np.zeros((1, limit + 1, 3), np.uint8))
    with pytest.raises(DocumentError, match=f"{limit}.*PNG or TIFF"):
        write_picture(picture, tmp_path / f"a{suffix}")
    assert list(tmp_path.iterdir()) == []


def test_metadata_too_large_for_a_jpeg_does_not_prevent_saving(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.ImageDescription] = "x" * 70_000
    picture = _picture(exif=exif.tobytes())
    write_picture(picture, tmp_path / "a.jpg")
    assert read_picture(tmp_path / "a.jpg").exif is None
    write_picture(picture, tmp_path / "a.png")
    assert _tags(read_picture(tmp_path / "a.png").exif) == _tags(exif.tobytes())


def test_an_encoder_that_fails_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for error, words in ((MemoryError(), "not enough memory"), (RuntimeError("?"), "choose another format")):

        def fail(*_: Any, error: Exception = error, **__: Any) -> NoReturn:
            raise error

        with monkeypatch.context() as patch:
            patch.setattr(Image.Image, "save", fail)
            with pytest.raises(DocumentError, match=words):
                write_picture(_picture(), tmp_path / "a.png")
    assert list(tmp_path.iterdir()) == []


class _FullFile(io.FileIO):
    def write(self, data: Any) -> int:
        super().write(bytes(data)[:7])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("place", ["open", "write", "fsync", "replace"])
@pytest.mark.parametrize("there", [True, False], ids=["over an old file", "new"])
def test_a_full_disk_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, there: bool
) -> None:
    path = tmp_path / "a.png"
    if there:
        path.write_bytes(b"the old file")

    def fail(*_: Any, **__: Any) -> NoReturn:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        if place == "open":
            patch.setattr(Path, "open", fail)
        elif place == "write":
            patch.setattr(Path, "open", lambda self, mode: _FullFile(self, "xb"))
        else:
            patch.setattr(os, place, fail)
        with pytest.raises(DocumentError, match=r'"a\.png" was not saved because the disk is full'):
            write_picture(_picture(), path)
    assert [file.name for file in tmp_path.iterdir()] == (["a.png"] if there else [])
    if there:
        assert path.read_bytes() == b"the old file"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.EACCES, "no permission"),
        (errno.EROFS, "no permission"),
        (errno.EIO, "try again or save somewhere else"),
        (errno.ENAMETOOLONG, "name is too long"),
    ],
)
def test_a_place_that_refuses_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, words: str
) -> None:
    def fail(*_: Any, **__: Any) -> NoReturn:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(DocumentError, match=words) as caught:
        write_picture(_picture(), tmp_path / "a.png")
    assert str(caught.value).count("\n") == 0
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_or_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for folder in ("nowhere", "file"):
        with pytest.raises(DocumentError, match="does not exist"):
            write_picture(_picture(), tmp_path / folder / "a.png")
    (tmp_path / "b.png").mkdir()
    with pytest.raises(DocumentError, match="a folder has that name"):
        write_picture(_picture(), tmp_path / "b.png")
    with pytest.raises(DocumentError, match="too long"):
        write_picture(_picture(), tmp_path / f"{'x' * 300}.png")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["b.png", "file"]


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX rights")
def test_rights_and_links_of_the_old_file_stay(tmp_path: Path) -> None:
    real, link = tmp_path / "real.png", tmp_path / "link.png"
    write_picture(_picture(), real)
    real.chmod(0o640)
    link.symlink_to(real)
    write_picture(_picture(seed=5), link)
    assert link.is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    np.testing.assert_array_equal(read_picture(real).pixels, _picture(seed=5).pixels)


def test_a_protected_file_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"the old file")
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write anywhere
    with pytest.raises(DocumentError, match="no permission"):
        write_picture(_picture(), path)
    assert path.read_bytes() == b"the old file"


def test_writing_does_not_change_the_picture(tmp_path: Path) -> None:
    picture = _picture(channels=4, dpi=(72.0, 72.0))
    before = picture.pixels.copy()
    for suffix in (".png", ".jpg", ".webp", ".tif", ".bmp"):
        write_picture(picture, tmp_path / f"a{suffix}")
    np.testing.assert_array_equal(picture.pixels, before)
    assert picture.path is None
    assert picture.format == "PNG"


@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
def test_a_disk_that_ends_in_the_middle_leaves_the_old_file(tmp_path: Path) -> None:
    """In a process of its own, which may write no file as large as the new one."""
    path = tmp_path / "a.png"
    write_picture(_picture(), path)
    old = path.read_bytes()
    script = f"""
import resource, signal, sys
import numpy as np
from app.document.errors import DocumentError
from app.document.formats.files import write_picture
from app.document.pixels.picture import Picture
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
pixels = np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8)
try:
    write_picture(Picture(pixels), {str(path)!r})
except DocumentError as error:
    sys.exit(str(error))
"""
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=False)
    assert '"a.png" was not saved because that disk takes no file as large' in done.stderr
    assert done.returncode == 1
    assert path.read_bytes() == old
    assert [file.name for file in tmp_path.iterdir()] == ["a.png"]


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    write_picture(_picture(), path)
    old = path.read_bytes()
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(DocumentError, match="no permission"):
            write_picture(_picture(seed=5), path)
    finally:
        tmp_path.chmod(0o700)
    assert path.read_bytes() == old


def test_formats_say_what_they_cannot(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="HEIC files can be opened here but not written"):
        write_picture(_picture(), tmp_path / "a.heic")
    (tmp_path / "a.png").write_bytes(b"")
    with pytest.raises(DocumentError, match="no name that a file can have"):
        write_picture(_picture(), tmp_path / "a\0.png")
