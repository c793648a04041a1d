"""One region from its mask to its final pixels: drafted, denoised whole and in tiles, or corrected by a layout."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inference.lazy import lookup

if TYPE_CHECKING:
    from inference.erase.jobs.layout_job import LayoutJob
    from inference.erase.jobs.region_job import RegionJob, Report

__all__ = [
    "LayoutJob",
    "RegionJob",
    "Report",
]

_HOMES = {
    "layout_job": ("LayoutJob",),
    "region_job": ("RegionJob", "Report"),
}

__getattr__ = lookup(__name__, _HOMES)
