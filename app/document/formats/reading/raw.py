"""Raw files of cameras, developed by LibRaw as it suggests: white as the camera saw it, upright, sRGB at 16 bits."""

from __future__ import annotations

from typing import Any, BinaryIO

import numpy as np
from PIL import Image

from app.document.errors import DocumentError
from app.document.formats import metadata
from app.document.notes import About, Note
from app.document.pixels import Picture

_BEGINNINGS = (
    (0, b"IIRO"), (0, b"IIRS"), (0, b"MMOR"), (0, b"IIU\0"), (0, b"FUJIFILMCCD-RAW"), (4, b"ftypcrx "), (0, b"FOVb"),
    (0, b"\0MRM"), (6, b"HEAPCCDR"), (8, b"CR\x02\0"),
)  # fmt: skip
_CLIPPED = 0.0005  # part of the pixels that may become white where the picture is made brighter


def is_raw(head: bytes) -> bool:
    """Whether a file begins as a raw file does that is no TIFF, or a Canon's that is."""
    return any(head[at : at + len(mark)] == mark for at, mark in _BEGINNINGS)


def read_raw(file: BinaryIO, name: str, most: float) -> Picture | None:
    """The developed picture; None where LibRaw does not know the file.

    ``most``: megapixels that may be read. Raises ``DocumentError`` where it knows the file but cannot develop it.
    """
    try:
        import rawpy
    except (ImportError, OSError) as error:
        raise DocumentError(
            f'"{name}" is a raw file, which this installation cannot develop; convert it to TIFF with your camera\'s '
            "program first."
        ) from error
    try:
        with rawpy.imread(file) as raw:
            if raw.sizes.width * raw.sizes.height > most * 1e6:
                raise DocumentError(f'"{name}" has more than {most:.0f} megapixels, the most that can be opened.')
            pixels: Any = raw.postprocess(
                use_camera_wb=True, output_bps=16, output_color=rawpy.ColorSpace.sRGB, auto_bright_thr=_CLIPPED
            )
    except (rawpy.LibRawFileUnsupportedError, rawpy.LibRawTooBigError, rawpy.LibRawNoThumbnailError):
        return None
    except rawpy.LibRawError as error:
        raise DocumentError(not_developed(name)) from error
    if pixels.ndim != 3 or pixels.shape[2] != 3:
        return None
    pixels = np.ascontiguousarray(pixels, np.uint16)
    text = "It is a raw file, developed to 16 bits: the result is saved beside it, as TIFF or PNG."
    return Picture(pixels, format="RAW", exif=_exif(file, pixels), notes=(Note(About.RAW, text),))


def not_developed(name: str) -> str:
    """The sentence on a raw file that LibRaw cannot develop."""
    return f'"{name}" is a raw file that cannot be developed here; convert it to DNG or TIFF first.'


def _exif(file: BinaryIO, pixels: Any) -> bytes | None:
    """What the camera wrote, of raw files that are TIFFs; the picture is upright already."""
    exif = Image.Exif()
    try:
        file.seek(0)
        source: Any = file
        exif.load_from_fp(source)
        return metadata.kept_exif(exif, (pixels.shape[1], pixels.shape[0]), turned=False)
    except metadata.EXIF_ERRORS:
        return None
