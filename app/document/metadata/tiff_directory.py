"""Directories of TIFF files and EXIF blocks as they lie there: read, changed in place, and appended.

The layout is that of the TIFF 6.0 specification, section 2, and of BigTIFF. Nothing that is not changed moves: offsets
that nobody knows of, as in makers' notes, stay right.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
"""Bytes of one value of each type."""

SHORT, LONG, RATIONAL, UNDEFINED, LONG8 = 3, 4, 5, 7, 16
_MOST = 4096  # entries of one directory: more are damage


@dataclass(frozen=True)
class Layout:
    """How numbers lie in a file: the byte order, "<" or ">", and whether it is a BigTIFF."""

    order: str
    big: bool = False

    @property
    def offset(self) -> str:
        """The code of an offset, as ``struct`` has it."""
        return "Q" if self.big else "L"

    @property
    def width(self) -> int:
        """Bytes of an offset: what fits into an entry."""
        return 8 if self.big else 4

    @property
    def entry(self) -> int:
        """Bytes of an entry."""
        return 20 if self.big else 12

    def pack(self, codes: str, *values: int) -> bytes:
        """``struct.pack`` in the file's order."""
        return struct.pack(self.order + codes, *values)

    def unpack(self, codes: str, data: bytes | bytearray, at: int) -> tuple[int, ...]:
        """``struct.unpack_from`` in the file's order; raises ``struct.error`` beyond the end."""
        return struct.unpack_from(self.order + codes, data, at)


@dataclass(frozen=True)
class Entry:
    """One entry of a directory as it lies in a file."""

    tag: int
    kind: int
    count: int
    at: int  # where the entry lies
    start: int  # where its value lies, in the entry itself or elsewhere
    length: int  # of the value, in bytes
    inside: bool  # the value lies in the entry

    @property
    def end(self) -> int:
        """Where its value ends."""
        return self.start + self.length


@dataclass(frozen=True)
class Directory:
    """A directory as it lies in a file."""

    start: int
    end: int
    entries: tuple[Entry, ...]
    next_at: int  # where the next one's offset lies
    next: int  # 0: there is none

    def find(self, tag: int) -> Entry | None:
        """The entry of a tag, None where there is none."""
        return next((entry for entry in self.entries if entry.tag == tag), None)


@dataclass(frozen=True)
class Field:
    """An entry to be written: its value's bytes in the file's order."""

    tag: int
    kind: int
    count: int
    value: bytes


def layout_of(data: bytes | bytearray) -> tuple[Layout, int]:
    """The layout of a file or block, and where its first directory lies. Raises ``ValueError`` where it is none."""
    order = {b"II": "<", b"MM": ">"}.get(bytes(data[:2]))
    if order is None or len(data) < 8:
        raise ValueError("no TIFF header")
    (magic,) = struct.unpack_from(order + "H", data, 2)
    if magic not in (42, 43) or (magic == 43 and len(data) < 16):
        raise ValueError("no TIFF header")
    layout = Layout(order, magic == 43)
    return layout, layout.unpack(layout.offset, data, first_at(layout))[0]


def first_at(layout: Layout) -> int:
    """Where the offset of the first directory lies."""
    return 8 if layout.big else 4


def directory(data: bytes | bytearray, layout: Layout, start: int) -> Directory:
    """The directory at ``start``; entries whose values lie beyond the end are left out.

    Raises ``ValueError`` where there is none.
    """
    try:
        (count,) = layout.unpack("Q" if layout.big else "H", data, start)
        at = start + (8 if layout.big else 2)
        if not count or count > _MOST or start < first_at(layout):
            raise ValueError("no directory")
        entries = []
        for index in range(count):
            place = at + index * layout.entry
            tag, kind, number = layout.unpack("HH" + layout.offset, data, place)
            length = SIZES.get(kind, 0) * number
            inside = length <= layout.width
            value_at = place + layout.entry - layout.width
            value = value_at if inside else layout.unpack(layout.offset, data, value_at)[0]
            if SIZES.get(kind) and value + length <= len(data):
                entries.append(Entry(tag, kind, number, place, value, length, inside))
        end = at + count * layout.entry
        following = layout.unpack(layout.offset, data, end)[0] if end + layout.width <= len(data) else 0
    except struct.error as error:
        raise ValueError("a directory beyond the end") from error
    return Directory(start, min(end + layout.width, len(data)), tuple(entries), end, following)


def directories(data: bytes | bytearray, layout: Layout, start: int) -> Iterator[Directory]:
    """The directory at ``start`` and those that follow it; what is damaged ends them."""
    seen: set[int] = set()
    while start and start not in seen:
        seen.add(start)
        try:
            found = directory(data, layout, start)
        except ValueError:
            return
        yield found
        start = found.next


def numbers(data: bytes | bytearray, layout: Layout, entry: Entry) -> tuple[int, ...]:
    """The values of an entry of whole numbers; nothing for one of another type."""
    code = {1: "B", 3: "H", 4: "L", 13: "L", 16: "Q", 18: "Q"}.get(entry.kind)
    return layout.unpack(f"{entry.count}{code}", data, entry.start) if code else ()


def field_of(data: bytes | bytearray, entry: Entry) -> Field:
    """An entry as it would be written again."""
    return Field(entry.tag, entry.kind, entry.count, bytes(data[entry.start : entry.end]))


def new_field(layout: Layout, tag: int, kind: int, *values: int) -> Field:
    """An entry of numbers of type SHORT, LONG, LONG8 or RATIONAL; of those, numerators and denominators in turn."""
    code = {SHORT: "H", LONG: "L", LONG8: "Q", RATIONAL: "L"}[kind]
    count = len(values) // 2 if kind == RATIONAL else len(values)
    return Field(tag, kind, count, layout.pack(f"{len(values)}{code}", *values))


def append_directory(data: bytearray, layout: Layout, fields: Iterable[Field], following: int = 0) -> int:
    """Write values and their directory to the end of ``data``; where that lies.

    ``following`` is where the next one lies. Whoever appends links to it. It comes last: a file that is cut has none.
    """
    listed = sorted(fields, key=lambda field: field.tag)
    table = bytearray(layout.pack("Q" if layout.big else "H", len(listed)))
    for field in listed:
        table += layout.pack("HH" + layout.offset, field.tag, field.kind, field.count)
        if len(field.value) <= layout.width:
            table += field.value.ljust(layout.width, b"\0")
        else:
            data += b"\0" * (len(data) % 2)
            table += layout.pack(layout.offset, len(data))
            data += field.value
    data += b"\0" * (len(data) % 2)
    start = len(data)
    data += table + layout.pack(layout.offset, following)
    return start


def link_first(data: bytearray, layout: Layout, start: int) -> None:
    """Make the directory at ``start`` the first."""
    at = first_at(layout)
    data[at : at + layout.width] = layout.pack(layout.offset, start)


def blank(data: bytearray, start: int, end: int, kept: list[tuple[int, int]]) -> None:
    """Overwrite a range with zeros, but for what is needed of it: damaged offsets point anywhere."""
    end = min(end, len(data))
    for first, last in kept:
        if last <= start or first >= end:
            continue
        if first > start:
            data[start:first] = bytes(first - start)
        start = max(start, last)
    if start < end:
        data[start:end] = bytes(end - start)
