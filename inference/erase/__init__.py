"""The erase pipeline: from a picture and a mask to regions, squares, tiles and the result in the picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inference.lazy import lookup

if TYPE_CHECKING:
    from inference.erase.memory_fallback import free_caches
    from inference.erase.pipeline import LOADING, ErasePipeline
    from inference.erase.region_job import Preview
    from inference.erase.settings import SOLVERS, chosen_settings

__all__ = [
    "LOADING",
    "SOLVERS",
    "ErasePipeline",
    "Preview",
    "chosen_settings",
    "free_caches",
]

_HOMES = {
    "memory_fallback": ("free_caches",),
    "pipeline": ("LOADING", "ErasePipeline"),
    "region_job": ("Preview",),
    "settings": (
        "SOLVERS",
        "chosen_settings",
    ),
}

__getattr__ = lookup(__name__, _HOMES)
