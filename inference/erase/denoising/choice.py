"""Which denoiser a model takes."""

from __future__ import annotations

import torch

from inference.erase.denoising.interface import OnStage, SquareDenoiser
from inference.erase.denoising.unet import UNetDenoiser
from inference.erase.memory_fallback import MemoryFallback
from inference.models import EraseSettings, Model


def denoiser_of(
    model: Model,
    device: torch.device,
    settings: EraseSettings,
    generator: torch.Generator,
    fallback: MemoryFallback,
    on_stage: OnStage | None = None,
) -> SquareDenoiser:
    """What runs squares through ``model``; ``on_stage`` is told what it is at, where it knows that."""
    if model.folder.flux:
        from inference.erase.denoising.flux import FluxDenoiser
        from inference.models import FluxModel

        assert isinstance(model, FluxModel)
        return FluxDenoiser(model, device, settings, generator)
    return UNetDenoiser(model, device, settings, generator, fallback, on_stage)
