"""From noise to latents: the denoising loop, its schedules, and the whitening of latents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inference.lazy import lookup

if TYPE_CHECKING:
    from inference.sampling.loop import Denoiser, Step, denoise, plan_timesteps
    from inference.sampling.previews import Picture, Previews
    from inference.sampling.schedules import ddim
    from inference.sampling.whitening import Whitening

__all__ = [
    "Denoiser",
    "Picture",
    "Previews",
    "Step",
    "Whitening",
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
    "whitening": ("Whitening",),
}

__getattr__ = lookup(__name__, _HOMES)
