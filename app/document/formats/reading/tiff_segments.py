"""The samples of a TIFF page of any depth: strips or tiles unpacked, differences undone (TIFF 6.0, sections 8 to 15).

tifffile reads the tags; the compressions of bytes are undone by zlib and, of a file made of one strip, by Pillow.
"""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_NONE, _LZW, _DEFLATE, _PACKBITS, _OLD_DEFLATE = 1, 5, 8, 32773, 32946
_LOG_RLE, _WEBP = 34676, 50001
COMPRESSIONS = (_NONE, _LZW, _DEFLATE, _PACKBITS, _OLD_DEFLATE, _LOG_RLE, _WEBP)
"""Those that can be undone here."""

_DIFFERENCES, _FLOATING = 2, 3
_FLOAT = 3  # of SampleFormat
_SIGNED = 2
_REVERSED = bytes(int(f"{value:08b}"[::-1], 2) for value in range(256))


def samples(page: Any, file: BinaryIO) -> tuple[NDArray[Any], int]:
    """(H, W, channels) as the file holds them, and how many of its pixels are missing and zero.

    ``page`` is tifffile's. Unsigned, signed or floating point by its SampleFormat. Raises ``ValueError`` and what
    damaged data makes numpy and zlib raise.
    """
    bits, channels = int(page.bitspersample), int(page.samplesperpixel)
    width, height = int(page.imagewidth), int(page.imagelength)
    planes = channels if int(page.planarconfig) == 2 else 1
    each = channels // planes
    if int(page.compression) not in COMPRESSIONS or not 0 < bits <= 64:
        raise ValueError("a compression or depth that is not read here")
    tiled = bool(page.is_tiled)
    columns = int(page.tilewidth) if tiled else width
    rows = int(page.tilelength) if tiled else min(int(page.rowsperstrip) or height, height)
    across, down = -(-width // columns), -(-height // rows)
    kind = _kind(bits, int(page.sampleformat))
    out = np.zeros((height, width, channels), kind)
    missing = 0
    for index in range(planes * across * down):
        plane, place = divmod(index, across * down)
        y, x = place // across * rows, place % across * columns
        high, wide = min(rows, height - y), min(columns, width - x)
        try:
            data = _stored(page, file, index)
            part = _segment(page, data, (rows if tiled else high, columns, each), bits)
        except (ValueError, OSError, IndexError, zlib.error, struct.error, SyntaxError):
            missing += high * wide // planes
            continue
        missing += (high - min(len(part), high)) * wide // planes
        target = out[y : y + len(part), x : x + wide, plane * each : (plane + 1) * each]
        target[...] = part[: len(target), :wide].astype(kind, copy=False)
    return out, missing


# -- inside --------------------------------------------------------------------------------


def _kind(bits: int, form: int) -> np.dtype[Any]:
    if form == _FLOAT:
        return np.dtype(np.float64 if bits > 32 else np.float32)
    size = 8 if bits <= 8 else 16 if bits <= 16 else 32 if bits <= 32 else 64
    return np.dtype(f"{'int' if form == _SIGNED else 'uint'}{size}")


def _stored(page: Any, file: BinaryIO, index: int) -> bytes:
    file.seek(int(page.dataoffsets[index]))
    data = file.read(int(page.databytecounts[index]))
    if not data:
        raise ValueError("nothing there")
    return data.translate(_REVERSED) if int(page.fillorder) == 2 else data


def _segment(page: Any, data: bytes, shape: tuple[int, int, int], bits: int) -> NDArray[Any]:
    """The samples of a strip or tile, (up to rows, columns, channels)."""
    rows, columns, each = shape
    compression = int(page.compression)
    if compression == _WEBP:
        with Image.open(io.BytesIO(data), formats=["WEBP"]) as image:
            return np.asarray(image.convert("RGBA" if each == 4 else "RGB"))
    if compression == _LOG_RLE:
        return _log_rle(data, rows, columns, bits)[..., None]
    length = -(-columns * each * bits // 8)
    data = _bytes(data, compression, length, rows)
    there = len(data) // length
    if not there:
        raise ValueError("nothing there")
    lines = np.frombuffer(data, np.uint8, there * length).reshape(there, length)
    if int(page.predictor) == _FLOATING:
        return _floating(lines, columns, each, bits)
    order = ">" if page.parent.byteorder == ">" else "<"
    values = _whole_numbers(lines, columns * each, bits, order).reshape(there, columns, each)
    if int(page.predictor) == _DIFFERENCES:
        values = np.cumsum(values, axis=1, dtype=values.dtype)
        if bits < values.itemsize * 8:
            values &= values.dtype.type((1 << bits) - 1)
    form = int(page.sampleformat)
    if form == _FLOAT:
        return _as_floats(values, bits)
    return _signed(values, bits) if form == _SIGNED else values


def _bytes(data: bytes, compression: int, length: int, rows: int) -> bytes:
    if compression == _NONE:
        return data
    if compression in (_DEFLATE, _OLD_DEFLATE):
        return _inflated(data, length * rows)
    entries = (
        (256, 4, length), (257, 4, rows), (258, 3, 8), (259, 3, compression), (262, 3, 1),
        (273, 4, 8), (277, 3, 1), (278, 4, rows), (279, 4, len(data)),
    )  # fmt: skip
    body = b"".join(struct.pack("<HHLL", tag, kind, 1, value) for tag, kind, value in entries)
    start = 8 + len(data) + len(data) % 2
    file = b"II*\0" + struct.pack("<L", start) + data + b"\0" * (len(data) % 2)
    file += struct.pack("<H", len(entries)) + body + bytes(4)
    with Image.open(io.BytesIO(file), formats=["TIFF"]) as image:
        return image.tobytes()


def _inflated(data: bytes, most: int) -> bytes:
    packed, out, left = zlib.decompressobj(), [], most
    try:
        for start in range(0, len(data), 1 << 16):
            out.append(packed.decompress(packed.unconsumed_tail + data[start : start + (1 << 16)], left))
            left -= len(out[-1])
            if left <= 0:
                break
    except zlib.error:
        pass  # what came before is right
    return b"".join(out)


def _whole_numbers(lines: NDArray[np.uint8], count: int, bits: int, order: str) -> NDArray[Any]:
    """(rows, count) unsigned of packed rows."""
    if bits in (8, 16, 32, 64):
        return lines.view(f"{order}u{bits // 8}").astype(f"u{bits // 8}", copy=False)[:, :count]
    if bits == 24:
        three = lines.reshape(len(lines), -1, 3).astype(np.uint32)
        low, middle, high = (three[..., i] for i in ((2, 1, 0) if order == ">" else (0, 1, 2)))
        return (high << 16 | middle << 8 | low)[:, :count]
    out = np.empty((len(lines), count), np.uint8 if bits < 8 else np.uint16 if bits < 16 else np.uint64)
    powers = (1 << np.arange(bits - 1, -1, -1, dtype=np.uint64)).astype(np.uint64)
    for row in range(len(lines)):
        single = np.unpackbits(lines[row], count=count * bits).reshape(count, bits)
        out[row] = single @ powers if bits > 16 else single.astype(np.uint32) @ powers.astype(np.uint32)
    return out


def _floating(lines: NDArray[np.uint8], columns: int, each: int, bits: int) -> NDArray[Any]:
    """Differences of the bytes of floating point numbers undone (TIFF Technical Note 3)."""
    size = bits // 8
    steps = lines.reshape(len(lines), -1, each)
    summed = np.cumsum(steps, axis=1, dtype=np.uint8).reshape(len(lines), size, columns * each)
    joined = np.ascontiguousarray(np.moveaxis(summed, 1, 2)).reshape(len(lines), -1)  # the highest byte first
    return _as_floats(_whole_numbers(joined, columns * each, bits, ">"), bits).reshape(len(lines), columns, each)


def _as_floats(values: NDArray[Any], bits: int) -> NDArray[Any]:
    if bits in (16, 32, 64):
        return np.ascontiguousarray(values).view(f"f{bits // 8}")
    if bits != 24:
        raise ValueError("no floating point of that length")
    sign, power, rest = values >> 23, (values >> 16) & 0x7F, values & 0xFFFF
    size = np.where(power == 0, rest / 65536 * 2.0**-62, (1 + rest / 65536) * 2.0 ** (power.astype(float) - 63))
    return np.where(sign == 1, -size, size).astype(np.float32)


def _signed(values: NDArray[Any], bits: int) -> NDArray[Any]:
    spare = values.itemsize * 8 - bits
    whole = np.ascontiguousarray(values << spare if spare else values)
    return np.asarray(whole.view(f"i{values.itemsize}") >> spare)


def _log_rle(data: bytes, rows: int, columns: int, bits: int) -> NDArray[Any]:
    """LogL of 16 bits or LogLuv of 32, run lengths of each row's bytes, the highest first."""
    planes = 2 if bits <= 16 else 4
    out = np.zeros((rows, planes, columns), np.uint8)
    at = 0
    for row in out:
        for plane in row:
            x = 0
            while x < columns:
                count = data[at]
                if count >= 128:
                    length = min(count - 126, columns - x)
                    plane[x : x + length] = data[at + 1]
                    at += 2
                else:
                    length = min(count, columns - x)
                    plane[x : x + length] = np.frombuffer(data, np.uint8, length, at + 1)
                    at += 1 + count
                x += length
                if not count:
                    raise ValueError("no run")
    joined = np.ascontiguousarray(np.moveaxis(out, 1, 2))
    return joined.view(f">u{planes}")[..., 0].astype(f"u{planes}")
