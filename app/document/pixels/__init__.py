"""Pixels: pictures in memory, boxes of them, their colours, and how they are stored."""

from __future__ import annotations

from app.document.pixels import colour, icc
from app.document.pixels.boxes import (
    EMPTY,
    Box,
    Point,
    area,
    bounds,
    crop,
    grown,
    intersect,
    is_empty,
    pieces,
    tiles,
    union,
)
from app.document.pixels.colour import PLAIN_GREY, Colours, colours_of, srgb_pixels, to_srgb
from app.document.pixels.made_profiles import HLG, PQ, Chromaticities, from_cicp, from_gamma
from app.document.pixels.memory import fresh, give_back_freed, note_kept, zeros
from app.document.pixels.picture import JpegForm, Picture, to_8_bit
from app.document.pixels.storage import Flat, OnDisk, Pixels, Raw, Stored, append, compressed, packed, stored

__all__ = [
    "EMPTY",
    "HLG",
    "PLAIN_GREY",
    "PQ",
    "Box",
    "Chromaticities",
    "Colours",
    "Flat",
    "JpegForm",
    "OnDisk",
    "Picture",
    "Pixels",
    "Point",
    "Raw",
    "Stored",
    "append",
    "area",
    "bounds",
    "colour",
    "colours_of",
    "compressed",
    "crop",
    "fresh",
    "from_cicp",
    "from_gamma",
    "give_back_freed",
    "grown",
    "icc",
    "intersect",
    "is_empty",
    "note_kept",
    "packed",
    "pieces",
    "srgb_pixels",
    "stored",
    "tiles",
    "to_8_bit",
    "to_srgb",
    "union",
    "zeros",
]
