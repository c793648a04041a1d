"""Fills compared on pictures whose truth is known."""

from __future__ import annotations

from training.evaluation.comparison import evaluate
from training.evaluation.metrics import psnr, ssim

__all__ = [
    "evaluate",
    "psnr",
    "ssim",
]
