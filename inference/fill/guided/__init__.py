"""Guided patch synthesis: texture copied from the picture to fit a coarse picture of what belongs into a hole."""

from inference.fill.guided.energy import energy_of_cells
from inference.fill.guided.synthesis import synthesize

__all__ = ["energy_of_cells", "synthesize"]
