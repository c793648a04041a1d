"""A damaged PNG written anew: check sums, lengths and missing rows mended (PNG specification, third edition)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from app.document.notes import About, Note

SIGNATURE = b"\x89PNG\r\n\x1a\n"

_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type (11.2.1)
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
# Adam7 (8.1): first column and row, then the steps of both
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_ANIMATION = (b"acTL", b"fcTL", b"fdAT")
_TEXTS = (b"tEXt", b"zTXt", b"iTXt")
_LONGEST_TEXT = 1 << 26  # bytes, also when unpacked
_MOST = 400_000_000 * 8  # bytes of pixels
_PIECE = 1 << 16


@dataclass
class _Found:
    """What was read of a file."""

    header: bytes = b""
    kept: list[tuple[bytes, bytes]] = field(default_factory=list)  # before the pixels
    pixels: list[bytes] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)  # names of chunks with wrong check sums
    notes: list[Note] = field(default_factory=list)


def mended(data: bytes) -> tuple[bytes, list[Note]] | None:
    """A PNG that every reader opens, and notes on what was mended or is missing; None where nothing can be had.

    Rows that are not there are grey. Ancillary chunks with a wrong check sum are left out.
    """
    found = _chunks(data)
    if len(found.header) != 13:
        return None
    width, height, depth, kind, _, _, interlaced = struct.unpack(">LLBBBBB", found.header)
    if not width or not height or depth not in _DEPTHS.get(kind, ()) or interlaced > 1:
        return None
    bits = depth * _CHANNELS[kind]
    passes = list(_passes(width, height, bits, interlaced == 1))
    whole = sum(length * rows for length, rows in passes)
    if whole > _MOST:
        return None
    raw = _unpacked(found.pixels, whole)
    rows, there = _completed(raw, passes, kind, depth)
    if not there:
        return None
    if there < len(rows):
        missing = sum(length for length, _ in rows[there:]) / whole
        found.notes.append(Note(About.DAMAGE, f"It is incomplete: {_share(missing)} of it is missing and grey."))
    elif not found.notes and not found.wrong:
        found.notes.append(Note(About.DAMAGE, "It is slightly damaged and was mended."))
    if found.wrong:
        names = ", ".join(dict.fromkeys(found.wrong))
        found.notes.append(Note(About.DAMAGE, f"A check sum in it is wrong ({names}); what it is of may be damaged."))
    body = zlib.compress(b"".join(row for _, row in rows), 1)
    chunks = [(b"IHDR", found.header), *found.kept, (b"IDAT", body), (b"IEND", b"")]
    return SIGNATURE + b"".join(_chunk(name, content) for name, content in chunks), found.notes


# -- inside --------------------------------------------------------------------------------


def _chunks(data: bytes) -> _Found:
    found, at, unpacked = _Found(), len(SIGNATURE), 0
    while at + 8 <= len(data):
        length, name = struct.unpack_from(">L4s", data, at)
        if not name.isalpha() or name == b"IEND":
            break
        content, at = data[at + 8 : at + 8 + length], at + 12 + length
        whole = len(content) == length and data[at - 4 : at] == struct.pack(">L", zlib.crc32(name + content))
        if not whole and at <= len(data):
            found.wrong.append(name.decode("ascii"))
        if name == b"IHDR":
            found.header = content
        elif name == b"IDAT":
            found.pixels.append(content)
        elif name in _ANIMATION:
            if name == b"acTL":
                text = "It is an animation, of which only the first picture was opened."
                found.notes.append(Note(About.PAGES, text, lost=True))
        elif name in _TEXTS and (unpacked := unpacked + _length_of_text(content)) > _LONGEST_TEXT:
            found.notes.append(Note(About.METADATA, "A text in it is too large and was left out.", lost=True))
        elif (whole or name in (b"PLTE", b"tRNS")) and not found.pixels:
            found.kept.append((name, content))
    return found


def _length_of_text(content: bytes) -> int:
    at = content.find(b"\0")
    packed = zlib.decompressobj()
    for start in (at + 2, at + 3):  # zTXt has one byte of flags, iTXt more
        try:
            return len(packed.decompress(content[start:], _LONGEST_TEXT + 1))
        except zlib.error:
            packed = zlib.decompressobj()
    return len(content)


def _passes(width: int, height: int, bits: int, interlaced: bool) -> Iterator[tuple[int, int]]:
    """Bytes of a row with its filter, and rows, of each pass."""
    for x, y, across, down in _PASSES if interlaced else ((0, 0, 1, 1),):
        columns, rows = -(-(width - x) // across), -(-(height - y) // down)
        if columns > 0 and rows > 0:
            yield 1 + -(-columns * bits // 8), rows


def _unpacked(parts: list[bytes], whole: int) -> bytes:
    """As much of the filtered rows as can be had."""
    out, left = [], whole
    packed = zlib.decompressobj()
    try:
        for part in parts:
            for start in range(0, len(part), _PIECE):
                piece = packed.decompress(part[start : start + _PIECE], left)
                out.append(piece)
                left -= len(piece)
                if left <= 0:
                    return b"".join(out)
                while packed.unconsumed_tail:
                    piece = packed.decompress(packed.unconsumed_tail, left)
                    out.append(piece)
                    left -= len(piece)
                    if left <= 0:
                        return b"".join(out)
        out.append(packed.flush())
    except zlib.error:
        pass  # what came before it is right
    return b"".join(out)[:whole]


def _completed(raw: bytes, passes: list[tuple[int, int]], kind: int, depth: int) -> tuple[list[tuple[int, bytes]], int]:
    """All rows with their lengths, and how many of them come from the file."""
    rows, there, at = [], 0, 0
    for length, count in passes:
        grey = b"\0" + _grey(kind, depth, length - 1)
        for _ in range(count):
            row = raw[at : at + length]
            at += length
            if len(row) == length and row[0] <= 4:
                there += 1
                rows.append((length, row))
            else:
                rows.append((length, grey))
                at = len(raw)  # what follows an impossible filter means nothing
    return rows, there


def _grey(kind: int, depth: int, length: int) -> bytes:
    """A row of the grey that stands for what is missing."""
    pixel = {0: b"\x80", 2: b"\x80", 3: b"\0", 4: b"\x80\xff", 6: b"\x80\x80\x80\xff"}[kind]
    if depth == 16:
        pixel = b"".join(bytes([value, value]) for value in pixel)
    elif depth < 8 and kind == 0:
        pixel = {1: b"\xaa", 2: b"\xaa", 4: b"\x88"}[depth]
    return (pixel * (length // len(pixel) + 1))[:length]


def _share(part: float) -> str:
    return "less than 1 %" if part < 0.01 else f"{100 * part:.0f} %"


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">L", len(content)) + name + content + struct.pack(">L", zlib.crc32(name + content))
