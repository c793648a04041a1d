"""Writing: PNG of 16 bits, TIFF of any kind, and files whose other pages or frames stay."""

from __future__ import annotations

from app.document.formats.writing.further_pages import (
    keeps_further,
    may_keep_further,
    original_with_further,
    with_further,
)
from app.document.formats.writing.layers import LAYERED, encode_layers
from app.document.formats.writing.png_writer import encode_png_16
from app.document.formats.writing.tiff_writer import encode_tiff

__all__ = [
    "LAYERED",
    "encode_layers",
    "encode_png_16",
    "encode_tiff",
    "keeps_further",
    "may_keep_further",
    "original_with_further",
    "with_further",
]
