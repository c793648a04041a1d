"""BMP in all its forms."""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from app.document.formats.files import read_mask, read_picture_data

WIDTH, HEIGHT = 13, 7


def _pixels() -> NDArray[np.uint8]:
    return np.random.default_rng(2).integers(0, 256, (HEIGHT, WIDTH, 4), np.uint8)


def _bmp(header: bytes, body: bytes, between: bytes = b"") -> bytes:
    start = 14 + len(header) + len(between)
    return b"BM" + struct.pack("<LLL", start + len(body), 0, start) + header + between + body


def _rows(values: NDArray[Any], kind: str) -> bytes:
    rows = [row.astype(kind).tobytes() for row in values[::-1]]
    return b"".join(row + b"\0" * (-len(row) % 4) for row in rows)


def _info(bits: int, kind: int, length: int = 40, height: int = HEIGHT, **masks: int) -> bytes:
    head = struct.pack("<LllHHLLllLL", length, WIDTH, height, 1, bits, kind, 0, 2835, 2835, 0, 0)
    fields = b"".join(struct.pack("<L", mask) for mask in masks.values())
    return (head + fields).ljust(max(length, 40 + len(fields) if length > 40 else 40), b"\0")


@pytest.mark.parametrize(
    ("bits", "masks"),
    [
        (16, (0xF800, 0x07E0, 0x001F)),
        (16, (0x7C00, 0x03E0, 0x001F)),
        (16, (0xF000, 0x0F00, 0x00F0)),
        (16, (0x01C0, 0x0038, 0x0007)),  # three bits each
        (32, (0xFF0000, 0xFF00, 0xFF)),
        (32, (0xFF, 0xFF00, 0xFF0000)),
        (32, (0x3FF00000, 0x000FFC00, 0x000003FF)),  # ten bits each
        (32, (0xFF000000, 0x00FF0000, 0x0000FF00)),
    ],
)
@pytest.mark.parametrize("length", [40, 52, 108])
def test_bit_fields(bits: int, masks: tuple[int, int, int], length: int) -> None:
    pixels = _pixels()
    packed = np.zeros((HEIGHT, WIDTH), np.uint64)
    wanted = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    for index, mask in enumerate(masks):
        low = (mask & -mask).bit_length() - 1
        top = mask >> low
        level = pixels[..., index].astype(np.uint64) * top // 255
        packed |= level << np.uint64(low)
        wanted[..., index] = level * 255 // top
    fields = struct.pack("<3L", *masks)
    head = _info(bits, 3, length)
    header = head[:40] + fields + head[52:] if length > 40 else head
    data = _bmp(header, _rows(packed, f"<u{bits // 8}"), b"" if length > 40 else fields)
    found = read_picture_data(data, "a.bmp")
    assert np.abs(found.pixels[..., :3].astype(int) - wanted).max() <= 1
    assert found.note == ""


def test_bit_fields_with_alpha() -> None:
    pixels = _pixels()
    packed = sum(pixels[..., i].astype(np.uint32) << (8 * (3 - i)) for i in range(4))
    head = _info(32, 3, 108)
    header = head[:40] + struct.pack("<4L", 0xFF000000, 0xFF0000, 0xFF00, 0xFF) + head[56:]
    found = read_picture_data(_bmp(header, _rows(np.asarray(packed), "<u4")), "a.bmp")
    np.testing.assert_array_equal(found.pixels, pixels)


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
@pytest.mark.parametrize("length", [12, 40, 64])
def test_palettes_of_windows_and_os2(bits: int, length: int) -> None:
    colours = 1 << bits
    indices = np.random.default_rng(3).integers(0, colours, (HEIGHT, WIDTH))
    palette = np.random.default_rng(4).integers(0, 256, (colours, 3), np.uint8)
    entries = b"".join(bytes(c[::-1]) + (b"" if length == 12 else b"\0") for c in palette)
    head = struct.pack("<LHHHH", 12, WIDTH, HEIGHT, 1, bits) if length == 12 else _info(bits, 0, length)
    flat = np.zeros((HEIGHT, -(-WIDTH * bits // 8)), np.uint8)
    for x in range(WIDTH):
        flat[:, x * bits // 8] |= (indices[:, x] << (8 - bits - x * bits % 8)).astype(np.uint8)
    found = read_picture_data(_bmp(head, _rows(flat, "u1"), entries), "a.bmp")
    np.testing.assert_array_equal(found.pixels, palette[indices])


def test_rows_from_above_and_without_a_place() -> None:
    pixels = _pixels()[..., :3]
    rows = b"".join(row[:, ::-1].tobytes() + b"\0" * (-WIDTH * 3 % 4) for row in pixels)
    data = bytearray(_bmp(_info(24, 0, height=-HEIGHT), rows))
    np.testing.assert_array_equal(read_picture_data(bytes(data), "a.bmp").pixels, pixels)


def test_runs_of_colours_in_os2() -> None:
    body = bytes([5, 10, 20, 30, 8, 1, 2, 3, 0, 0]) * HEIGHT + b"\0\1"  # 24 bits, each row five and eight
    found = read_picture_data(_bmp(_info(24, 4, 64), body), "a.bmp")
    assert (found.pixels[:, :5] == (30, 20, 10)).all()
    assert (found.pixels[:, 5:] == (3, 2, 1)).all()


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_file_inside(kind: str) -> None:
    buffer = io.BytesIO()
    Image.fromarray(np.full((HEIGHT, WIDTH, 3), 90, np.uint8)).save(buffer, kind)
    found = read_picture_data(_bmp(_info(0, 4 if kind == "JPEG" else 5), buffer.getvalue()), "a.bmp")
    assert np.abs(found.pixels.astype(int) - 90).max() <= 1
    assert found.format == "BMP"


def test_a_mask() -> None:
    level = np.where(_pixels()[..., 0] > 127, 0xFFFF, 0).astype(np.uint16)
    data = _bmp(_info(16, 3), _rows(level, "<u2"), struct.pack("<3L", 0xF800, 0x07E0, 0x001F))
    np.testing.assert_array_equal(read_mask(data), np.where(level > 0, 255, 0))
