"""The denoising loop: our own, plain, reporting the predicted x0 at every step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import torch
from torch import Tensor

from inference.networks import PixelHackerConfig, UNetConfig, UNetOutput
from inference.networks.fast import DeepFeatures, EvaluationUNet
from inference.sampling.schedules import solver as make_solver
from inference.sampling.schedules import spaced

if TYPE_CHECKING:
    from diffusers import DDIMScheduler


class Denoiser(Protocol):
    """What the loop and the pipeline need of a network."""

    @property
    def config(self) -> UNetConfig | PixelHackerConfig: ...

    def __call__(self, sample: Tensor, timesteps: Tensor, input_ids: Tensor, /) -> UNetOutput: ...


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


@dataclass(frozen=True)
class _Level:
    """Noisy latents at one timestep are ``signal * x0 + noise * n``."""

    signal: float
    noise: float
    kind: str  # what is predicted: "epsilon", "sample" or "v_prediction"

    @classmethod
    def at(cls, scheduler: DDIMScheduler, timestep: Tensor) -> _Level:
        # On the processor, whatever the device: reading a value back from a graphics card waits for all it is doing.
        kept = float(scheduler.alphas_cumprod[int(timestep)])
        return cls(kept**0.5, (1 - kept) ** 0.5, scheduler.config.prediction_type)

    def x0(self, prediction: Tensor, latents: Tensor) -> Tensor:
        if self.kind == "sample":
            return prediction
        if self.kind == "epsilon":
            return (latents - self.noise * prediction) / self.signal
        return self.signal * latents - self.noise * prediction

    def noised(self, x0: Tensor, noise: Tensor) -> Tensor:
        return self.signal * x0 + self.noise * noise


@torch.inference_mode()
def denoise(
    unet: Denoiser,
    scheduler: DDIMScheduler,
    timesteps: Tensor,
    *,
    start: Tensor | None,
    noise: Tensor,
    condition: Tensor,
    guidance: float,
    solver: str = "ddim",
    guidance_until: float = 1.0,
    deep_every: int = 1,
    on_step: Callable[[Step], None] = lambda step: None,
) -> Tensor:
    """Denoise ``start`` noised to the first timestep, or where it is None the noise itself; returns the final latents.

    ``start``, ``noise``: ``(1, C, h, w)``; ``condition (1, n, h, w)``: what the network is given beside noisy latents.
    On a graphics card nothing here waits for it: timesteps and categories stay on the processor.
    ``guidance`` g: ``u + g (c - u)`` of the foreground and the background branch; at 1 only the latter runs.
    ``guidance_until``: the share of the steps, from the first, that are guided; the others run one branch.
    ``deep_every``: deep features are computed at one of so many steps and used at those after it, by networks that can
    (:class:`inference.networks.fast.EvaluationUNet`); others compute every step whole.
    ``solver``: as in :func:`.schedules.solver`, spaced as in :func:`.schedules.spaced`.
    ``on_step`` may raise to stop.
    DDIM: Song et al., arXiv 2010.02502; guidance: the Moebius paper, after Ho and Salimans (2207.12598).
    """
    background = torch.arange(unet.config.tokens)[None]
    both = torch.cat([background + unet.config.categories // 2, background])
    guided = 0 if guidance == 1 else round(guidance_until * len(timesteps))
    timesteps = spaced(solver, scheduler, timesteps)
    taking = make_solver(solver, scheduler, timesteps)
    latents = noise if start is None else _Level.at(scheduler, timesteps[0]).noised(start, noise)
    reusing = deep_every > 1 and isinstance(unet, EvaluationUNet)
    deep: list[DeepFeatures] = []  # what every pass is given besides
    for index, timestep in enumerate(timesteps):
        sample = torch.cat([latents, condition], dim=1)  # one for all branches
        if reusing and (index % deep_every == 0 or index == guided):
            deep = [DeepFeatures()]
        prediction = unet(sample, timestep.reshape(1), both if index < guided else background, *deep).sample
        if index < guided:
            foreground, prediction = prediction[:1], prediction[1:]
            prediction = foreground + guidance * (prediction - foreground)
        if taking is scheduler:
            step = scheduler.step(prediction, timestep, latents)
            latents, x0 = step.prev_sample, step.pred_original_sample
        else:
            x0 = _Level.at(scheduler, timestep).x0(prediction, latents)
            latents = taking.step(prediction, timestep, latents).prev_sample
        on_step(Step(index, len(timesteps), prediction, latents, x0))
    return latents
