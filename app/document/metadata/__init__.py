"""What a file says beside its pixels: EXIF, TIFF directories, XMP, changed where they must be and nowhere else."""

from __future__ import annotations

from app.document.metadata import exif_block, jpeg_segments, xmp
from app.document.metadata.exif_block import bare
from app.document.metadata.tiff_directory import (
    LONG,
    LONG8,
    RATIONAL,
    SHORT,
    UNDEFINED,
    Directory,
    Field,
    Layout,
    append_directory,
    blank,
    directories,
    directory,
    field_of,
    first_at,
    layout_of,
    link_first,
    new_field,
    numbers,
)
from app.document.metadata.xmp import split

__all__ = [
    "LONG",
    "LONG8",
    "RATIONAL",
    "SHORT",
    "UNDEFINED",
    "Directory",
    "Field",
    "Layout",
    "append_directory",
    "bare",
    "blank",
    "directories",
    "directory",
    "exif_block",
    "field_of",
    "first_at",
    "jpeg_segments",
    "layout_of",
    "link_first",
    "new_field",
    "numbers",
    "split",
    "xmp",
]
