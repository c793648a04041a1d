"""A damaged JPEG without what stops its pixels: metadata that makes no sense, a missing end (ITU T.81, B)."""

from __future__ import annotations

_START, _END, _SCAN = 0xD8, 0xD9, 0xDA
_ALONE = {0x01, *range(0xD0, 0xD9)}  # markers without a length (B.1.1.3)
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_OF_PIXELS = {0xC4, 0xDB, 0xDD, 0xCC, *_FRAMES}
_ADOBE = 0xEE  # says how the colours are stored


def stripped(data: bytes) -> bytes | None:
    """The file with tables, frame and scans only; None where no scan is found."""
    at = data.find(b"\xff\xd8")
    if at < 0:
        return None
    out, at, frame = [b"\xff\xd8"], at + 2, False
    while at + 4 <= len(data):
        if data[at] != 0xFF or data[at + 1] in (0x00, 0xFF, *_ALONE):
            at += 1  # not a marker: looked for further on
            continue
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        segment = data[at : at + 2 + length]
        if marker == _SCAN:
            return b"".join([*out, data[at:], b"\xff\xd9"]) if frame else None
        if marker == _END:
            return None
        if marker in _OF_PIXELS or (marker == _ADOBE and segment[4:9] == b"Adobe"):
            out.append(segment)
            frame = frame or marker in _FRAMES
        at = _after(data, at, length)
    return None


def _after(data: bytes, at: int, length: int) -> int:
    """Where the next marker is: where the length says, or, of a wrong one, the next place where one is."""
    wanted = at + 2 + length
    if length >= 2 and data[wanted : wanted + 1] == b"\xff":
        return wanted
    return at + 2
