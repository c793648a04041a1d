"""Moebius inpainting: the networks and the erase pipeline, usable without the application.

>>> from inference import ErasePipeline
>>> pipeline = ErasePipeline.load("moebius-nano")
>>> result = pipeline.erase(image, mask, seed=1)  # doctest: +SKIP

Names are looked up when first used, so that :mod:`inference.models.catalogue` can be read without importing torch.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inference.erase.pipeline import ErasePipeline
    from inference.erase.region_job import Preview
    from inference.errors import Cancelled, InferenceError, InputError, ModelError
    from inference.models.catalogue import bundled_models, find_model
    from inference.networks.build import build_unet
    from inference.networks.unet import MoebiusUNet, UNetOutput

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
    "models.catalogue": ("bundled_models", "find_model"),
    "errors": ("Cancelled", "InferenceError", "InputError", "ModelError"),
    "erase.pipeline": ("ErasePipeline",),
    "erase.region_job": ("Preview",),
    "networks.build": ("build_unet",),
    "networks.unet": ("MoebiusUNet", "UNetOutput"),
}


def __getattr__(name: str) -> Any:
    for module, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"inference.{module}"), name)
    raise AttributeError(f"module 'inference' has no attribute {name!r}")
