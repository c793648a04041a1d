"""Moebius inpainting: the networks and the erase pipeline, usable without the application.

>>> from inference import ErasePipeline
>>> pipeline = ErasePipeline.load("moebius-nano")
>>> result = pipeline.erase(image, mask, seed=1)  # doctest: +SKIP

Names are looked up when first used, so that :mod:`inference.models.catalogue` can be read without importing torch.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from inference.lazy import lookup

if TYPE_CHECKING:
    from inference.erase import ErasePipeline, Preview
    from inference.errors import Cancelled, InferenceError, InputError, ModelError
    from inference.models import bundled_models, find_model
    from inference.networks import MoebiusUNet, UNetOutput, build_unet

# Read by OpenMP when torch is first imported: threads that wait give their core back. Spinning, as is the default,
# makes a step many times slower where another program uses one of the cores.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GOMP_SPINCOUNT", "20000")  # some microseconds first, as many products are short

__all__ = [
    "Cancelled",
    "ErasePipeline",
    "InferenceError",
    "InputError",
    "ModelError",
    "MoebiusUNet",
    "Preview",
    "UNetOutput",
    "build_unet",
    "bundled_models",
    "find_model",
]

_HOMES = {
    "erase": ("ErasePipeline", "Preview"),
    "errors": ("Cancelled", "InferenceError", "InputError", "ModelError"),
    "models": ("bundled_models", "find_model"),
    "networks": ("MoebiusUNet", "UNetOutput", "build_unet"),
}

__getattr__ = lookup(__name__, _HOMES)
