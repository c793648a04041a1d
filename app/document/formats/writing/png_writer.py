"""PNG files of 16 bits per channel, which Pillow cannot write: the rows filtered and compressed, then the file's parts.

The layout is that of the PNG specification (third edition): sections 5 (chunks), 9 (filters), 11.2 (IHDR, IDAT).
"""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import NDArray
from PIL.PngImagePlugin import PngInfo

_LEVEL = 4  # as for 8 bits
_BAND = 1 << 22  # bytes filtered at a time
_KINDS = {1: 0, 2: 4, 3: 2, 4: 6}  # channels: colour type
_METRE = 39.3700787  # inches


def encode_png_16(
    pixels: NDArray[np.uint16],
    *,
    icc_profile: bytes | None,
    exif: bytes | None,
    dpi: tuple[float, float] | None,
    texts: PngInfo,
) -> bytes:
    """(H, W, 1 to 4) uint16, grey or RGB, the last of an even number of channels alpha, as a PNG file."""
    height, width, channels = pixels.shape
    parts = [
        b"\x89PNG\r\n\x1a\n",
        _chunk(b"IHDR", struct.pack(">LLBBBBB", width, height, 16, _KINDS[channels], 0, 0, 0)),
    ]
    if icc_profile is not None:
        parts.append(_chunk(b"iCCP", b"ICC Profile\0\0" + zlib.compress(icc_profile)))
    if dpi is not None:
        parts.append(_chunk(b"pHYs", struct.pack(">LLB", *(min(round(v * _METRE), 2**31 - 1) for v in dpi), 1)))
    if exif is not None:
        parts.append(_chunk(b"eXIf", exif.removeprefix(b"Exif\0\0")))
    parts += [_chunk(name, data) for name, data, *_ in texts.chunks]
    # Measured on photographs: the lower 8 bits hardly repeat, and looking for that takes four times as long.
    compressor = zlib.compressobj(_LEVEL, strategy=zlib.Z_RLE)
    rows = max(1, _BAND // (width * channels * 2))
    above = np.zeros((1, width * channels * 2), np.uint8)
    for top in range(0, height, rows):
        band = pixels[top : top + rows].astype(">u2").reshape(min(rows, height - top), -1).view(np.uint8)
        if data := compressor.compress(_filtered(band, above, channels * 2)):
            parts.append(_chunk(b"IDAT", data))
        above = band[-1:]
    return b"".join([*parts, _chunk(b"IDAT", compressor.flush()), _chunk(b"IEND", b"")])


def _filtered(band: NDArray[np.uint8], above: NDArray[np.uint8], step: int) -> bytes:
    """Rows as differences, each by the filter that leaves the smallest ones (12.7 of the specification)."""
    up = np.concatenate([above, band[:-1]])
    left, corner = np.zeros_like(band), np.zeros_like(band)
    left[:, step:], corner[:, step:] = band[:, :-step], up[:, :-step]
    a, b, c = (array.astype(np.int16) for array in (left, up, corner))
    near_a, near_b, near_c = np.abs(b - c), np.abs(a - c), np.abs(a + b - 2 * c)
    paeth = np.where((near_a <= near_b) & (near_a <= near_c), left, np.where(near_b <= near_c, up, corner))
    kinds = ((1, band - left), (2, band - up), (4, band - paeth))
    costs = [np.abs(differences.view(np.int8).astype(np.int16)).sum(axis=1, dtype=np.int64) for _, differences in kinds]
    best = np.argmin(costs, axis=0)
    out = np.empty((len(band), band.shape[1] + 1), np.uint8)
    for index, (kind, differences) in enumerate(kinds):
        rows = best == index
        out[rows, 0], out[rows, 1:] = kind, differences[rows]
    return out.tobytes()


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">L", len(data)) + name + data + struct.pack(">L", zlib.crc32(name + data))
