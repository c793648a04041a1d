"""What the boxes of an AVIF or HEIC file say of its picture (ISO/IEC 14496-12, 23008-12)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

_CONTAINERS = {b"meta": 4, b"iprp": 0, b"ipco": 0}
_CODES = struct.Struct(">HH")


@dataclass
class Boxes:
    """The picture's own properties, and what else there is."""

    codes: tuple[int, int] | None = None  # primaries and transfer (H.273)
    gain_map: bool = False
    kinds: set[bytes] = field(default_factory=set)  # of items


def is_isobmff(head: bytes) -> bool:
    """Whether a file begins as AVIF and HEIC do."""
    return head[4:8] == b"ftyp"


def read_boxes(data: bytes) -> Boxes:
    """What ``data``, the file's beginning with its ``meta`` box, says; nothing of what is damaged."""
    found = Boxes()
    try:
        for name, start, end in _boxes(data, 0, len(data)):
            if name == b"meta":
                _read_meta(data, start + 4, end, found)
                break
    except (struct.error, IndexError, ValueError):
        pass
    return found


def with_codes(data: bytes, codes: tuple[int, int]) -> bytes:
    """The file with other primaries and transfer in every place where it names some."""
    out, at = bytearray(data), data.find(b"colrnclx", 0, data.find(b"mdat"))
    while at >= 0:
        _CODES.pack_into(out, at + 8, *codes)
        at = data.find(b"colrnclx", at + 8, data.find(b"mdat"))
    return bytes(out)


# -- inside --------------------------------------------------------------------------------


def _boxes(data: bytes, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Name, start of the content, end of each box."""
    while at + 8 <= end:
        length, name = struct.unpack_from(">L4s", data, at)
        start = at + 8
        if length == 1:
            (length,) = struct.unpack_from(">Q", data, start)
            start += 8
        stop = end if length == 0 else at + length
        if stop < start:
            raise ValueError("a box of no length")
        yield name, start, min(stop, end)
        at = stop


def _read_meta(data: bytes, start: int, end: int, found: Boxes) -> None:
    primary, properties, used = 0, list[tuple[bytes, int, int]](), dict[int, list[int]]()
    for name, at, stop in _boxes(data, start, end):
        if name == b"pitm":
            (primary,) = struct.unpack_from(">L" if data[at] else ">H", data, at + 4)
        elif name == b"iinf":
            content = at + (8 if data[at] else 6)
            for kind, inside, _ in _boxes(data, content, stop):
                if kind == b"infe" and data[inside] >= 2:
                    place = inside + 4 + (2 if data[inside] == 2 else 4) + 2
                    found.kinds.add(data[place : place + 4])
        elif name == b"iprp":
            for kind, inside, until in _boxes(data, at, stop):
                if kind == b"ipco":
                    properties = list(_boxes(data, inside, until))
                elif kind == b"ipma":
                    used |= _associations(data, inside)
    for name, at, stop in properties:
        if name == b"auxC" and b"hdrgainmap" in data[at:stop]:
            found.gain_map = True
    found.gain_map = found.gain_map or b"tmap" in found.kinds
    for index in used.get(primary, []):
        name, at, stop = properties[index - 1]
        if name == b"colr" and data[at : at + 4] == b"nclx" and stop - at >= 8:
            found.codes = _CODES.unpack_from(data, at + 4)


def _associations(data: bytes, at: int) -> dict[int, list[int]]:
    """The numbers of the properties of each item."""
    version, wide = data[at], data[at + 3] & 1
    (count,) = struct.unpack_from(">L", data, at + 4)
    at, found = at + 8, dict[int, list[int]]()
    for _ in range(min(count, 1 << 16)):
        (item,) = struct.unpack_from(">L" if version else ">H", data, at)
        at += 4 if version else 2
        many, at = data[at], at + 1
        found[item] = []
        for _ in range(many):
            (number,) = struct.unpack_from(">H" if wide else ">B", data, at)
            found[item].append(number & (0x7FFF if wide else 0x7F))
            at += 2 if wide else 1
    return {item: [number for number in numbers if number] for item, numbers in found.items()}
