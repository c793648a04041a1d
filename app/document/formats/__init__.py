"""Picture files: reading and writing every format, with what it holds beside the pixels."""

from __future__ import annotations

from app.document.formats.atomic_write import (
    check_writable,
    flush,
    put_in_place,
    replacing,
    sync_folder,
    why_out_of_reach,
    write_file,
)
from app.document.formats.encode import QUALITY, encode_picture
from app.document.formats.export import EXACT, Export, estimate, layered_kind, write_layers
from app.document.formats.files import (
    MAX_MEGAPIXELS,
    check_target,
    format_of,
    read_mask,
    read_mask_with_notes,
    read_picture,
    read_picture_data,
    write_picture,
)
from app.document.formats.kinds import KINDS, OPEN_FORMATS, SAVE_FORMATS
from app.document.formats.limits import lost_by_saving, lost_features, lost_features_sentence, told_by_saving
from app.document.formats.mask_files import MaskFile, encode_mask, read_mask_file, write_mask
from app.document.formats.writing import LAYERED

__all__ = [
    "EXACT",
    "KINDS",
    "LAYERED",
    "MAX_MEGAPIXELS",
    "OPEN_FORMATS",
    "QUALITY",
    "SAVE_FORMATS",
    "Export",
    "MaskFile",
    "check_target",
    "check_writable",
    "encode_mask",
    "encode_picture",
    "estimate",
    "flush",
    "format_of",
    "layered_kind",
    "lost_by_saving",
    "lost_features",
    "lost_features_sentence",
    "put_in_place",
    "read_mask",
    "read_mask_file",
    "read_mask_with_notes",
    "read_picture",
    "read_picture_data",
    "replacing",
    "sync_folder",
    "told_by_saving",
    "why_out_of_reach",
    "write_file",
    "write_layers",
    "write_mask",
    "write_picture",
]
