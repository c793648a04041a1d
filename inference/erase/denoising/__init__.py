"""Running one square through a model: Moebius and PixelHacker, FLUX, and models that denoise layouts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inference.lazy import lookup

if TYPE_CHECKING:
    from inference.erase.denoising.choice import denoiser_of
    from inference.erase.denoising.interface import OnStage, SquareDenoiser
    from inference.erase.denoising.layout import LayoutDenoiser

__all__ = [
    "LayoutDenoiser",
    "OnStage",
    "SquareDenoiser",
    "denoiser_of",
]

_HOMES = {
    "choice": ("denoiser_of",),
    "interface": ("OnStage", "SquareDenoiser"),
    "layout": ("LayoutDenoiser",),
}

__getattr__ = lookup(__name__, _HOMES)
