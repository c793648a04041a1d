"""BMP files in the forms that Pillow does not read: OS/2, bit fields, a file inside, an end that is missing."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.document.notes import About, Note
from app.document.pixels import Picture

_PLAIN, _RLE8, _RLE4, _FIELDS, _JPEG, _PNG, _ALPHA_FIELDS = range(7)
_RLE24 = 4  # of OS/2, whose number means JPEG elsewhere
_OS2 = (16, 24, 48, 64)  # lengths of headers of OS/2's second version
_DEPTHS = (1, 2, 4, 8, 16, 24, 32)
_MISSING = 0x80


@dataclass
class _Header:
    length: int
    width: int
    height: int
    top_down: bool
    bits: int
    kind: int
    colours: int
    masks: tuple[int, ...]
    start: int  # of the palette


def size_of(data: bytes) -> tuple[int, int] | None:
    """(width, height) as the header says; None where it makes no sense."""
    header = _header(data)
    return None if header is None else (header.width, header.height)


def read_bmp(data: bytes) -> Picture | None:
    """The picture; None where it is not understood."""
    header = _header(data)
    if header is None:
        return None
    offset = int.from_bytes(data[10:14], "little")
    if header.kind in (_JPEG, _PNG) and header.length not in _OS2:
        return _inside(data[offset:])
    if header.kind not in (_PLAIN, _RLE8, _RLE4, _FIELDS, _ALPHA_FIELDS, _RLE24) or header.bits not in _DEPTHS:
        return None
    # Some say nothing of where the pixels are, or something impossible
    least = header.start + (4 if header.length > 12 else 3) * (header.colours if header.bits <= 8 else 0)
    body = data[offset if 14 < offset <= len(data) else least :]
    notes: list[Note] = []
    if header.kind in (_RLE8, _RLE4, _RLE24):
        rows = _run_lengths(body, header)
        missing = None
    else:
        rows, missing = _rows(body, header)
    if rows is None or missing == header.height:
        return None
    pixels = _colours(rows, header, data)
    if missing:
        pixels[header.height - missing :, :, :3] = _MISSING
        notes.append(Note(About.DAMAGE, f"It is incomplete: {100 * missing / header.height:.0f} % of it is grey."))
    if not header.top_down:
        pixels = np.ascontiguousarray(pixels[::-1])
    return Picture(pixels, format="BMP", notes=tuple(notes))


# -- inside --------------------------------------------------------------------------------


def _header(data: bytes) -> _Header | None:
    if len(data) < 26 or data[:2] != b"BM":
        return None
    (length,) = struct.unpack_from("<L", data, 14)
    if length == 12:
        width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
        kind, colours, masks = _PLAIN, 1 << bits if bits <= 8 else 0, ()
    elif 16 <= length <= 256 and len(data) >= 14 + length:
        width, height, _, bits = struct.unpack_from("<llHH", data, 18)
        rest = data[30 : 14 + length].ljust(64, b"\0")
        kind, _, _, _, colours = struct.unpack_from("<LLllL", rest)
        if not 0 < colours <= 1 << min(bits, 8):
            colours = 1 << bits if bits <= 8 else 0
        masks = ()
        if kind in (_FIELDS, _ALPHA_FIELDS) and length not in (64,):
            count = 4 if length >= 56 or kind == _ALPHA_FIELDS else 3
            masks = struct.unpack_from(f"<{count}L", data.ljust(70, b"\0"), 54)
            length = max(length, 40)
    else:
        return None
    start = 14 + length + (4 * len(masks) if length == 40 else 0)
    if width <= 0 or height == 0 or bits > 32:
        return None
    return _Header(length, width, abs(height), height < 0, bits, kind, colours, masks, start)


def _inside(data: bytes) -> Picture | None:
    with Image.open(io.BytesIO(data), formats=["JPEG", "PNG"]) as image:
        return Picture(np.array(image.convert("RGBA" if image.has_transparency_data else "RGB")), format="BMP")


def _rows(body: bytes, header: _Header) -> tuple[NDArray[np.uint32] | None, int]:
    """(H, W) values of pixels, rows as they lie, and how many rows are missing."""
    stride = (header.width * header.bits + 31) // 32 * 4
    there = min(len(body) // stride, header.height)
    padded = body[: there * stride] + bytes(stride * (header.height - there))
    lines = np.frombuffer(padded, np.uint8).reshape(header.height, stride)
    width, bits = header.width, header.bits
    if bits < 8:
        count = width * bits
        single = np.unpackbits(lines, axis=1, count=count).reshape(header.height, width, bits)
        values = (single @ (1 << np.arange(bits - 1, -1, -1, dtype=np.uint32))).astype(np.uint32)
    elif bits == 24:
        values = _joined(lines[:, : width * 3].reshape(header.height, width, 3))
    else:
        values = lines.view(f"<u{bits // 8}")[:, :width].astype(np.uint32)
    return values, header.height - there


def _joined(three: NDArray[Any]) -> NDArray[np.uint32]:
    """0xRRGGBB of (..., 3) blue, green and red."""
    return np.asarray(three.astype(np.uint32) @ np.array([1, 1 << 8, 1 << 16], np.uint32), np.uint32)


def _run_lengths(body: bytes, header: _Header) -> NDArray[np.uint32] | None:
    """Values of pixels packed as runs; what is not there is the first colour."""
    out = np.zeros((header.height, header.width), np.uint32)
    size = 3 if header.bits == 24 else 1
    half = header.bits == 4
    x = y = at = 0

    def values(part: bytes, count: int) -> NDArray[np.uint32]:
        raw = np.frombuffer(part, np.uint8).astype(np.uint32)
        if size == 3:
            return _joined(raw.reshape(-1, 3))
        return np.stack([raw >> 4, raw & 15], axis=1).ravel()[:count] if half else raw

    while at + 1 < len(body) and y < header.height:
        count, code = body[at], body[at + 1]
        if count:
            part = values(body[at + 1 : at + 1 + size], 2 if half else 1)
            at += 1 + size
            run = np.resize(part, count) if len(part) else np.zeros(count, np.uint32)
        elif code == 0:
            x, y, at = 0, y + 1, at + 2
            continue
        elif code == 1:
            break
        elif code == 2:
            x, y, at = x + body[at + 2], y + body[at + 3], at + 4
            continue
        else:
            length = (code + 1) // 2 if half else code * size
            run = values(body[at + 2 : at + 2 + length], code)
            at += 2 + length + length % 2
        room = max(header.width - x, 0)
        out[y, x : x + min(len(run), room)] = run[:room]
        x += len(run)
    return out


def _colours(values: NDArray[np.uint32], header: _Header, data: bytes) -> NDArray[np.uint8]:
    """(H, W, 3 or 4)."""
    if header.bits <= 8:
        step = 3 if header.length == 12 else 4
        raw = data[header.start : header.start + step * header.colours]
        raw = raw.ljust(step * header.colours, b"\0")
        table = np.frombuffer(raw, np.uint8).reshape(-1, step)[:, 2::-1]
        return np.ascontiguousarray(table[np.minimum(values, len(table) - 1)])
    masks = header.masks
    if not masks:
        masks = (0x7C00, 0x3E0, 0x1F) if header.bits == 16 else (0xFF0000, 0xFF00, 0xFF)
    used = [mask for mask in masks[:4] if mask] if len(masks) == 4 else list(masks[:3])
    alpha = len(masks) == 4 and bool(masks[3])
    out = np.zeros((*values.shape, 4 if alpha else 3), np.uint8)
    for index, mask in enumerate((*masks[:3], masks[3]) if alpha else masks[:3]):
        if not mask:
            continue
        low = (mask & -mask).bit_length() - 1
        top = mask >> low
        out[..., index] = ((values & mask) >> low).astype(np.uint64) * 255 // top
    if alpha and used and not out[..., 3].any():
        return np.ascontiguousarray(out[..., :3])  # a channel that nobody filled
    return out
