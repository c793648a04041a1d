"""The denoising loop: our own, plain, reporting the predicted x0 at every step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from diffusers import DDIMScheduler
from torch import Tensor

from inference.evaluation import EvaluationUNet
from inference.unet import MoebiusUNet


@dataclass(frozen=True)
class Step:
    """What one step made: all ``(1, C, h, w)``."""

    index: int  # 0 ..
    total: int
    prediction: Tensor  # the guided output of the network
    latents: Tensor  # the next, less noisy latents
    x0: Tensor  # the predicted clean latents


def plan_timesteps(scheduler: DDIMScheduler, steps: int, strength: float) -> Tensor:
    """The timesteps really run: of ``steps``, the last ``int(steps * strength)``, at least one."""
    scheduler.set_timesteps(steps)
    count = min(max(int(steps * strength), 1), steps)
    timesteps: Tensor = scheduler.timesteps[steps - count :]
    return timesteps


@torch.inference_mode()
def denoise(
    unet: MoebiusUNet | EvaluationUNet,
    scheduler: DDIMScheduler,
    timesteps: Tensor,
    *,
    start: Tensor,
    noise: Tensor,
    hole: Tensor,
    known: Tensor,
    guidance: float,
    keep: Tensor | None = None,
    on_step: Callable[[Step], None] = lambda step: None,
) -> Tensor:
    """Denoise ``start`` noised to the first timestep; returns the final latents.

    ``start``, ``noise``, ``known`` (masked-image latents): ``(1, C, h, w)``; ``hole (1, 1, h, w)`` 1 where
    unknown. ``guidance`` g: ``u + g (c - u)`` of the foreground and the background branch; at 1 only the latter
    runs. ``keep (1, C, h, w)``: clean latents put back outside the hole at every step. ``on_step`` may raise to
    stop. DDIM: Song et al., arXiv 2010.02502; guidance: the Moebius paper, after Ho and Salimans (2207.12598).
    """
    device = start.device
    background = torch.arange(unet.config.tokens, device=device)[None]
    ids = background if guidance == 1 else torch.cat([background + unet.config.categories // 2, background])
    condition = torch.cat([hole, known], dim=1)
    latents: Tensor = scheduler.add_noise(start, noise, timesteps[:1])
    for index, timestep in enumerate(timesteps):
        sample = torch.cat([latents, condition], dim=1)  # one for all branches
        prediction = unet(sample, timestep.reshape(1).to(device), ids).sample
        if len(ids) == 2:
            foreground, prediction = prediction[:1], prediction[1:]
            prediction = foreground + guidance * (prediction - foreground)
        step = scheduler.step(prediction, timestep, latents)
        latents, x0 = step.prev_sample, step.pred_original_sample
        if keep is not None:
            following = timesteps[index + 1 : index + 2]
            outside = scheduler.add_noise(keep, noise, following) if len(following) else keep
            latents = torch.where(hole > 0.5, latents, outside)
            x0 = torch.where(hole > 0.5, x0, keep)
        on_step(Step(index, len(timesteps), prediction, latents, x0))
    return latents
