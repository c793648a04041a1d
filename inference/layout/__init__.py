"""Layouts: coarse pictures that a model may denoise, measured of a picture, and fills of them without learning."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inference.lazy import lookup

if TYPE_CHECKING:
    from inference.layout.cells import (
        CELLS,
        CHANNELS,
        PIXELS,
        SCALE,
        fold,
        gradient_energy,
        log_energy,
        measure,
        unfold,
    )
    from inference.layout.denoising import base_of, condition_of, latents_of, layout_of, noise_levels
    from inference.layout.diffusion import edge_fill, harmonic_fill
    from inference.layout.patches import patch_fill_layouts

__all__ = [
    "CELLS",
    "CHANNELS",
    "PIXELS",
    "SCALE",
    "base_of",
    "condition_of",
    "edge_fill",
    "fold",
    "gradient_energy",
    "harmonic_fill",
    "latents_of",
    "layout_of",
    "log_energy",
    "measure",
    "noise_levels",
    "patch_fill_layouts",
    "unfold",
]

_HOMES = {
    "cells": (
        "CELLS",
        "CHANNELS",
        "PIXELS",
        "SCALE",
        "fold",
        "gradient_energy",
        "log_energy",
        "measure",
        "unfold",
    ),
    "denoising": (
        "base_of",
        "condition_of",
        "latents_of",
        "layout_of",
        "noise_levels",
    ),
    "diffusion": (
        "edge_fill",
        "harmonic_fill",
    ),
    "patches": ("patch_fill_layouts",),
}

__getattr__ = lookup(__name__, _HOMES)
