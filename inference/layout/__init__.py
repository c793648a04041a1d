"""Layouts: pictures in cells of mean colour, a fill of them, and what a model that denoises is given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inference.lazy import lookup

if TYPE_CHECKING:
    from inference.layout.cells import PIXELS, fold, gradient_energy, log_energy, measure, unfold
    from inference.layout.choice import Appearance, appearance, share_of_edges, terms
    from inference.layout.correction import (
        CHANNELS,
        FEATURES,
        FOLD,
        SCALE,
        TEMPERATURE,
        Corrector,
        answered,
        base_of,
        colours_of,
        condition_of,
        inside_of,
        latents_of,
        noise_levels,
    )
    from inference.layout.diffusion import blurred, edge_fill
    from inference.layout.hints import Hints, hints_of, in_cells

__all__ = [
    "CHANNELS",
    "FEATURES",
    "FOLD",
    "PIXELS",
    "SCALE",
    "TEMPERATURE",
    "Appearance",
    "Corrector",
    "Hints",
    "answered",
    "appearance",
    "base_of",
    "blurred",
    "colours_of",
    "condition_of",
    "edge_fill",
    "fold",
    "gradient_energy",
    "hints_of",
    "in_cells",
    "inside_of",
    "latents_of",
    "log_energy",
    "measure",
    "noise_levels",
    "share_of_edges",
    "terms",
    "unfold",
]

_HOMES = {
    "cells": ("PIXELS", "fold", "gradient_energy", "log_energy", "measure", "unfold"),
    "choice": ("Appearance", "appearance", "share_of_edges", "terms"),
    "correction": (
        "CHANNELS",
        "Corrector",
        "FEATURES",
        "FOLD",
        "SCALE",
        "TEMPERATURE",
        "answered",
        "base_of",
        "colours_of",
        "condition_of",
        "inside_of",
        "latents_of",
        "noise_levels",
    ),
    "diffusion": ("blurred", "edge_fill"),
    "hints": ("Hints", "hints_of", "in_cells"),
}

__getattr__ = lookup(__name__, _HOMES)
