"""Training data: photographs, masks, samples and batches of them."""

from __future__ import annotations

from training.data.batches import Ahead, Batch, draw_batch, draw_size, open_source
from training.data.masks import KINDS, object_mask, random_mask, stroke
from training.data.photos import Photographs, PictureFiles, Unreadable, find_pictures, read_cutouts, read_picture
from training.data.samples import paste, prepare

__all__ = [
    "KINDS",
    "Ahead",
    "Batch",
    "Photographs",
    "PictureFiles",
    "Unreadable",
    "draw_batch",
    "draw_size",
    "find_pictures",
    "object_mask",
    "open_source",
    "paste",
    "prepare",
    "random_mask",
    "read_cutouts",
    "read_picture",
    "stroke",
]
