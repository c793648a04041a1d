"""TIFF of every depth, kind of number, compression and channel; thumbnails are not pictures."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from app.document.formats.files import read_mask, read_picture
from app.document.notes import About, losses

HEIGHT, WIDTH = 18, 22
RNG = np.random.default_rng(5)
NONE, DEFLATE = 1, 8


def _tiff(
    path: Path, values: NDArray[Any], bits: int, *, order: str = "<", fill: int = 1, compression: int = NONE,
    predictor: int = 1, photometric: int | None = None, form: int = 1, planar: bool = False, **more: Any,
) -> Path:  # fmt: skip
    """A TIFF by hand, of samples (H, W, C) below 2 ** bits, in one strip a plane."""
    height, width, channels = values.shape
    planes = [values[..., i : i + 1] for i in range(channels)] if planar else [values]
    strips = []
    for plane in planes:
        if predictor == 2:
            wide = plane.astype(np.int64)
            plane = np.concatenate([wide[:, :1], np.diff(wide, axis=1)], axis=1) % (1 << bits)
        rows = _floats(plane) if predictor == 3 else b"".join(_packed(row.ravel(), bits, order) for row in plane)
        rows = zlib.compress(rows) if compression == DEFLATE else rows
        if fill == 2:
            rows = bytes(int(f"{byte:08b}"[::-1], 2) for byte in rows)
        strips.append(rows)
    count = len(strips)
    tags: dict[int, tuple[str, tuple[int, ...]]] = {
        256: ("L", (width,)), 257: ("L", (height,)), 258: ("H", (bits,) * channels), 259: ("H", (compression,)),
        262: ("H", ((2 if channels >= 3 else 1) if photometric is None else photometric,)), 266: ("H", (fill,)),
        273: ("L", (0,) * count), 277: ("H", (channels,)), 278: ("L", (height,)),
        279: ("L", tuple(map(len, strips))), 284: ("H", (2 if planar else 1,)), 317: ("H", (predictor,)),
        339: ("H", (form,) * channels),
    }  # fmt: skip
    for name, found in more.items():
        tags[int(name[1:])] = found
    start = 8
    at = start + 2 + 12 * len(tags) + 4
    sizes = {tag: struct.calcsize(f"<{len(v)}{k}") for tag, (k, v) in tags.items()}
    body_at = at + sum(size + size % 2 for size in sizes.values() if size > 4)
    offsets = tuple(body_at + sum(map(len, strips[:i])) for i in range(count))
    tags[273] = ("L", offsets)
    entries, extra = b"", b""
    for tag in sorted(tags):
        kind, numbers = tags[tag]
        data = struct.pack(f"{order}{len(numbers)}{kind}", *numbers)
        if len(data) > 4:
            place = struct.pack(f"{order}L", at + len(extra))
            extra += data + b"\0" * (len(data) % 2)
        else:
            place = data.ljust(4, b"\0")
        entries += struct.pack(f"{order}HHL", tag, {"H": 3, "L": 4}[kind], len(numbers)) + place
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}L", start)
    path.write_bytes(head + struct.pack(f"{order}H", len(tags)) + entries + bytes(4) + extra + b"".join(strips))
    return path


def _packed(row: NDArray[Any], bits: int, order: str) -> bytes:
    if bits in (8, 16, 32):
        return row.astype(f"{order}u{bits // 8}").tobytes()
    if bits == 24:
        wide = row.astype(f"{order}u4").view(np.uint8).reshape(-1, 4)
        return (wide[:, 1:] if order == ">" else wide[:, :3]).tobytes()
    text = "".join(f"{int(value):0{bits}b}" for value in row)
    text += "0" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8, "big")


def _floats(values: NDArray[Any]) -> bytes:
    """Rows of floating point with the bytes of each number apart, as differences."""
    high_first = values.astype(values.dtype.newbyteorder(">")).view(np.uint8)
    rows = high_first.reshape(len(values), -1, values.itemsize)
    planes = np.moveaxis(rows, 2, 1).reshape(len(values), -1, values.shape[2]).astype(np.int64)
    return np.concatenate([planes[:, :1], np.diff(planes, axis=1)], axis=1).astype(np.uint8).tobytes()


def _levels(bits: int, channels: int) -> NDArray[np.int64]:
    values = RNG.integers(0, 1 << bits, (HEIGHT, WIDTH, channels))
    values[0, :2, 0] = 0, (1 << bits) - 1
    return values


@pytest.mark.parametrize("bits", [2, 3, 4, 5, 6, 7, 10, 12, 14, 16, 24, 32])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("how", [{}, {"order": ">"}, {"planar": True, "compression": DEFLATE}, {"fill": 2}])
def test_declared_depths_use_the_whole_range(tmp_path: Path, bits: int, channels: int, how: dict[str, Any]) -> None:
    values = _levels(bits, channels)
    picture = read_picture(_tiff(tmp_path / "a.tif", values, bits, **how))
    top = 255 if bits <= 8 else 65535
    assert picture.pixels.dtype == (np.uint8 if bits <= 8 else np.uint16)
    wanted = values * top / ((1 << bits) - 1)
    assert np.abs(picture.pixels[..., :channels] - wanted).max() <= 1
    assert picture.grey == (channels == 1)
    assert [note.about for note in picture.notes] == ([] if bits <= 8 or bits == 16 else [About.DEPTH])
    assert read_mask(tmp_path / "a.tif").shape == (HEIGHT, WIDTH)


@pytest.mark.parametrize("bits", [10, 12, 16, 24, 32])
def test_differences_are_undone(tmp_path: Path, bits: int) -> None:
    values = _levels(bits, 3)
    plain = read_picture(_tiff(tmp_path / "a.tif", values, bits)).pixels
    packed = read_picture(_tiff(tmp_path / "b.tif", values, bits, predictor=2, compression=DEFLATE)).pixels
    np.testing.assert_array_equal(packed, plain)


def test_darkness_in_twelve_bits(tmp_path: Path) -> None:
    values = _levels(12, 1)
    picture = read_picture(_tiff(tmp_path / "a.tif", values, 12, photometric=0))
    assert np.abs(picture.pixels[..., 0] - (65535 - values[..., 0] * 65535 / 4095)).max() <= 1


def test_a_largest_value_that_means_fewer_bits(tmp_path: Path) -> None:
    values = _levels(12, 1)
    declared = read_picture(_tiff(tmp_path / "a.tif", values, 16, t281=("H", (4095,))))
    assert np.abs(declared.pixels[..., 0] - values[..., 0] * 65535 / 4095).max() <= 1
    seen = read_picture(_tiff(tmp_path / "b.tif", values, 16, t281=("H", (4001,))))  # only the largest that occurs
    np.testing.assert_array_equal(seen.pixels[..., 0], values[..., 0])
    wrong = read_picture(_tiff(tmp_path / "c.tif", values * 2, 16, t281=("H", (4095,))))
    np.testing.assert_array_equal(wrong.pixels[..., 0], values[..., 0] * 2)


@pytest.mark.parametrize("order", ["<", ">"])
def test_dark_pictures_stay_dark(tmp_path: Path, order: Any) -> None:
    values = RNG.integers(63, 178, (HEIGHT, WIDTH), np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", values, byteorder=order, photometric="minisblack")
    picture = read_picture(tmp_path / "a.tif")
    np.testing.assert_array_equal(picture.pixels[..., 0], values)


def test_thirty_two_bits_have_an_upper_half(tmp_path: Path) -> None:
    values = np.linspace(0, 2**32 - 1, HEIGHT * WIDTH).astype(np.uint32).reshape(HEIGHT, WIDTH)
    tifffile.imwrite(tmp_path / "a.tif", values, photometric="minisblack")
    picture = read_picture(tmp_path / "a.tif")
    assert np.abs(picture.pixels[..., 0] - values / 65537).max() <= 1
    low = RNG.integers(0, 60000, (HEIGHT, WIDTH), np.uint32)  # nothing would be seen of it
    tifffile.imwrite(tmp_path / "b.tif", low, photometric="minisblack")
    np.testing.assert_array_equal(read_picture(tmp_path / "b.tif").pixels[..., 0], low)


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("options", [{}, {"byteorder": ">"}, {"tile": (16, 16)}])
def test_numbers_with_a_point(tmp_path: Path, kind: Any, channels: int, options: dict[str, Any]) -> None:
    values = RNG.random((HEIGHT, WIDTH, channels)).astype(kind)
    stored = values if channels == 3 else values[..., 0]
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="rgb" if channels == 3 else "minisblack", **options)
    picture = read_picture(tmp_path / "a.tif")
    assert np.abs(picture.pixels[..., :channels] - values.astype(float) * 65535).max() <= 1
    assert "brought to 16 bits" in picture.note
    assert read_mask(tmp_path / "a.tif").shape == (HEIGHT, WIDTH)


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("order", ["<", ">"])
def test_differences_of_floating_point(tmp_path: Path, kind: Any, order: str) -> None:
    values = RNG.random((HEIGHT, WIDTH, 3)).astype(kind)
    bits = values.itemsize * 8
    path = _tiff(tmp_path / "a.tif", values, bits, order=order, compression=DEFLATE, predictor=3, form=3)
    picture = read_picture(path)
    assert np.abs(picture.pixels - values.astype(float) * 65535).max() <= 1


def test_signed_numbers(tmp_path: Path) -> None:
    values = RNG.integers(-3000, 32768, (HEIGHT, WIDTH, 3)).astype(np.int16)
    values[0, 0] = 32767
    tifffile.imwrite(tmp_path / "a.tif", values, photometric="rgb")
    picture = read_picture(tmp_path / "a.tif")
    assert np.abs(picture.pixels - np.maximum(values.astype(float), 0) * 65535 / 32767).max() <= 1


def test_palettes_of_sixteen_bits(tmp_path: Path) -> None:
    indices = RNG.integers(0, 65536, (HEIGHT, WIDTH, 1))
    palette = RNG.integers(0, 65536, (3, 65536))
    picture = read_picture(
        _tiff(tmp_path / "a.tif", indices, 16, photometric=3, t320=("H", tuple(map(int, palette.ravel()))))
    )
    np.testing.assert_array_equal(picture.pixels, (palette.T >> 8)[indices[..., 0]])


@pytest.mark.parametrize("bits", [8, 16])
def test_inks(tmp_path: Path, bits: int) -> None:
    top = (1 << bits) - 1
    values = np.zeros((HEIGHT, WIDTH, 5), np.int64)
    values[:, :5, 0] = values[:, 5:10, 1] = top
    values[..., 4] = top // 2
    path = _tiff(tmp_path / "a.tif", values, bits, photometric=5, t338=("H", (2,)))
    picture = read_picture(path)
    assert (picture.pixels[:, :5, 0] < 60).all() and (picture.pixels[:, 5:10, 1] < 60).all()
    assert (picture.pixels[:, 10:, :3] > 250).all()
    assert (np.abs(picture.pixels[..., 3].astype(int) - 127) <= 1).all()
    assert "converted from CMYK" in picture.note


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize(
    ("channels", "extra", "alpha", "spots"),
    [
        (1, (0,), None, 1),
        (1, (2,), 1, 0),
        (1, (0, 2), 2, 1),
        (3, (0, 0), None, 2),
        (3, (0,), None, 1),
        (3, (0, 2), 4, 1),
        (3, (2, 0), 3, 1),
        (3, (0, 0, 2), 5, 2),
    ],
)
@pytest.mark.parametrize("planar", [False, True])
def test_further_channels(
    tmp_path: Path, bits: int, channels: int, extra: tuple[int, ...], alpha: int | None, spots: int, planar: bool
) -> None:
    values = _levels(bits, channels + len(extra))
    path = _tiff(
        tmp_path / "a.tif", values, bits, photometric=2 if channels == 3 else 1, planar=planar, t338=("H", extra)
    )
    picture = read_picture(path)
    np.testing.assert_array_equal(picture.pixels[..., :channels], values[..., :channels])
    assert picture.has_alpha == (alpha is not None)
    if alpha is not None:
        np.testing.assert_array_equal(picture.pixels[..., 3], values[..., alpha])
    assert picture.grey == (channels == 1)
    lost = [note for note in losses(picture.notes) if note.about is About.CHANNELS]
    assert len(lost) == (spots > 0)
    assert not spots or ("2 further channels" if spots == 2 else "a further channel") in lost[0].text
    assert read_mask(path).shape == (HEIGHT, WIDTH)


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("channels", [1, 3])
def test_weighted_alpha(tmp_path: Path, bits: int, channels: int) -> None:
    top = (1 << bits) - 1
    colours, alpha = _levels(bits, channels), RNG.integers(top // 2, top + 1, (HEIGHT, WIDTH, 1))
    stored = np.concatenate([(colours * alpha + top // 2) // top, alpha], axis=2)
    picture = read_picture(_tiff(tmp_path / "a.tif", stored, bits, t338=("H", (1,)), photometric=channels // 2 + 1))
    assert np.abs(picture.pixels[..., :channels].astype(int) - colours).max() <= 2
    np.testing.assert_array_equal(picture.pixels[..., 3], alpha[..., 0])


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_compressions_that_libtiff_undoes(tmp_path: Path, depth: Any) -> None:
    values = RNG.integers(0, 200, (HEIGHT, WIDTH, 3), depth)
    for number in (5, 32773, 8):  # LZW, PackBits, deflate
        options = [cv2.IMWRITE_TIFF_COMPRESSION, number]
        (tmp_path / "a.tif").write_bytes(cv2.imencode(".tiff", values[..., ::-1], options)[1].tobytes())
        np.testing.assert_array_equal(read_picture(tmp_path / "a.tif").pixels, values)


@pytest.mark.parametrize("order", ["<", ">"])
def test_bigtiff(tmp_path: Path, order: Any) -> None:
    for values in (RNG.integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8), RNG.random((HEIGHT, WIDTH, 3))):
        tifffile.imwrite(tmp_path / "a.tif", values, photometric="rgb", bigtiff=True, byteorder=order)
        picture = read_picture(tmp_path / "a.tif")
        wanted = values if values.dtype == np.uint8 else values * 65535
        assert np.abs(picture.pixels - wanted.astype(float)).max() <= 1


@pytest.mark.parametrize("name", ["a.tif", "a.dng", "a.nef", "a.cr2"])
def test_the_thumbnail_is_not_the_picture(tmp_path: Path, name: str) -> None:
    full = RNG.integers(0, 256, (HEIGHT * 4, WIDTH * 4, 3), np.uint8)
    with tifffile.TiffWriter(tmp_path / name) as file:
        file.write(full[::4, ::4], photometric="rgb", subfiletype=1, subifds=1)
        file.write(full, photometric="rgb")
    picture = read_picture(tmp_path / name)
    np.testing.assert_array_equal(picture.pixels, full)
    assert picture.note == "" or About.PAGES not in {note.about for note in picture.notes}
    np.testing.assert_array_equal(read_mask(tmp_path / name).shape, full.shape[:2])


def test_a_thumbnail_before_the_pages(tmp_path: Path) -> None:
    full = RNG.integers(0, 256, (HEIGHT * 4, WIDTH * 4, 3), np.uint8)
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        file.write(full[::4, ::4], photometric="rgb", subfiletype=1)
        file.write(full, photometric="rgb")
    np.testing.assert_array_equal(read_picture(tmp_path / "a.tif").pixels, full)


def test_smaller_copies_are_no_pages(tmp_path: Path) -> None:
    full = RNG.random((HEIGHT * 4, WIDTH * 4, 3)).astype(np.float32)
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        file.write(full, photometric="rgb")
        file.write(full[::4, ::4], photometric="rgb", subfiletype=1)
    picture = read_picture(tmp_path / "a.tif")
    assert picture.size == (WIDTH * 4, HEIGHT * 4)
    assert About.PAGES not in {note.about for note in picture.notes}


def test_webp_in_tiff(tmp_path: Path) -> None:
    import io

    from PIL import Image

    pixels = RNG.integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "WEBP", lossless=True)
    path = _tiff(tmp_path / "a.tif", np.zeros((HEIGHT, WIDTH, 3), np.int64), 8, compression=50001)
    with tifffile.TiffFile(path) as file:
        page: Any = file.pages[0]
        place, length = page.tags[273].valueoffset, page.tags[279].valueoffset
    data = bytearray(path.read_bytes())
    struct.pack_into("<L", data, place, len(data))
    struct.pack_into("<L", data, length, len(buffer.getvalue()))
    path.write_bytes(bytes(data) + buffer.getvalue())
    np.testing.assert_array_equal(read_picture(path).pixels, pixels)
