"""Fills without a network: smooth, by flow, by copied patches, at any size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inference.lazy import lookup

if TYPE_CHECKING:
    from inference.fill.classical import flow_fill, patch_fill, push_pull, smooth_fill
    from inference.fill.correction import colour_correction
    from inference.fill.detail import sample
    from inference.fill.large import LARGEST, Fill, fill_box, reduce_hole
    from inference.fill.resizing import resize
    from inference.fill.sample_area import fill_from
    from inference.fill.structured import structured_patch_fill

__all__ = [
    "LARGEST",
    "Fill",
    "colour_correction",
    "fill_box",
    "fill_from",
    "flow_fill",
    "patch_fill",
    "push_pull",
    "reduce_hole",
    "resize",
    "sample",
    "smooth_fill",
    "structured_patch_fill",
]

_HOMES = {
    "classical": (
        "flow_fill",
        "patch_fill",
        "push_pull",
        "smooth_fill",
    ),
    "correction": ("colour_correction",),
    "detail": ("sample",),
    "large": (
        "Fill",
        "LARGEST",
        "fill_box",
        "reduce_hole",
    ),
    "resizing": ("resize",),
    "sample_area": ("fill_from",),
    "structured": ("structured_patch_fill",),
}

__getattr__ = lookup(__name__, _HOMES)
