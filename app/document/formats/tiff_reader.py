"""TIFF files of more than 8 bits per channel in the forms that Pillow or OpenCV do not read: planes, floats, alpha."""

from __future__ import annotations

import io
import logging
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image

from app.document.formats import metadata
from app.document.formats.sixteen_bit import TURNS, unweight
from app.document.metadata import xmp
from app.document.pixels import Picture, icc

_TOP = 65535
_ORIENTATION, _XMP, _IPTC, _PROFILE = 274, 700, 33723, 34675
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB = 0, 1, 2
_WEIGHTED, _STRAIGHT = 1, 2
_MOST = 1100  # times as large as its file may a picture be: deflate packs no better, and damaged files say anything
_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")

logging.getLogger("tifffile").setLevel(logging.CRITICAL + 1)  # of damage, which the user is told in one sentence


def is_tiff(head: bytes) -> bool:
    """Whether a file begins as a TIFF does."""
    return head[:4] in _MAGIC


def tiff_colours(data: bytes) -> NDArray[np.uint16] | None:
    """(H, W, 3 or 4) uint16, upright, of the first page of an RGB TIFF; None where this is not the way to read it."""
    found = _read(data)
    return None if found is None or found[1] else found[0]


def read_tiff(data: bytes, most: float) -> Picture | None:
    """A picture of a TIFF file that Pillow does not know; None where it is none, or has more than ``most`` megapixels.

    Grey with alpha, and floating point, whose 0..1 becomes all of 16 bits.
    """
    try:
        with tifffile.TiffFile(io.BytesIO(data)) as file:
            page: Any = file.pages[0]
            if page.imagewidth * page.imagelength > most * 1e6:
                return None
            pages, whole_numbers = len(file.pages), np.dtype(page.dtype).kind == "u"
        exif = Image.Exif()
        exif.load_from_fp(io.BytesIO(data))
    except Exception:  # decoders meet damaged data with every kind of exception
        return None
    found = _read(data)
    if found is None:
        return None
    pixels, grey = found
    turned, size = int(exif.get(_ORIENTATION, 1)) >= 5, (pixels.shape[1], pixels.shape[0])
    profile = exif.get(_PROFILE)
    profile = profile if isinstance(profile, bytes) else None
    notes = [] if whole_numbers else ["its numbers were brought to 16 bits per channel"]
    if pages > 1:
        notes.append(f"only the first of its {pages} pages or frames was opened")
    packet = xmp.kept(exif.get(_XMP), size)
    notes += packet.lost if packet is not None else ()
    iptc = exif.get(_IPTC)
    kept = None
    try:
        kept = metadata.kept_exif(exif, size, turned=turned)
    except metadata.EXIF_ERRORS:
        notes.append("its EXIF data is damaged and was left out")
    return Picture(
        pixels,
        format="TIFF",
        icc_profile=profile if profile and icc.space(profile) == ("GRAY" if grey else "RGB") else None,
        exif=kept,
        dpi=metadata.kept_dpi(None, exif, turned),
        note=f"Not everything in this file can be kept: {', and '.join(notes)}." if notes else "",
        grey=grey,
        xmp=None if packet is None else packet.data,
        iptc=iptc if isinstance(iptc, bytes) else None,
    )


def is_white_zero(image: Image.Image) -> bool:
    """Whether a TIFF's numbers are darkness, not light; Pillow minds it for 8 bits only."""
    tags: Any = getattr(image, "tag_v2", {})
    return image.format == "TIFF" and tags.get(262) == _WHITE_IS_ZERO


def _read(data: bytes) -> tuple[NDArray[np.uint16], bool] | None:
    """Upright RGB or RGBA of the first page, and whether it is grey."""
    try:
        with tifffile.TiffFile(io.BytesIO(data)) as file:
            page: Any = file.pages[0]
            if page.nbytes > _MOST * len(data):
                return None
            values: NDArray[Any] = page.asarray()
            kind, axes, extra = int(page.photometric), page.axes, tuple(int(value) for value in page.extrasamples)
            tag = page.tags.get(_ORIENTATION)
            orientation = int(tag.value) if tag is not None and int(tag.value) in TURNS else 1
        if axes not in ("YX", "YXS", "SYX") or kind not in (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB):
            return None
        values = np.moveaxis(values, 0, 2) if axes == "SYX" else values.reshape(*values.shape[:2], -1)
        return _laid_out(values, kind, extra, orientation)
    except Exception:  # also where a compression needs a library that is not there
        return None


def _laid_out(
    values: NDArray[Any], kind: int, extra: tuple[int, ...], orientation: int
) -> tuple[NDArray[np.uint16], bool] | None:
    colours = 3 if kind == _RGB else 1
    deep = _to_16_bit(values) if values.size and values.shape[2] >= colours else None
    if deep is None:
        return None
    if kind == _WHITE_IS_ZERO:
        deep = np.concatenate([_TOP - deep[..., :1], deep[..., 1:]], axis=2)
    alpha = values.shape[2] > colours and bool(extra) and extra[0] in (_WEIGHTED, _STRAIGHT)
    out = np.empty((*deep.shape[:2], 4 if alpha else 3), np.uint16)
    out[..., :3] = deep[..., :colours]
    if alpha:
        out[..., 3] = deep[..., colours]
        if extra[0] == _WEIGHTED:
            unweight(out)
    return np.ascontiguousarray(TURNS[orientation](out)), kind != _RGB


def _to_16_bit(values: NDArray[Any]) -> NDArray[np.uint16] | None:
    if values.dtype == np.uint16:
        return values
    if values.dtype == np.uint32:
        return (values >> 16).astype(np.uint16)
    if values.dtype.kind != "f":
        return None
    whole = np.nan_to_num(values.astype(np.float32), posinf=1.0, neginf=0.0)
    return np.rint(np.clip(whole, 0.0, 1.0) * _TOP).astype(np.uint16)
