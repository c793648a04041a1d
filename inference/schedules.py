"""Noise schedulers; they are diffusers'."""

from __future__ import annotations

from typing import Any

from diffusers import DDIMScheduler


def ddim(settings: dict[str, Any]) -> DDIMScheduler:
    """A deterministic DDIM scheduler (Song et al., arXiv 2010.02502): 1000 steps, "leading" spacing, no clipping.

    ``settings``: the betas and the prediction type, as in :mod:`inference.config`.
    """
    return DDIMScheduler(num_train_timesteps=1000, clip_sample=False, set_alpha_to_one=True, steps_offset=0, **settings)
