"""Where an erase works: regions of a picture, holes grown and faded, squares for the model, tiles of large ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inference.lazy import lookup

if TYPE_CHECKING:
    from inference.erase.geometry.fading import distance_to, grown
    from inference.erase.geometry.planning import plan_regions
    from inference.erase.geometry.region_view import RegionView
    from inference.erase.geometry.regions import Box, Region, window
    from inference.erase.geometry.soft_masks import blend_share, parted
    from inference.erase.geometry.squares import Square
    from inference.erase.geometry.tiles import feather, plan_tiles, tiled_side
    from inference.erase.geometry.traces import room_for_traces, with_traces

__all__ = [
    "Box",
    "Region",
    "RegionView",
    "Square",
    "blend_share",
    "distance_to",
    "feather",
    "grown",
    "parted",
    "plan_regions",
    "plan_tiles",
    "room_for_traces",
    "tiled_side",
    "window",
    "with_traces",
]

_HOMES = {
    "fading": ("distance_to", "grown"),
    "planning": ("plan_regions",),
    "region_view": ("RegionView",),
    "regions": ("Box", "Region", "window"),
    "soft_masks": ("blend_share", "parted"),
    "squares": ("Square",),
    "tiles": ("feather", "plan_tiles", "tiled_side"),
    "traces": ("room_for_traces", "with_traces"),
}

__getattr__ = lookup(__name__, _HOMES)
