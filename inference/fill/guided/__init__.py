"""Guided patch synthesis: texture copied from the picture to fit a coarse picture of what belongs into a hole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inference.lazy import lookup

if TYPE_CHECKING:
    from inference.fill.guided.energy import energy_of_cells
    from inference.fill.guided.features import Weights
    from inference.fill.guided.synthesis import synthesize

__all__ = ["Weights", "energy_of_cells", "synthesize"]

_HOMES = {"energy": ("energy_of_cells",), "features": ("Weights",), "synthesis": ("synthesize",)}

__getattr__ = lookup(__name__, _HOMES)
