"""Losses: distillation (the paper's), perceptual terms, and pictures'."""

from __future__ import annotations

from training.losses.distillation import Shares, adaptive_weights, combine, feature_weight, output_weight
from training.losses.perceptual import make_perceptual
from training.losses.pictures import picture_loss

__all__ = [
    "Shares",
    "adaptive_weights",
    "combine",
    "feature_weight",
    "make_perceptual",
    "output_weight",
    "picture_loss",
]
