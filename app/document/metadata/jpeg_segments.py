"""Segments of a JPEG file that Pillow neither puts together nor writes: extended XMP, Photoshop's resources, others.

Kept are those known to hold no picture; what looks like one in them is overwritten all the same.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

from PIL import Image

from app.document.metadata import xmp
from app.document.metadata.exif_block import blank_previews

Segment: TypeAlias = tuple[int, bytes]
"""A marker's last byte, and what follows its length."""

APP1, APP13, APP14 = 0xE1, 0xED, 0xEE  # the last says how colours are coded
_MOST = 65533  # bytes of one segment's body
_PHOTOSHOP = b"Photoshop 3.0\0"
_OTHERS = (
    (2, b"FPXR\0"),
    (3, b"Meta\0"),
    (3, b"META\0"),
    (5, b"RMETA\0"),
    (6, b"NITF\0"),
    (7, b"\x1aQualcomm"),
    (9, b"Media Jukebox\0"),
    (12, b"Ducky"),
    (12, b"[picture info]"),
    (12, b"PictureInfo"),
)
_SCREEN_NAIL = re.compile(rb"S\0?c\0?r\0?e\0?e\0?n\0? \0?n\0?a\0?i\0?l", re.IGNORECASE)  # FlashPix's preview
_SMALL = 1 << 13  # bytes of all segments of one kind: more may be a picture that nobody recognises
# Photoshop's resources: plain facts lie below, plugins' data above; thumbnails, and what is kept elsewhere, are out.
_RESOURCES = range(1000, 3000)
_LEFT_OUT = (1033, 1036, 1028, 1039, 1058, 1059, 1060)
_CREDENTIALS = b"c2pa"


def xmp_of(image: Image.Image) -> Any:
    """The XMP packet of any opened image, of a JPEG with its extended parts."""
    packet = image.info.get("xmp")
    if not _is_jpeg(image) or not isinstance(packet, bytes):
        return packet
    return xmp.joined(packet, [body for number, body in _apps(image) if number == 1])


def kept(image: Image.Image) -> tuple[Segment, ...]:
    """The segments to write again as they are; nothing of another format."""
    if not _is_jpeg(image):
        return ()
    found: list[Segment] = []
    for number, name in _OTHERS:
        bodies = [body for own, body in _apps(image) if own == number and body.startswith(name)]
        if sum(map(len, bodies)) <= _SMALL and not any(_SCREEN_NAIL.search(body) for body in bodies):
            found += [(0xE0 + number, _blanked(body)) for body in bodies]
    resources = b"".join(
        body[len(_PHOTOSHOP) :] for own, body in _apps(image) if own == 13 and body.startswith(_PHOTOSHOP)
    )
    found += [
        (APP14, body) for own, body in _apps(image) if own == 14 and body[:5] == b"Adobe" and body[11:12] == b"\x01"
    ]
    plain = b"".join(_resources(resources))
    if plain and len(plain) <= _MOST - len(_PHOTOSHOP):
        found.append((APP13, _PHOTOSHOP + _blanked(plain)))
    return tuple(found)


def has_credentials(image: Image.Image) -> bool:
    """Whether content credentials (C2PA) vouch for the picture as it was."""
    return _is_jpeg(image) and any(number == 11 and _CREDENTIALS in body[:256] for number, body in _apps(image))


def resource(number: int, data: bytes) -> bytes:
    """One of Photoshop's resources without a name."""
    return b"8BIM" + struct.pack(">HxxL", number, len(data)) + data + b"\0" * (len(data) % 2)


def photoshop(resources: bytes) -> list[Segment]:
    """Resources as segments, as many as they need."""
    step = _MOST - len(_PHOTOSHOP)
    return [(APP13, _PHOTOSHOP + resources[at : at + step]) for at in range(0, len(resources), step)]


def written(segments: Iterable[Segment]) -> bytes:
    """The segments one after the other; those too long for one are left out."""
    return b"".join(
        bytes((0xFF, marker)) + (len(body) + 2).to_bytes(2, "big") + body
        for marker, body in segments
        if len(body) <= _MOST
    )


def _is_jpeg(image: Image.Image) -> bool:
    return image.format in ("JPEG", "MPO")


def _apps(image: Image.Image) -> Iterator[tuple[int, bytes]]:
    for name, body in getattr(image, "applist", ()):
        if name.startswith("APP"):
            yield int(name[3:]), body


def _resources(data: bytes) -> Iterator[bytes]:
    at = 0
    while at + 12 <= len(data) and data[at : at + 4] == b"8BIM":
        number, name = struct.unpack_from(">HB", data, at + 4)
        start = at + 6 + (name + 2) // 2 * 2
        if start + 4 > len(data):
            return
        (length,) = struct.unpack_from(">L", data, start)
        end = start + 4 + length
        if end > len(data):
            return
        if number in _RESOURCES and number not in _LEFT_OUT:
            yield data[at:end] + b"\0" * (length % 2)
        at = end + length % 2


def _blanked(body: bytes) -> bytes:
    data = bytearray(body)
    blank_previews(data)
    return bytes(data)
