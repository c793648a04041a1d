"""From noise to latents: the denoising loop and its schedules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inference.lazy import lookup

if TYPE_CHECKING:
    from inference.sampling.loop import Denoiser, Step, denoise, plan_timesteps
    from inference.sampling.previews import Picture, Previews
    from inference.sampling.schedules import ddim

__all__ = [
    "Denoiser",
    "Picture",
    "Previews",
    "Step",
    "ddim",
    "denoise",
    "plan_timesteps",
]

_HOMES = {
    "previews": (
        "Previews",
        "Picture",
    ),
    "loop": (
        "Denoiser",
        "Step",
        "denoise",
        "plan_timesteps",
    ),
    "schedules": ("ddim",),
}

__getattr__ = lookup(__name__, _HOMES)
