"""What can still be had of a file that does not open: versions of it to try, each with what is to be said of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from app.document.formats.reading import jpeg_repair, png_repair
from app.document.notes import About, Note

_CUT = Note(About.DAMAGE, "It is incomplete or damaged: what could not be read of it is grey or missing.")
_STRIPPED = Note(About.METADATA, "Its photo information is damaged and was left out.", lost=True)


@dataclass(frozen=True)
class Version:
    """The bytes of a file that may open."""

    data: bytes = field(repr=False)
    notes: tuple[Note, ...]
    tolerant: bool = True  # whether an end that is missing is accepted


def versions(data: bytes) -> Iterator[Version]:
    """Versions of a damaged file, the one that keeps most first."""
    if data[:4] == png_repair.SIGNATURE[:4]:
        mended = png_repair.mended(data)
        if mended is not None:
            yield Version(mended[0], tuple(mended[1]), tolerant=False)
        return
    if data[:2] == b"\xff\xd8":
        yield Version(data + b"\xff\xd9", (_CUT,))
        bare = jpeg_repair.stripped(data)
        if bare is not None:
            yield Version(bare, (_STRIPPED,), tolerant=False)
            yield Version(bare, (_STRIPPED, _CUT))
    elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        bare = _bare_webp(data)
        if bare is not None:
            yield Version(bare, (_STRIPPED,), tolerant=False)
    elif data[:4] == b"GIF8" or data[:4] in (b"II*\0", b"MM\0*"):
        yield Version(data, (_CUT,))


def _bare_webp(data: bytes) -> bytes | None:
    """The pixels' chunk of a simple or extended WebP alone; None where it is not whole."""
    at = 12
    while at + 8 <= len(data):
        name, length = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        whole = data[at : at + 8 + length + length % 2]
        if name in (b"VP8 ", b"VP8L") and len(whole) >= 8 + length:
            return b"RIFF" + (4 + len(whole)).to_bytes(4, "little") + b"WEBP" + whole
        at += 8 + length + length % 2
    return None
