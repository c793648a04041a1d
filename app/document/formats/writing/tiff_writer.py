"""Writing TIFF files: compressed pixels of 1, 8 or 16 bits behind an EXIF block that stays as it is.

An EXIF block is a TIFF file without pixels: it becomes the beginning of the new one, so that its byte order, its
offsets and the makers' notes in it stay right.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from PIL import ExifTags, Image

from app.document.formats.metadata import tiff_fields
from app.document.metadata import (
    LONG,
    LONG8,
    RATIONAL,
    SHORT,
    UNDEFINED,
    Directory,
    Field,
    Layout,
    append_directory,
    bare,
    directory,
    field_of,
    layout_of,
    link_first,
    new_field,
    numbers,
)
from app.document.pixels import Picture, Pixels

_LEVEL = 4  # measured on photographs: level 6 takes three times as long for 1% less
_STRIP_BYTES = 1 << 18  # TIFF 6.0 advises small strips; these are large enough to compress well
_ADOBE_DEFLATE = 8
_GREY, _RGB = 1, 2
_STRAIGHT_ALPHA = 2
_HORIZONTAL_DIFFERENCE = 2
_INCH = 2
_TAGS = ExifTags.Base
_EMPTY = b"II*\0\0\0\0\0"
_BILEVEL = (_TAGS.BitsPerSample, _TAGS.Compression, _TAGS.PhotometricInterpretation, _TAGS.RowsPerStrip, 266, 293)


@dataclass(frozen=True)
class Strips:
    """Pixels as they go into a file, and the entries that say how."""

    data: Sequence[bytes]
    fields: Sequence[Field]


def encode_tiff(picture: Picture, pixels: Pixels) -> bytes:
    """``pixels`` (H, W, 1 to 4) as a TIFF file, with all else the picture's.

    Grey or RGB with deflate compression, the last of an even number of channels is alpha; a picture that is black
    and white only with one bit a pixel, by Group 4. The layout is that of the TIFF 6.0 specification: sections 8
    (strips), 11 (bilevel) and 14 (differences).
    """
    data = bytearray(_EMPTY if picture.exif is None else bare(picture.exif))
    layout, start = layout_of(data)
    old = directory(data, layout, start) if start else None
    link_first(data, layout, append_page(data, layout, page_fields(data, layout, old, picture), picture, pixels))
    if old is not None:
        data[old.start : old.end] = bytes(old.end - old.start)
    return bytes(data)


def page_fields(data: bytearray, layout: Layout, old: Directory | None, picture: Picture) -> list[Field]:
    """What a page holds beside its pixels and their layout: what ``old`` in ``data`` does, and the picture."""
    fields = {field.tag: field for field in tiff_fields(data, layout, old, picture.xmp, picture.iptc)}
    if picture.dpi is not None:
        for tag, value in zip((_TAGS.XResolution, _TAGS.YResolution), picture.dpi, strict=True):
            ratio = Fraction(value).limit_denominator(1 << 16)
            fields[tag] = new_field(layout, tag, RATIONAL, min(ratio.numerator, 2**32 - 1), ratio.denominator)
        fields[_TAGS.ResolutionUnit] = new_field(layout, _TAGS.ResolutionUnit, SHORT, _INCH)
    if picture.icc_profile is not None:
        profile = picture.icc_profile
        fields[_TAGS.InterColorProfile] = Field(_TAGS.InterColorProfile, UNDEFINED, len(profile), profile)
    return [*fields.values()]


def append_page(
    data: bytearray, layout: Layout, others: Iterable[Field], picture: Picture, pixels: Pixels, following: int = 0
) -> int:
    """Write a page to the end of ``data``: where its directory lies.

    ``others`` are what ``page_fields`` answered. ``following`` is where the next page lies.
    """
    strips = _bilevel(layout, pixels) if picture.bilevel else _deflated(layout, pixels)
    fields = {field.tag: field for field in others}
    height, width = pixels.shape[:2]
    kind = LONG8 if layout.big else LONG
    offsets = []
    for strip in strips.data:
        data += b"\0" * (len(data) % 2)
        offsets.append(len(data))
        data += strip
    for field in (
        *strips.fields,
        new_field(layout, _TAGS.ImageWidth, LONG, width),
        new_field(layout, _TAGS.ImageLength, LONG, height),
        new_field(layout, _TAGS.StripOffsets, kind, *offsets),
        new_field(layout, _TAGS.StripByteCounts, kind, *(len(strip) for strip in strips.data)),
    ):
        fields[field.tag] = field
    return append_directory(data, layout, fields.values(), following)


def _deflated(layout: Layout, pixels: Pixels) -> Strips:
    height, width, channels = pixels.shape
    rows = max(1, _STRIP_BYTES // (width * channels * pixels.itemsize))
    stored = pixels.dtype.newbyteorder("<" if layout.order == "<" else ">")
    strips = []
    for top in range(0, height, rows):
        difference = pixels[top : top + rows].copy()
        difference[:, 1:] -= pixels[top : top + rows, :-1]  # modulo 256 or 65536, as the predictor wants
        strips.append(zlib.compress(difference.astype(stored, copy=False).tobytes(), _LEVEL))
    numbers_of: Iterable[tuple[int, tuple[int, ...]]] = (
        (_TAGS.BitsPerSample, (8 * pixels.itemsize,) * channels),
        (_TAGS.Compression, (_ADOBE_DEFLATE,)),
        (_TAGS.PhotometricInterpretation, (_GREY if channels < 3 else _RGB,)),
        (_TAGS.SamplesPerPixel, (channels,)),
        (_TAGS.PlanarConfiguration, (1,)),
        (_TAGS.Predictor, (_HORIZONTAL_DIFFERENCE,)),
    )
    fields = [new_field(layout, tag, SHORT, *values) for tag, values in numbers_of]
    fields.append(new_field(layout, _TAGS.RowsPerStrip, LONG, rows))
    if channels % 2 == 0:
        fields.append(new_field(layout, _TAGS.ExtraSamples, SHORT, _STRAIGHT_ALPHA))
    return Strips(strips, fields)


def _bilevel(layout: Layout, pixels: Pixels) -> Strips:
    """By libtiff, whose strips are taken over."""
    buffer = io.BytesIO()
    white = pixels[..., 0] > np.iinfo(pixels.dtype).max // 2
    Image.fromarray(white).save(buffer, "TIFF", compression="group4")
    made = buffer.getvalue()
    own, start = layout_of(made)
    found = directory(made, own, start)
    entries = {entry.tag: entry for entry in found.entries}
    places, lengths = (numbers(made, own, entries[tag]) for tag in (_TAGS.StripOffsets, _TAGS.StripByteCounts))
    fields = []
    for tag in _BILEVEL:
        if tag in entries:
            entry = entries[tag]
            kind = SHORT if entry.kind == SHORT else LONG
            fields.append(
                field_of(made, entry) if own == layout else new_field(layout, tag, kind, *numbers(made, own, entry))
            )
    fields.append(new_field(layout, _TAGS.SamplesPerPixel, SHORT, 1))
    return Strips([made[at : at + size] for at, size in zip(places, lengths, strict=True)], fields)
