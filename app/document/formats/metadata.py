"""Metadata of a picture file that has to be kept: EXIF, XMP, IPTC, resolution, texts."""

from __future__ import annotations

import math
import struct
from typing import Any

from PIL import ExifTags, Image, PngImagePlugin, TiffImagePlugin

from app.document.metadata import Directory, Field, Layout, exif_block, field_of, jpeg_segments

# Tags of a first directory that say how the pixels lie in the file, not what they show, or have places of their own
# in a Picture. Thumbnails are in a second directory, which is left out whole: they would show what was erased.
_RANGES = ((254, 259), (262, 266), (277, 281), (288, 293), (317, 347), (512, 521), (529, 532))
_LAYOUT = {tag for first, last in _RANGES for tag in range(first, last + 1)}
_LAYOUT |= {273, 274, 284, 297, 301, 700, 33723, 34377, 34675}
_LAYERS = 37724  # Photoshop's, which hold the picture as it was
_DIRECTORIES = (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo, ExifTags.IFD.Interop)
_RAW_FROM = 50706  # what raw converters need begins here
_SIZE = (ExifTags.Base.ExifImageWidth, ExifTags.Base.ExifImageHeight)
_CENTIMETRE = 3
_XMP_TAG, _IPTC_TAG = 700, 33723
_IPTC_RESOURCE = 0x0404
_IPTC_TEXT = "Raw profile type iptc"  # where a PNG holds it
_TEXTS_ELSEWHERE = ("XML:com.adobe.xmp", "Raw profile type ", "icc_profile")

EXIF_ERRORS = (OSError, ValueError, TypeError, KeyError, IndexError, SyntaxError, OverflowError, struct.error)
"""What a damaged block may raise."""


def orientation(image: Image.Image) -> int:
    """The EXIF (or XMP) orientation, 1 to 8; 1 when there is none or it makes no sense."""
    value = image.getexif().get(ExifTags.Base.Orientation, 1)
    return value if value in range(1, 9) else 1


def stored_exif(image: Image.Image) -> bytes | None:
    """The EXIF block as it lies in the file, asked before the image is turned upright; None in a TIFF, which is one."""
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        return None
    block = image.info.get("exif")
    if block is None and isinstance(image, PngImagePlugin.PngImageFile):
        texts = (str(image.text.get(f"Raw profile type {name}", "")) for name in ("exif", "APP1"))
        block = next((data for data in map(_from_text, texts) if data), None)
    return block if isinstance(block, bytes) and block else None


def upright_exif(image: Image.Image, block: bytes | None, size: tuple[int, int], *, turned: bool) -> bytes | None:
    """What of an image's EXIF is to be written again; ``block`` is what ``stored_exif`` answered.

    Size and ``turned`` as for ``kept_exif``, raises as that does.
    """
    if block is None:
        return kept_exif(image.getexif(), size, turned=turned)
    return exif_block.edited(block, size, turned=turned)


def kept_exif(source: Image.Exif, size: tuple[int, int], *, turned: bool) -> bytes | None:
    """The EXIF of a TIFF as a block of its own, without orientation, layout tags, layers and thumbnail.

    ``source`` is a loaded image's, ``size`` the upright (width, height), ``turned`` whether that lies across the
    stored one. None when there is nothing to keep. Raises one of ``EXIF_ERRORS`` for a damaged block.
    """
    kept = Image.Exif()
    kept.endian = source.endian  # what is written as bytes in there, comments and makers' notes, has that order
    for tag, value in source.items():
        if tag not in _LAYOUT and tag not in _DIRECTORIES and tag != _LAYERS and tag < _RAW_FROM:
            kept[tag] = value
    if turned:
        across = ExifTags.Base.XResolution, ExifTags.Base.YResolution
        x, y = (kept.get(tag) for tag in across)
        if x is not None and y is not None:
            kept[across[0]], kept[across[1]] = y, x
    details: dict[int, Any] = dict(source.get_ifd(ExifTags.IFD.Exif))
    if details:
        if ExifTags.IFD.Interop in details:
            details[ExifTags.IFD.Interop] = dict(source.get_ifd(ExifTags.IFD.Interop))
        for tag, length in zip(_SIZE, size, strict=True):
            if tag in details:
                details[tag] = length  # the stored size is the one before turning upright
        kept[ExifTags.IFD.Exif] = details
    place = dict(source.get_ifd(ExifTags.IFD.GPSInfo))
    if place:
        kept[ExifTags.IFD.GPSInfo] = place
    return kept.tobytes() if len(kept) else None


def fitting_exif(exif: bytes | None, most: int) -> bytes | None:
    """The block in at most so many bytes: without the maker's own notes where those are too much, or None."""
    if exif is None or len(exif) <= most:
        return exif
    block = _loaded(exif)
    if ExifTags.IFD.Exif in block:
        block[ExifTags.IFD.Exif].pop(ExifTags.Base.MakerNote, None)
    smaller = block.tobytes()
    return smaller if len(smaller) <= most else None


def _loaded(exif: bytes | None) -> Image.Exif:
    """A block with its nested directories, ready to be changed and written."""
    block = Image.Exif()
    if exif is not None:
        block.load(exif)
    for group in (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo):
        if group in block:
            block[group] = dict(block.get_ifd(group))
    if ExifTags.IFD.Interop in block.get(ExifTags.IFD.Exif, {}):
        block[ExifTags.IFD.Exif][ExifTags.IFD.Interop] = dict(block.get_ifd(ExifTags.IFD.Interop))
    return block


def kept_dpi(found: Any, exif: Image.Exif, turned: bool) -> tuple[float, float] | None:
    """The resolution in pixels per inch, (horizontal, vertical) of the upright picture.

    ``found`` is what the file says outside of its EXIF, ``turned`` that the upright picture lies across the
    stored one. None when the file says nothing, or nonsense.
    """
    try:
        x, y = (float(value) for value in found or _exif_dpi(exif))
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    if not all(math.isfinite(value) and value > 0 for value in (x, y)):
        return None
    return (y, x) if turned else (x, y)


def _exif_dpi(exif: Image.Exif) -> Any:
    """WebP and AVIF have no place for the resolution but EXIF."""
    x, y = exif.get(ExifTags.Base.XResolution), exif.get(ExifTags.Base.YResolution)
    if x is None or y is None:
        return None
    scale = 2.54 if exif.get(ExifTags.Base.ResolutionUnit) == _CENTIMETRE else 1.0
    return float(x) * scale, float(y) * scale


# -- IPTC ----------------------------------------------------------------------------------


def kept_iptc(image: Image.Image) -> bytes | None:
    """The IPTC records (IIM) of a JPEG, TIFF or PNG; None where there are none, or they are damaged."""
    found: Any = None
    if image.format in ("JPEG", "MPO"):
        found = image.info.get("photoshop", {}).get(_IPTC_RESOURCE)
    elif isinstance(image, TiffImagePlugin.TiffImageFile):
        found = image.tag_v2.get(_IPTC_TAG)
        if isinstance(found, tuple):  # some write bytes as 32-bit numbers
            order = ">" if image.tag_v2.prefix == b"MM" else "<"
            found = struct.pack(f"{order}{len(found)}L", *found)
    elif isinstance(image, PngImagePlugin.PngImageFile):
        found = _from_text(str(image.text.get(_IPTC_TEXT, "")))
    if not isinstance(found, bytes):
        return None
    start = found.find(b"\x1c")  # older files have Photoshop's frame around it
    return found[start:] if start >= 0 else None


def _from_text(text: str) -> bytes | None:
    """What "Raw profile" texts hold: a name, a length, hexadecimal digits."""
    lines = text.split()
    try:
        return bytes.fromhex("".join(lines[2:])) if len(lines) > 2 else None
    except ValueError:
        return None


def iptc_text(iptc: bytes) -> tuple[str, str]:
    """Key and text of IPTC records in a PNG, as ImageMagick and ExifTool write them."""
    digits = iptc.hex()
    lines = [digits[i : i + 72] for i in range(0, len(digits), 72)]
    return _IPTC_TEXT, "\niptc\n" + f"{len(iptc):8d}\n" + "\n".join(lines) + "\n"


def iptc_segments(iptc: bytes) -> list[jpeg_segments.Segment]:
    """A JPEG's APP13 segments with IPTC records."""
    return jpeg_segments.photoshop(jpeg_segments.resource(_IPTC_RESOURCE, iptc))


# -- texts ---------------------------------------------------------------------------------


def kept_texts(image: Image.Image) -> dict[str, str]:
    """A PNG's texts, or a JPEG's comment as "Comment"."""
    if isinstance(image, PngImagePlugin.PngImageFile):
        return {key: str(text) for key, text in image.text.items() if not key.startswith(_TEXTS_ELSEWHERE)}
    comment = image.info.get("comment") if image.format in ("JPEG", "MPO") else None
    if isinstance(comment, bytes) and comment.strip(b"\0"):
        try:
            return {"Comment": comment.rstrip(b"\0").decode()}
        except UnicodeDecodeError:
            return {"Comment": comment.rstrip(b"\0").decode("latin-1")}
    return {}


def png_texts(texts: dict[str, str], xmp: bytes | None, iptc: bytes | None) -> PngImagePlugin.PngInfo:
    """All that a PNG holds as text."""
    info = PngImagePlugin.PngInfo()
    for key, text in texts.items():
        latin = all(ord(letter) < 256 for letter in text)
        if latin and "\0" not in text:
            info.add_text(key, text)
        else:
            info.add_itxt(key, text.replace("\0", " "))
    if xmp is not None:
        info.add_itxt("XML:com.adobe.xmp", xmp.decode("utf-8", "replace"))
    if iptc is not None:
        info.add_text(*iptc_text(iptc), zip=True)
    return info


def tiff_fields(
    data: bytes | bytearray, layout: Layout, first: Directory | None, xmp: bytes | None, iptc: bytes | None
) -> list[Field]:
    """What a TIFF's directory holds beside the layout of its pixels: EXIF as it lies in ``data``, XMP, IPTC."""
    entries = first.entries if first is not None else ()
    left_out = _LAYOUT | {_LAYERS}
    fields = [field_of(data, entry) for entry in entries if entry.tag not in left_out and entry.tag < _RAW_FROM]
    for tag, value, kind in ((_XMP_TAG, xmp, 1), (_IPTC_TAG, iptc, 7)):
        if value is not None:
            fields.append(Field(tag, kind, len(value), value))
    return fields
