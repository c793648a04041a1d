"""What colours mean where a file has no ICC profile: CICP, or PNG's gAMA and cHRM, as a profile that says the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PIL import Image

from app.document.formats.reading.isobmff import is_isobmff, read_boxes
from app.document.notes import About, Note
from app.document.pixels import HLG, PQ, Chromaticities, from_cicp, from_gamma

_CICP = b"cICP"
_NAMES = {PQ: "PQ", HLG: "HLG"}


@dataclass(frozen=True)
class Signalled:
    """How colours are described."""

    profile: bytes | None = None  # to keep with the picture
    cicp: tuple[int, int] | None = None  # of HDR, to be written beside it
    notes: tuple[Note, ...] = ()


def signalled(image: Image.Image, head: bytes, profile: bytes | None, *, grey: bool) -> Signalled:
    """What a file says of its colours; ``profile`` is the ICC profile that it has, which counts first."""
    codes = _codes(image, head)
    if codes is not None and codes[1] in _NAMES:
        made = from_cicp(*codes, grey=grey)
        if profile is None or profile == made:
            name = _NAMES[codes[1]]
            text = f"It is an HDR picture ({name}): it is shown, and erased from, with its lights toned down."
            return Signalled(made, codes, (Note(About.COLOURS, text),))
    if profile is not None:
        return Signalled(profile)
    if codes is not None:
        return Signalled(from_cicp(*codes, grey=grey))
    if image.format == "PNG" and "srgb" not in image.info:
        return Signalled(from_gamma(_number(image.info.get("gamma")), _chromaticities(image), grey=grey))
    return Signalled()


def _codes(image: Image.Image, head: bytes) -> tuple[int, int] | None:
    """Primaries and transfer (H.273)."""
    if is_isobmff(head):
        return read_boxes(head).codes
    if image.format != "PNG":
        return None
    at = head.find(_CICP, 8, head.find(b"IDAT"))
    return (head[at + 4], head[at + 5]) if at > 0 and at + 6 <= len(head) else None


def _chromaticities(image: Image.Image) -> Chromaticities | None:
    found: Any = image.info.get("chromaticity")
    if not isinstance(found, tuple) or len(found) != 8:
        return None
    values = [_number(value) for value in found]
    if any(value is None or not 0 <= value <= 2 for value in values):
        return None
    return tuple(values)  # type: ignore[return-value]  # eight of them


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None
