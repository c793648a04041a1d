"""Training on layouts: samples of photographs and drawn scenes, the choice between two fills, the network."""

from training.layouts.choice import fit_choice
from training.layouts.pack import pack
from training.layouts.samples import prepare_layouts
from training.layouts.task import LayoutTask

__all__ = ["LayoutTask", "fit_choice", "pack", "prepare_layouts"]
