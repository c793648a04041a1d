"""Reading: what Pillow does not read, or not rightly, and what can still be had of damaged files."""

from __future__ import annotations

from app.document.formats.reading import beside, bmp, identify, masks, raw, recovery, tiff, tiff_pages
from app.document.formats.reading.isobmff import with_codes
from app.document.formats.reading.masks import Mask
from app.document.formats.reading.signalling import signalled

__all__ = [
    "Mask",
    "beside",
    "bmp",
    "identify",
    "masks",
    "raw",
    "recovery",
    "signalled",
    "tiff",
    "tiff_pages",
    "with_codes",
]
