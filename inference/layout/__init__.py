"""Layouts: pictures in cells of mean colour, two fills of their holes, and what a model that denoises is given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inference.lazy import lookup

if TYPE_CHECKING:
    from inference.layout.cells import PIXELS, unfold
    from inference.layout.choice import appearance, terms
    from inference.layout.correction import (
        CHANNELS,
        FOLD,
        SCALE,
        TEMPERATURE,
        Corrector,
        answered,
        base_of,
        colours_of,
        condition_of,
        inside_of,
        noise_levels,
    )
    from inference.layout.diffusion import blurred
    from inference.layout.hints import Hints, hints_of, in_cells

__all__ = [
    "CHANNELS",
    "FOLD",
    "PIXELS",
    "SCALE",
    "TEMPERATURE",
    "Corrector",
    "Hints",
    "answered",
    "appearance",
    "base_of",
    "blurred",
    "colours_of",
    "condition_of",
    "hints_of",
    "in_cells",
    "inside_of",
    "noise_levels",
    "terms",
    "unfold",
]

_HOMES = {
    "cells": ("PIXELS", "unfold"),
    "choice": ("appearance", "terms"),
    "correction": (
        "CHANNELS",
        "Corrector",
        "FOLD",
        "SCALE",
        "TEMPERATURE",
        "answered",
        "base_of",
        "colours_of",
        "condition_of",
        "inside_of",
        "noise_levels",
    ),
    "diffusion": ("blurred",),
    "hints": ("Hints", "hints_of", "in_cells"),
}

__getattr__ = lookup(__name__, _HOMES)
