"""A training while it runs: the loop, optimizers, checkpoints, progress, curves."""

from __future__ import annotations

from training.run.curves import draw_curves
from training.run.loop import start_accelerator, train
from training.run.progress import duration

__all__ = [
    "draw_curves",
    "duration",
    "start_accelerator",
    "train",
]
