"""TIFF files in the forms that Pillow does not read, or not rightly; the thumbnail of a raw file is not its picture."""

from __future__ import annotations

from typing import Any, BinaryIO, cast

import numpy as np
from PIL import Image

from app.document.formats import metadata
from app.document.formats.reading.beside import notes_of_packet
from app.document.formats.reading.tiff_colours import COLOURS, LOG_L, LOG_LUV, PALETTE, Colours, Form, to_colours
from app.document.formats.reading.tiff_pages import Pages
from app.document.formats.reading.tiff_segments import COMPRESSIONS, samples
from app.document.formats.sixteen_bit import TURNS
from app.document.metadata import xmp
from app.document.notes import About, Note
from app.document.pixels import Picture, icc

_ORIENTATION, _XMP, _IPTC, _PROFILE, _COLOURMAP = 274, 700, 33723, 34675, 320
_EXTRA, _STRAIGHT = 338, 2
_WHITE, _SIGNED_WHITE = 281, 341  # MaxSampleValue, SMaxSampleValue
_POINTERS = (34665, 34853)  # to EXIF's and GPS's directories
_LONG = 1 << 24
_DEPTHS = (1, 8)  # that Pillow reads in every ordinary form
_ORDINARY = (0, 1, 2, 3, 5, 6, 8)
_MOST = 1100  # times as large as its file may a picture be: deflate packs no better, and damaged files say anything


def is_unusual(pages: Pages) -> bool:
    """Whether Pillow would read the picture wrongly or not at all, so that it is read here first."""
    page = pages.main
    try:
        extra = tuple(int(value) for value in page.extrasamples)
        kind, bits, form = int(page.photometric), page.bitspersample, int(page.sampleformat)
        channels = int(page.samplesperpixel)
    except (TypeError, ValueError, AttributeError):
        return False
    further = channels - COLOURS.get(kind, channels)
    return (
        page is not pages.first
        or bits not in _DEPTHS
        or form != 1
        or kind not in _ORDINARY
        or further > 1
        or (further == 1 and (extra not in ((1,), (2,)) or kind in (0, 1, 3)))
        or (kind == 5 and further > 0)
    )


def read_tiff(pages: Pages, file: BinaryIO, size: int, most: float) -> Picture | None:
    """The picture of a TIFF file of ``size`` bytes; None where it is not understood here.

    ``most``: megapixels that may be read.
    """
    page = pages.main
    try:
        form = _form(page)
        if form is None or page.imagewidth * page.imagelength > most * 1e6 or page.nbytes > _MOST * size:
            return None
        values, missing = samples(page, file)
        whole = values.shape[0] * values.shape[1]
        if missing >= whole:
            return None
        found = to_colours(values, form)
    except Exception:  # decoders meet damaged data with every kind of exception
        return None
    if missing:
        found.notes.append(_incomplete(found, values, missing / whole))
    return _picture(pages, file, found)


def _form(page: Any) -> Form | None:
    kind, compression, bits = int(page.photometric), int(page.compression), page.bitspersample
    if kind not in COLOURS or compression not in COMPRESSIONS or not isinstance(bits, int):
        return None
    if kind in (LOG_L, LOG_LUV) and compression != 34676:
        return None
    palette = None
    if kind == PALETTE:
        table = np.asarray(page.colormap, np.uint16)
        palette = table.reshape(3, -1) if table.size else None
    profile = page.tags.get(_PROFILE)
    return Form(
        kind,
        bits,
        int(page.sampleformat) == 3,
        _extra(page, COLOURS[kind]),
        palette,
        _white(page, bits),
        bytes(profile.value) if profile is not None and isinstance(profile.value, bytes) else None,
    )


def _extra(page: Any, colours: int) -> tuple[int, ...]:
    """What the channels beyond the colours are; one of which nothing is said is alpha."""
    if page.tags.get(_EXTRA) is None and int(page.samplesperpixel) == colours + 1:
        return (_STRAIGHT,)
    return tuple(int(value) for value in page.extrasamples)


def _white(page: Any, bits: int) -> float | None:
    """The value that means white, where a tag says that fewer bits are used than there is room for.

    MaxSampleValue may also be the largest value that occurs, and must not change what is seen then (TIFF 6.0,
    page 36): only one below a power of two counts.
    """
    for number in (_SIGNED_WHITE, _WHITE):
        tag = page.tags.get(number)
        try:
            white = float(max(tag.value) if isinstance(tag.value, tuple) else tag.value)
        except (AttributeError, TypeError, ValueError):
            continue
        if white in [2.0**n - 1 for n in range(9, bits)] or (int(page.sampleformat) == 3 and white > 0):
            return white
    return None


def _incomplete(found: Colours, values: Any, part: float) -> Note:
    """What is missing becomes grey; zero in the samples is what stands for it."""
    lost = ~values.any(axis=2)
    rows = np.flatnonzero(lost.all(axis=1))
    top: Any = np.iinfo(found.pixels.dtype).max
    found.pixels[rows, :, :3] = top // 2 + 1
    if found.pixels.shape[2] == 4:
        found.pixels[rows, :, 3] = top
    share = "less than 1 %" if part < 0.01 else f"{100 * part:.0f} %"
    return Note(About.DAMAGE, f"It is incomplete: {share} of it is missing and grey.")


def _picture(pages: Pages, file: BinaryIO, found: Colours) -> Picture:
    notes = list(found.notes)
    exif = _exif_of_big(pages) if pages.big else _exif(file)
    if exif is None:
        exif = Image.Exif()
        notes.append(Note(About.METADATA, "Its EXIF data could not be read and was left out.", lost=True))
    tag = pages.main.tags.get(_ORIENTATION) or pages.first.tags.get(_ORIENTATION)
    orientation = int(tag.value) if tag is not None and tag.value in TURNS else 1
    pixels = np.ascontiguousarray(TURNS[orientation](found.pixels))
    size, turned = (pixels.shape[1], pixels.shape[0]), orientation >= 5
    if pages.count > 1:
        text = f"Only the first of its {pages.count} pages or frames was opened."
        # What keeps further pages when the file is saved replaces the first, which here is a thumbnail
        about = About.PAGES if pages.main is pages.first else About.FORMAT
        notes.append(Note(about, text, lost=True))
    packet = xmp.kept(exif.get(_XMP), size)
    notes += notes_of_packet(packet, notes)
    profile, iptc = exif.get(_PROFILE), exif.get(_IPTC)
    kept = None
    try:
        kept = metadata.kept_exif(exif, size, turned=turned)
    except metadata.EXIF_ERRORS:
        notes.append(Note(About.METADATA, "Its EXIF data is damaged and was left out.", lost=True))
    fits = isinstance(profile, bytes) and icc.space(profile) == ("GRAY" if found.grey else "RGB")
    return Picture(
        pixels,
        format="TIFF",
        icc_profile=profile if fits and isinstance(profile, bytes) else None,
        exif=kept,
        dpi=metadata.kept_dpi(None, exif, turned),
        notes=tuple(notes),
        grey=found.grey,
        xmp=None if packet is None else packet.data,
        iptc=iptc if isinstance(iptc, bytes) else None,
        orientation=orientation,
    )


def _exif(file: BinaryIO) -> Image.Exif | None:
    exif = Image.Exif()
    try:
        file.seek(0)
        exif.load_from_fp(cast(Any, file))
        dict(exif.items())
    except metadata.EXIF_ERRORS:
        return None
    return exif


def _exif_of_big(pages: Pages) -> Image.Exif | None:
    """The plain tags of a BigTIFF, which Pillow does not read as EXIF; None where there is more."""
    exif = Image.Exif()
    if any(pages.first.tags.get(pointer) is not None for pointer in _POINTERS):
        return None
    for tag in pages.first.tags:
        if isinstance(tag.value, str | bytes) and len(tag.value) < _LONG:
            exif[tag.code] = tag.value
    return exif
