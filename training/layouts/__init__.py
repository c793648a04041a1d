"""Training samples that never end, made on the device they are trained on: layouts of photographs and drawn scenes."""

from training.layouts.pack import pack
from training.layouts.task import LayoutTask

__all__ = ["LayoutTask", "pack"]
