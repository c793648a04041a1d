"""An EXIF block changed in place: byte order, offsets and makers' notes stay as they are.

What would show the unerased picture is overwritten: the thumbnail's directory, layers, and previews in makers' notes.
"""

from __future__ import annotations

import io
import re
from collections.abc import Container, Iterator, Sequence
from functools import cache

from PIL import ExifTags, Image

from app.document.metadata.tiff_directory import (
    RATIONAL,
    SHORT,
    Directory,
    Entry,
    Layout,
    append_directory,
    blank,
    directories,
    directory,
    field_of,
    layout_of,
    link_first,
    new_field,
    numbers,
)

PREFIX = b"Exif\0\0"
_TAGS, _IFDS = ExifTags.Base, ExifTags.IFD
_INCH = 2
_POINTERS = (_IFDS.Exif, _IFDS.GPSInfo, _IFDS.Interop)
_THUMBNAILS = ((0x0111, 0x0117), (0x0144, 0x0145), (0x0201, 0x0202))  # where their pixels lie, and how long they are
# Kept elsewhere (XMP, IPTC), or showing the picture: Photoshop's resources and layers, directories of raw pixels.
_DROPPED = {330, 700, 33723, 34377, 37724, *range(50706, 52600)}
_PLAIN = (256, 257, 274)  # sizes and orientation: of no use where nothing else is there
_NAMES = (b"JFIF", b"Exif")
_JPEG = re.compile(rb"\xd8\xff[\xc0-\xc4\xdb\xdd\xe0-\xef\xfe]")  # some cameras spoil a preview's very first byte


def edited(block: bytes, size: tuple[int, int], *, turned: bool) -> bytes | None:
    """The block for the upright picture of ``size`` (width, height), without anything that shows the unerased one.

    ``turned``: the upright picture lies across the stored one. With the prefix "Exif" that JPEG wants. None where
    nothing is left in it. Raises ``ValueError`` for a damaged block.
    """
    data = bytearray(bare(block))
    layout, start = layout_of(data)
    first = directory(data, layout, start)
    _set_number(data, layout, first.find(_TAGS.Orientation), 1)
    for tag, length in ((_TAGS.ImageWidth, size[0]), (_TAGS.ImageLength, size[1])):
        _set_number(data, layout, first.find(tag), length)
    if turned:
        _swap(data, first.find(_TAGS.XResolution), first.find(_TAGS.YResolution))
    inner = _nested(data, layout, first)
    for nested in inner:
        for tag, length in ((_TAGS.ExifImageWidth, size[0]), (_TAGS.ExifImageHeight, size[1])):
            _set_number(data, layout, nested.find(tag), length)
    _cut_thumbnails(data, layout, first, inner)
    notes = [entry for part in inner for entry in part.entries if entry.tag == _TAGS.MakerNote]
    blank_previews(data, [(note.start, note.end) for note in notes])
    left = _drop(data, layout, first, _DROPPED)
    return PREFIX + bytes(data) if any(entry.tag not in _PLAIN for entry in left) else None


def without_orientation(block: bytes) -> bytes:
    """The block without the tag that says how the picture is turned, for files that say it elsewhere."""
    data = bytearray(bare(block))
    layout, start = layout_of(data)
    _drop(data, layout, directory(data, layout, start), {_TAGS.Orientation})
    return PREFIX + bytes(data)


def bare(block: bytes) -> bytes:
    """The block from its TIFF header on."""
    while block.startswith(PREFIX):
        block = block[len(PREFIX) :]
    return block


def with_resolution(block: bytes | None, dpi: tuple[float, float]) -> bytes:
    """The block with the resolution (horizontal, vertical) in pixels per inch, where it has none; None: a new one."""
    data = bytearray(bare(block)) if block is not None else bytearray(b"MM\0*\0\0\0\0")
    layout, start = layout_of(data)
    old = directory(data, layout, start) if start else None
    if old is not None and old.find(_TAGS.XResolution) is not None and old.find(_TAGS.YResolution) is not None:
        return PREFIX + bytes(data)
    new = [
        new_field(layout, tag, RATIONAL, round(value * 10000), 10000)
        for tag, value in zip((_TAGS.XResolution, _TAGS.YResolution), dpi, strict=True)
    ]
    new.append(new_field(layout, _TAGS.ResolutionUnit, SHORT, _INCH))
    told = {field.tag for field in new}
    kept = [field_of(data, entry) for entry in old.entries if entry.tag not in told] if old is not None else []
    link_first(data, layout, append_directory(data, layout, [*kept, *new]))
    if old is not None:
        data[old.start : old.end] = bytes(old.end - old.start)
    return PREFIX + bytes(data)


def blank_previews(data: bytearray, parts: Sequence[tuple[int, int]] = ()) -> None:
    """Put a small grey picture in the place of every JPEG in ``data``: whoever looks for a preview finds one.

    Of those without an end, as much goes as lies in the same of ``parts`` (start, end), else all of the rest.
    """
    at = 0
    while (match := _JPEG.search(data, at)) is not None:
        start, at = max(match.start() - 1, 0), match.end()
        end = _jpeg_end(data, match.start())
        if end is None:
            continue
        if end == len(data):
            end = min((last for first, last in parts if first <= start < last), default=end)
        grey = _grey_jpeg()
        stand_in = grey if end - start >= len(grey) else b""
        data[start:end] = stand_in + bytes(end - start - len(stand_in))
        at = end


# -- inside --------------------------------------------------------------------------------


def _nested(data: bytearray, layout: Layout, first: Directory) -> list[Directory]:
    """The directories that a first one points to: EXIF, GPS, interoperability."""
    found: list[Directory] = []
    waiting = [first]
    while waiting:
        for entry in waiting.pop().entries:
            if entry.tag in _POINTERS and entry.inside and len(found) < len(_POINTERS):
                for offset in numbers(data, layout, entry)[:1]:
                    try:
                        nested = directory(data, layout, offset)
                    except ValueError:
                        continue
                    found.append(nested)
                    waiting.append(nested)
    return found


def _set_number(data: bytearray, layout: Layout, entry: Entry | None, value: int) -> None:
    if entry is None or entry.count != 1 or entry.kind not in (3, 4) or value >= 1 << (8 * entry.length):
        return
    data[entry.start : entry.end] = layout.pack("H" if entry.kind == SHORT else "L", value)


def _swap(data: bytearray, one: Entry | None, other: Entry | None) -> None:
    if one is not None and other is not None and one.length == other.length:
        first, second = bytes(data[one.start : one.end]), bytes(data[other.start : other.end])
        data[one.start : one.end], data[other.start : other.end] = second, first


def _used(parts: list[Directory]) -> Iterator[tuple[int, int]]:
    """Everything that directories need."""
    yield 0, 8
    for part in parts:
        yield part.start, part.end
        for entry in part.entries:
            if not entry.inside:
                yield entry.start, entry.end


def _cut_thumbnails(data: bytearray, layout: Layout, first: Directory, inner: list[Directory]) -> None:
    """Take away the directories behind the first, with the pixels they are for; what lies at the end is cut off."""
    kept = sorted(_used([first, *inner]))
    gone: list[tuple[int, int]] = []
    for part in directories(data, layout, first.next):
        gone += [*_used([part])][1:]
        gone += _pixels(data, layout, part)
    if first.next_at + layout.width <= len(data):
        data[first.next_at : first.next_at + layout.width] = bytes(layout.width)
    for start, end in gone:
        blank(data, start, end, kept)
    last = max(end for _, end in kept)
    tail = min((start for start, end in gone if end >= len(data) - 1), default=len(data))
    if last <= tail < len(data):
        del data[tail:]


def _pixels(data: bytearray, layout: Layout, part: Directory) -> Iterator[tuple[int, int]]:
    """Where the pixels of a directory lie."""
    for offsets, lengths in _THUMBNAILS:
        places, sizes = part.find(offsets), part.find(lengths)
        if places is not None and sizes is not None:
            pairs = zip(numbers(data, layout, places), numbers(data, layout, sizes), strict=False)
            yield from ((start, start + size) for start, size in pairs)


def _drop(data: bytearray, layout: Layout, first: Directory, tags: Container[int]) -> list[Entry]:
    """Take entries out of the first directory, with their values; those that are left."""
    kept = [entry for entry in first.entries if entry.tag not in tags]
    if len(kept) == len(first.entries):
        return kept
    smaller = Directory(first.start, first.end, tuple(kept), first.next_at, 0)
    needed = sorted(_used([smaller, *_nested(data, layout, first)]))
    table = b"".join(bytes(data[entry.at : entry.at + layout.entry]) for entry in kept)
    for entry in first.entries:
        if entry not in kept and not entry.inside:
            blank(data, entry.start, entry.end, needed)
    head = layout.pack("Q" if layout.big else "H", len(kept))
    body = head + table + bytes(layout.width)
    data[first.start : first.end] = body + bytes(first.end - first.start - len(body))
    last = max(end for _, end in needed)
    if not any(data[last:]):
        del data[last:]
    return kept


def _jpeg_end(data: bytearray, start: int) -> int | None:
    """Where the JPEG ends whose second byte is at ``start``, also a damaged one; None where it is none."""
    at, segments = start + 1, 0
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != 0xD9:
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if length < 2 or at + 2 + length > len(data):
            break
        segments += 1
        scan = data[at + 1] == 0xDA
        at += 2 + length
        if scan:
            break
    if not segments or (segments == 1 and data[at : at + 1] != b"\xff" and data[start + 5 : start + 9] not in _NAMES):
        return None
    end = data.find(b"\xff\xd9", at)
    return end + 2 if end >= 0 else len(data)


@cache
def _grey_jpeg() -> bytes:
    buffer = io.BytesIO()
    Image.new("L", (8, 8), 128).save(buffer, "JPEG", quality=50, optimize=True)
    return buffer.getvalue()
