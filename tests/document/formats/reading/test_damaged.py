"""Damaged metadata, cut files, wrong check sums, large texts: opened, with a note of what is missing."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin

from app.document.errors import DocumentError
from app.document.formats.files import read_mask, read_picture, read_picture_data
from app.document.notes import About, losses
from app.document.pixels.picture import Picture

JUNK = b"\0\0\x11\0\0\x01\x04\0junk"
WIDTH, HEIGHT = 60, 48


def _smooth(*more: int) -> NDArray[np.uint8]:
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    grey = (60 + x * 2 + y).astype(np.uint8)
    return grey if not more else np.stack([grey, grey // 2, 255 - grey, grey][: more[0]], axis=2)


def _disc() -> NDArray[np.uint8]:
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    return np.where((x - 30) ** 2 + (y - 20) ** 2 < 80, 255, 0).astype(np.uint8)


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">L", len(content)) + name + content + struct.pack(">L", zlib.crc32(name + content))


def _png(array: NDArray[np.uint8], *chunks: bytes, **options: Any) -> bytes:
    """A PNG with further chunks before the pixels."""
    file = io.BytesIO()
    Image.fromarray(array).save(file, "PNG", **options)
    data = file.getvalue()
    return data[:33] + b"".join(chunks) + data[33:]


def _file(array: NDArray[np.uint8], kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray(array).save(file, kind, **options)
    return file.getvalue()


def _abouts(picture: Picture) -> set[About]:
    return {note.about for note in picture.notes}


@pytest.mark.parametrize(
    "junk",
    [JUNK, b"", b"Exif\0\0", b"II*\0\xff\xff\xff\xff", b"MM\0*\0\0\0\x08\xff\xff" + b"\x55" * 30],
    ids=["words", "empty", "prefix only", "far away", "endless"],
)
@pytest.mark.parametrize("kind", ["PNG", "WEBP", "JPEG"])
def test_damaged_exif_does_not_stop_the_pixels(kind: str, junk: bytes) -> None:
    plain = _file(_smooth(3), kind, **({"lossless": True} if kind == "WEBP" else {}))
    if kind == "PNG":
        data = _png(_smooth(3), _chunk(b"eXIf", junk))
    elif kind == "WEBP":
        padded = junk + b"\0" * (len(junk) % 2)
        flags = struct.pack("<LHBHB", 8, WIDTH - 1, 0, HEIGHT - 1, 0)
        body = b"VP8X" + struct.pack("<L", 10) + flags + plain[12:]
        body += b"EXIF" + struct.pack("<L", len(junk)) + padded
        data = b"RIFF" + struct.pack("<L", len(body) + 4) + b"WEBP" + body
    else:
        body = b"Exif\0\0" + junk
        data = plain[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + plain[2:]
    picture = read_picture_data(data, "a")
    np.testing.assert_array_equal(picture.pixels, read_picture_data(plain, "b").pixels)
    assert picture.exif is None
    assert _abouts(picture) <= {About.METADATA}
    if junk == JUNK:
        assert picture.note == "Its EXIF data is damaged and was left out."


def test_a_profile_of_exif_that_is_no_number() -> None:
    text = b"Raw profile type exif\0\nexif\n      20\nnot hexadecimal\n"
    picture = read_picture_data(_png(_smooth(3), _chunk(b"tEXt", text)), "a.png")
    np.testing.assert_array_equal(picture.pixels, _smooth(3))
    assert "EXIF data is damaged" in picture.note


def test_a_mask_with_damaged_exif_is_a_mask() -> None:
    np.testing.assert_array_equal(read_mask(_png(_disc(), _chunk(b"eXIf", JUNK))), _disc())


def test_large_texts_and_profiles_open(tmp_path: Path) -> None:
    text = "workflow " * 170_000  # 1.5 MB
    info = PngImagePlugin.PngInfo()
    info.add_text("workflow", text, zip=True)
    picture = read_picture_data(_png(_smooth(3), pnginfo=info), "a.png")
    assert picture.texts == {"workflow": text}
    assert picture.note == ""
    profile = b"\0" * 128 + bytes(3_000_000)  # no profile, but as large as some are
    chunk = _chunk(b"iCCP", b"large\0\0" + zlib.compress(profile))
    np.testing.assert_array_equal(read_picture_data(_png(_smooth(3), chunk), "b.png").pixels, _smooth(3))


def test_a_text_that_would_fill_the_memory_is_left_out() -> None:
    bomb = b"bomb\0\0" + zlib.compress(bytes(80_000_000))
    picture = read_picture_data(_png(_smooth(3), _chunk(b"zTXt", bomb)), "a.png")
    np.testing.assert_array_equal(picture.pixels, _smooth(3))
    assert "A text in it is too large and was left out." in picture.note
    assert losses(picture.notes)


def test_a_wrong_check_sum_of_a_minor_part() -> None:
    wrong = bytearray(_chunk(b"pHYs", struct.pack(">LLB", 11811, 11811, 1)))
    wrong[-1] ^= 1
    picture = read_picture_data(_png(_smooth(3), bytes(wrong)), "a.png")
    np.testing.assert_array_equal(picture.pixels, _smooth(3))
    assert "A check sum in it is wrong (pHYs)" in picture.note


def test_a_wrong_check_sum_of_the_pixels() -> None:
    data = bytearray(_png(_smooth(3)))
    at = data.index(b"IDAT")
    (length,) = struct.unpack_from(">L", data, at - 4)
    data[at + 4 + length] ^= 0xFF
    picture = read_picture_data(bytes(data), "a.png")
    np.testing.assert_array_equal(picture.pixels, _smooth(3))


@pytest.mark.parametrize("channels", [0, 2, 3, 4])
@pytest.mark.parametrize("deep", [False, True])
def test_a_png_without_its_end(tmp_path: Path, channels: int, deep: bool) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, channels or 1), np.uint8)
    if deep:
        kind = {0: 0, 2: 4, 3: 2, 4: 6}[channels]
        raw = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels.astype(np.uint16) * 257)
        head = struct.pack(">LLBBBBB", WIDTH, HEIGHT, 16, kind, 0, 0, 0)
        data = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(raw)) + _chunk(b"IEND", b"")
    else:
        data = _file(pixels[..., 0] if channels == 0 else pixels, "PNG")
    whole = read_picture_data(data, "a.png")
    cut = read_picture_data(data[: len(data) * 6 // 10], "a.png")
    assert cut.pixels.dtype == whole.pixels.dtype == (np.uint16 if deep else np.uint8)
    same = (cut.pixels == whole.pixels).reshape(HEIGHT, -1).all(axis=1)
    rows = int(np.argmin(same))
    assert 20 <= rows <= 40
    assert not same[rows + 1 :].any()
    grey = 0x8080 if deep else 0x80
    assert (cut.pixels[rows:, :, :3] == grey).all()
    assert not cut.has_alpha or (cut.pixels[rows:, :, 3] == (65535 if deep else 255)).all()
    assert f"{100 * (HEIGHT - rows) / HEIGHT:.0f} % of it is missing and grey" in cut.note


def test_an_interlaced_png_without_its_end() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH), np.uint8)
    raw = b""
    for x, y, across, down in ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2)):
        raw += b"".join(b"\0" + row.tobytes() for row in pixels[y::down, x::across])  # the last pass is missing
    head = struct.pack(">LLBBBBB", WIDTH, HEIGHT, 8, 0, 0, 0, 1)
    packed = zlib.compressobj()
    stream = packed.compress(raw) + packed.flush(zlib.Z_SYNC_FLUSH)  # it does not end
    data = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", stream)
    picture = read_picture_data(data, "a.png")
    np.testing.assert_array_equal(picture.pixels[::2, :, 0], pixels[::2])
    assert (picture.pixels[1::2] == 128).all()
    assert "49 % of it is missing" in picture.note


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0, "quality": 100}])
@pytest.mark.parametrize("share", [0.5, 0.9, 0.999])
def test_a_jpeg_without_its_end(options: dict[str, Any], share: float) -> None:
    noise = np.random.default_rng(1).integers(60, 200, (256, 256, 3), np.uint8)
    data = _file(noise, "JPEG", **options)
    whole = read_picture_data(data, "a.jpg")
    cut = read_picture_data(data[: int(len(data) * share)], "a.jpg")
    assert cut.size == whole.size
    assert About.DAMAGE in _abouts(cut)
    if not options.get("progressive"):
        there = np.abs(cut.pixels.astype(int) - whole.pixels).max(axis=(1, 2)) == 0
        assert there[: int(256 * share) - 32].all()
        if share == 0.5:
            assert np.ptp(cut.pixels[-16:], axis=(0, 1)).max() == 0  # even, not black noise
            assert 60 < cut.pixels[-1].mean() < 200
    mask = read_mask(data[: int(len(data) * share)])
    assert mask.shape == (256, 256)


def test_a_jpeg_whose_metadata_stops_its_pixels() -> None:
    plain = _file(_smooth(3), "JPEG")
    # A segment whose length leads beyond the end of the file
    data = plain[:2] + b"\xff\xe2\xff\xffICC_PROFILE\0\x01\x09" + plain[2:]
    picture = read_picture_data(data, "a.jpg")
    np.testing.assert_array_equal(picture.pixels, read_picture_data(plain, "b.jpg").pixels)
    assert picture.note


def test_cut_uncompressed_files(tmp_path: Path) -> None:
    data = _file(_smooth(3), "BMP")
    picture = read_picture_data(data[: -WIDTH * 3 * 5], "a.bmp")
    np.testing.assert_array_equal(picture.pixels[5:], _smooth(3)[5:])  # BMP begins with the lowest row
    assert (picture.pixels[:5] == 128).all()
    assert "10 % of it is grey" in picture.note
    assert picture.size == (WIDTH, HEIGHT)


def test_a_cut_tiff(tmp_path: Path) -> None:
    import tifffile

    path, deep = tmp_path / "a.tif", _smooth(3).astype(np.uint16) * 257
    tifffile.imwrite(path, deep, photometric="rgb", rowsperstrip=4)
    path.write_bytes(path.read_bytes()[: -WIDTH * 3 * 2 * 8])
    picture = read_picture(path)
    np.testing.assert_array_equal(picture.pixels[:40], deep[:40])
    assert (picture.pixels[40:] == 32768).all()
    assert "17 % of it is missing and grey" in picture.note


def test_what_holds_nothing_is_damaged(tmp_path: Path) -> None:
    for name, data in (
        ("a.png", _png(_smooth(3))[:50]),
        ("b.jpg", _file(_smooth(3), "JPEG")[:150]),
        ("c.webp", _file(_smooth(3), "WEBP")[:100]),
    ):
        with pytest.raises(DocumentError, match="is damaged or incomplete"):
            read_picture_data(data, name)


def test_a_promise_of_many_pixels_takes_no_memory() -> None:
    head = struct.pack(">LLBBBBB", 19_000, 20_000, 16, 6, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(bytes(1000)))
    with pytest.raises(DocumentError):
        read_picture_data(data, "a.png")


def test_a_gif_opens_and_says_that_it_is_saved_as_png(tmp_path: Path) -> None:
    frames = [Image.fromarray(_smooth()).convert("P"), Image.new("P", (WIDTH, HEIGHT))]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    picture = read_picture(tmp_path / "a.gif")
    assert (picture.format, picture.size) == ("GIF", (WIDTH, HEIGHT))
    assert "first of its 2" in picture.note
    assert "saved as PNG" in picture.note
    Image.fromarray(_disc()).save(tmp_path / "mask.gif")
    np.testing.assert_array_equal(read_mask(tmp_path / "mask.gif"), _disc())


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"8BPS\0\1" + bytes(40), "a Photoshop file"),
        (b"%PDF-1.7\n", "a PDF document"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "a JPEG XL picture"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "a JPEG 2000 picture"),
        (b"v/1\x01" + bytes(40), "an OpenEXR picture"),
        (b"gimp xcf v011" + bytes(40), "a GIMP file"),
        (b"PK\3\4" + bytes(26) + b"mimetypeimage/openraster", "an OpenRaster file"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG drawing"),
        (b"<!DOCTYPE html><html></html>", "a web page"),
        (b"\0\0\0\x20ftypisom" + bytes(20), "a video"),
        (b"P6 2 2 255\n" + bytes(12), "a PNM picture"),
        (b"Dear reader,\n", "a text file"),
    ],
)
def test_other_kinds_are_named(data: bytes, what: str) -> None:
    for read in (lambda: read_picture_data(data, "a.png"), lambda: read_mask(data, name="a.png")):
        with pytest.raises(DocumentError, match=f'"a.png" is {what}, which cannot be opened here') as caught:
            read()
        assert "damaged" not in str(caught.value)
