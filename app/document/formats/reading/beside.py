"""What a file holds beside its picture: further pages, gain maps, clips, second pictures; and that it is not kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from PIL import Image

from app.document.formats.reading.isobmff import is_isobmff, read_boxes
from app.document.metadata import xmp
from app.document.notes import About, Note

_GAIN_MAP = (b"hdrgm", b"HDRGainMap", b"hdrgainmap", b"urn:iso:std:iso:ts:21496")
_CLIP = (b"MotionPhoto", b"MicroVideo")
_ENTRIES = 0xB002  # of a JPEG's index of pictures (CIPA DC-007)
_PREVIEW = "Large Thumbnail"
_VIDEO = b"ftyp"
_BRANDS = (b"mp42", b"mp41", b"isom", b"iso2", b"avc1", b"qt  ", b"MSNV", b"3gp4", b"3gp5")


def notes_of(image: Image.Image, head: bytes, data: Callable[[], bytes]) -> list[Note]:
    """What to say of an opened image; ``head`` is how its file begins, ``data()`` all of it."""
    pages = int(getattr(image, "n_frames", 1))
    if image.format in ("JPEG", "MPO"):
        return _of_jpeg(image, pages, head, data)
    notes = []
    if pages > 1:
        text = f"Only the first of its {pages} pages or frames was opened."
        notes.append(Note(About.PAGES, text, lost=True))
    if image.format == "GIF":
        text = "It is a GIF, which can be opened but not written: the result is saved as PNG."
        notes.append(Note(About.FORMAT, text))
    if is_isobmff(head) and read_boxes(head).gain_map:
        notes.append(_gain_map_note())
    return notes


def notes_of_packet(packet: xmp.Packet | None, known: Iterable[Note]) -> list[Note]:
    """What could not be kept of the promises of an XMP packet, beside what is said in ``known`` already."""
    said = {note.about for note in known}
    notes = [_of_promise(part) for part in (packet.lost if packet is not None else ())]
    return [note for note in notes if note.about not in said or note.about is About.METADATA]


def _of_promise(part: str) -> Note:
    words = (("gain map", About.GAIN_MAP), ("clip", About.CLIP), ("depth map", About.PAGES))
    about = next((about for word, about in words if word in part), About.METADATA)
    return Note(about, f"{part[:1].upper()}{part[1:]}.", lost=True)


def _of_jpeg(image: Image.Image, pages: int, head: bytes, data: Callable[[], bytes]) -> list[Note]:
    xmp: Any = image.info.get("xmp", b"")
    xmp = xmp if isinstance(xmp, bytes) else b""
    notes = []
    gain_map = any(word in xmp or word in head for word in _GAIN_MAP)
    if gain_map:
        notes.append(_gain_map_note())
    if any(word in xmp for word in _CLIP) or _has_clip(data()):
        notes.append(Note(About.CLIP, "The clip of this motion photo is not kept.", lost=True))
    further = _further_pictures(image, pages) - gain_map
    if further > 0:
        which = "A second picture in the file is" if further == 1 else f"{further} further pictures in the file are"
        text = f"{which} not kept (a stereo pair, a burst or a depth map)."
        notes.append(Note(About.PAGES, text, lost=True))
    return notes


def _further_pictures(image: Image.Image, pages: int) -> int:
    """Pictures beside the first that are not previews of it."""
    entries: Any = getattr(image, "mpinfo", {}).get(_ENTRIES) or []
    kinds = [str(entry.get("Attribute", {}).get("MPType", "")) for entry in entries[1:]]
    previews = sum(kind.startswith(_PREVIEW) for kind in kinds)
    return max(pages - 1 - previews, 0)


def _has_clip(data: bytes) -> bool:
    """Whether a video follows the picture, as some telephones write without saying so in XMP."""
    at = data.rfind(_VIDEO)
    return at > 0 and data[at + 4 : at + 8] in _BRANDS and data.rfind(b"\xff\xd9", 0, at) > 0


def _gain_map_note() -> Note:
    return Note(About.GAIN_MAP, "Its HDR gain map is not kept: the result is an ordinary picture.", lost=True)
