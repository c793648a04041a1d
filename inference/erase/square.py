"""Denoising one square at the size the model works at: encoded, denoised, decoded."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import DDIMScheduler
from numpy.typing import NDArray
from torch import Tensor

from inference.erase.memory_fallback import MemoryFallback, SplitBranches
from inference.erase.model_io import NOT_FINITE, Decoded, Float, Square, Squares
from inference.errors import NotFiniteError
from inference.fill import flow_fill
from inference.models import ColourMap, EraseSettings, Model
from inference.sampling import Step, Whitening, ddim, denoise, plan_timesteps

FEWEST_REACH = 0.45  # share of the strength that an evenly spaced schedule must reach
MARGIN = 8  # latent cells around the hole that are decoded with it: the networks look that far at most


def schedule_of(model: Model, settings: EraseSettings) -> tuple[DDIMScheduler, Tensor]:
    """The scheduler, and the timesteps that are run: exactly ``settings.steps`` of them.

    As released, the first part of an evenly spaced schedule is left out by the strength: 19 steps at 0.99 are the
    last 19 of 20. With so few steps that the spacing would begin far below the strength asked for (one step would
    begin at time 0 and erase nothing), they are spaced from the other end.
    """
    scheduler = ddim(model.folder.schedule)
    length = math.ceil(settings.steps / settings.strength - 1e-9)
    timesteps = plan_timesteps(scheduler, length, settings.strength)[-settings.steps :]
    if timesteps[0] < FEWEST_REACH * settings.strength * scheduler.config.num_train_timesteps:
        scheduler.register_to_config(timestep_spacing="trailing")
        timesteps = plan_timesteps(scheduler, length, settings.strength)[-settings.steps :]
    return scheduler, timesteps


def denoiser_of(
    model: Model, device: torch.device, settings: EraseSettings, generator: torch.Generator, fallback: MemoryFallback
) -> Squares:
    """What runs squares through ``model``."""
    if model.folder.flux:
        from inference.erase.flux import FluxDenoiser
        from inference.models import FluxModel

        assert isinstance(model, FluxModel)
        return FluxDenoiser(model, device, settings, generator)
    return SquareDenoiser(model, device, settings, generator, fallback)


class SquareDenoiser:
    """Runs squares through a model; keeps nothing between them but the random state it was given."""

    def __init__(
        self,
        model: Model,
        device: torch.device,
        settings: EraseSettings,
        generator: torch.Generator,
        fallback: MemoryFallback,
    ) -> None:
        assert model.codec is not None  # what denoises layouts has another way
        self.codec = model.codec
        self.model, self.device, self.settings, self.fallback = model, device, settings, fallback
        self.generator = generator

    @torch.inference_mode()
    def run(self, square: Square, on_step: Callable[[int, Decoded], None]) -> Decoded:
        """Denoise ``square``; ``on_step(index, preview)`` may raise to stop.

        Raises :class:`NotFiniteError` where a value is not finite.
        """
        settings, codec = self.settings, self.codec
        size = (square.hole.shape[0], square.hole.shape[1])
        hole_pixels = self._tensor(square.hole[..., None])
        picture = self._tensor(square.picture) / 127.5 - 1
        filled = self._tensor(square.filled) / 127.5 - 1
        known, start = self._encoded(picture, filled, hole_pixels)
        if settings.condition == "fill":
            hole = F.max_pool2d(hole_pixels, codec.factor)
        else:
            hole = F.interpolate(hole_pixels, start.shape[-2:], mode="nearest")
        whitening = Whitening.measure(known, hole) if settings.whiten else None
        colours = ColourMap(start, picture, hole)
        conditions = [known, *self._further(square)]
        if whitening is not None:
            known, start = whitening.apply(known), whitening.apply(start)
            conditions = [whitening.apply(latents) for latents in conditions]
        base = known if settings.relative else torch.zeros_like(known)
        start = start - base

        def decode(latents: Tensor, *, cheaply: bool) -> Float:
            if not torch.isfinite(latents).all():
                raise NotFiniteError(f"{self.model.folder.path}: {NOT_FINITE}")
            latents = latents + base
            if whitening is not None:
                latents = whitening.undo(latents)
            decoded = codec.preview(latents) if cheaply else self._decode(latents, hole)
            if decoded is None:
                decoded = F.interpolate(colours(latents), size, mode="bilinear", align_corners=False)
            if not torch.isfinite(decoded).all():
                raise NotFiniteError(f"{self.model.folder.path}: {NOT_FINITE}")
            shades: Tensor = (decoded[0].permute(1, 2, 0).float() + 1) * 127.5
            return np.asarray(shades.cpu().numpy(), dtype=np.float32)

        transfer = settings.transfer_sigma > 0 and settings.strength < settings.transfer_below
        baseline = decode(start, cheaply=False) if transfer else None

        def report(step: Step) -> None:
            on_step(step.index, Decoded(decode(step.x0, cheaply=True), baseline))

        scheduler, timesteps = schedule_of(self.model, settings)
        unet: Any = SplitBranches(self.model.unet) if self.fallback.split else self.model.unet
        latents = denoise(
            unet,
            scheduler,
            timesteps,
            start=start,
            noise=self._noise(start),
            hole=hole,
            known=torch.cat(conditions, 1),
            guidance=settings.guidance,
            solver=settings.solver,
            guidance_until=settings.guidance_until,
            keep=start if settings.keep_known else None,
            on_step=report,
        )
        return Decoded(decode(latents, cheaply=False), baseline)

    def _encoded(self, picture: Tensor, filled: Tensor, hole: Tensor) -> tuple[Tensor, Tensor]:
        """Latents of what is known and of the start: one pass for both, and one picture where they are the same."""
        settings, codec = self.settings, self.codec
        condition = filled if settings.condition == "fill" else picture * (1 - hole)
        start = filled if settings.start == "fill" else picture
        if condition is start:
            latents = codec.encode(start, self.generator)
            return latents, latents
        if self.fallback.tiled:
            return codec.encode(condition, self.generator), codec.encode(start, self.generator)
        known, begun = codec.encode(torch.cat([condition, start]), self.generator).chunk(2)
        return known, begun

    def _further(self, square: Square) -> list[Tensor]:
        """Latents of the smooth continuation of what surrounds the hole, for a network that takes it."""
        if not self.model.unet.config.extra_fills:
            return []
        fill = flow_fill(square.picture, square.hole)
        return [self.codec.encode(self._tensor(fill) / 127.5 - 1, self.generator)]

    def _decode(self, latents: Tensor, hole: Tensor) -> Tensor:
        """The picture; where memory is short only around the hole, and zero elsewhere.

        Not always so: the large autoencoder normalises over all it decodes, and for every new size the processor's
        library keeps prepared convolutions.
        """
        factor = self.codec.factor
        rows, columns = (torch.nonzero(hole[0, 0].amax(d) > 0).flatten() for d in (1, 0))
        height, width = latents.shape[-2:]
        if not self.fallback.tiled or not len(rows):
            return self.codec.decode(latents)
        top, bottom = max(int(rows[0]) - 2 * MARGIN, 0), min(int(rows[-1]) + 1 + 2 * MARGIN, height)
        left, right = max(int(columns[0]) - 2 * MARGIN, 0), min(int(columns[-1]) + 1 + 2 * MARGIN, width)
        part = self.codec.decode(latents[..., top:bottom, left:right])
        whole = part.new_zeros(*part.shape[:2], height * factor, width * factor)
        whole[..., top * factor : bottom * factor, left * factor : right * factor] = part
        return whole

    def _noise(self, like: Tensor) -> Tensor:
        noise = torch.randn(like.shape, generator=self.generator)
        offset = torch.randn(*like.shape[:2], 1, 1, generator=self.generator)
        return (noise + self.settings.noise_offset * offset).to(like)

    def _tensor(self, values: NDArray[Any]) -> Tensor:
        """``(H, W, C)`` -> ``(1, C, H, W)`` float32 on the device."""
        tensor = torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))
        return tensor.permute(2, 0, 1)[None].contiguous().to(self.device)
