"""Layouts: what the bundled model denoises, measured of a picture, and fills of them that need no learning."""

from inference.layout.cells import CELLS, CHANNELS, PIXELS, SCALE, fold, measure, unfold
from inference.layout.diffusion import edge_fill, harmonic_fill
from inference.layout.patches import patch_fill_layouts

__all__ = [
    "CELLS",
    "CHANNELS",
    "PIXELS",
    "SCALE",
    "edge_fill",
    "fold",
    "harmonic_fill",
    "measure",
    "patch_fill_layouts",
    "unfold",
]
