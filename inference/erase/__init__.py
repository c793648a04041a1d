"""The erase pipeline: from a picture and a mask to regions, squares, tiles and the result in the picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inference.lazy import lookup

if TYPE_CHECKING:
    from inference.erase.compositing import Preview
    from inference.erase.memory_fallback import free_caches
    from inference.erase.model_runner import LOADING, ModelRunner
    from inference.erase.pipeline import ErasePipeline
    from inference.erase.settings import SOLVERS, chosen_settings

__all__ = [
    "LOADING",
    "SOLVERS",
    "ErasePipeline",
    "ModelRunner",
    "Preview",
    "chosen_settings",
    "free_caches",
]

_HOMES = {
    "compositing": ("Preview",),
    "memory_fallback": ("free_caches",),
    "model_runner": ("LOADING", "ModelRunner"),
    "pipeline": ("ErasePipeline",),
    "settings": ("SOLVERS", "chosen_settings"),
}

__getattr__ = lookup(__name__, _HOMES)
