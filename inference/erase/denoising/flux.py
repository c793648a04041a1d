"""Squares denoised by FLUX.1 Fill; imported only where such a model is loaded."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from inference.erase.denoising.interface import NOT_FINITE, Float, OnStep
from inference.erase.denoising.tensors import tensor_of
from inference.erase.geometry import Square
from inference.errors import ModelError
from inference.models import PATCH, ColourMap, EraseSettings, FluxModel


class FluxDenoiser:
    """Runs squares through FLUX.1 Fill, as :class:`UNetDenoiser` does through the others."""

    def __init__(
        self, model: FluxModel, device: torch.device, settings: EraseSettings, generator: torch.Generator
    ) -> None:
        self.model, self.device, self.settings, self.generator = model, device, settings, generator

    @torch.inference_mode()
    def run(self, square: Square, on_step: OnStep) -> Float:
        """Denoise ``square``; ``on_step(index, preview)`` may raise to stop.

        Raises :class:`ModelError` where a value is not finite. A strength below 1 begins at that noise level.
        """
        pipe, settings = self.model.pipe, self.settings
        start = tensor_of(square.filled if settings.start == "fill" else square.picture, self.device) / 255
        hole = tensor_of(square.hole[..., None], self.device)
        colours = self._colours(start, hole)
        side = start.shape[-1]
        velocity: list[Tensor] = []

        def after_step(_pipe: Any, index: int, _timestep: Any, values: dict[str, Tensor]) -> dict[str, Tensor]:
            clean = values["latents"] - pipe.scheduler.sigmas[index + 1] * velocity.pop()
            if not torch.isfinite(clean).all():
                raise ModelError(f"{self.model.folder.path}: {NOT_FINITE}")
            small = colours(self._unpacked(clean, side))
            on_step(index, _decoded(F.interpolate(small, (side, side), mode="bilinear") / 2 + 0.5))
            return {}

        tokens, pooled = self.model.prompt
        hook = pipe.transformer.register_forward_hook(lambda _module, _inputs, output: velocity.append(output[0]))
        try:
            result = pipe(
                image=start,
                mask_image=hole,
                height=side,
                width=side,
                prompt_embeds=tokens,
                pooled_prompt_embeds=pooled,
                guidance_scale=settings.guidance,
                num_inference_steps=settings.steps,
                sigmas=settings.strength * np.linspace(1, 1 / settings.steps, settings.steps),
                generator=self.generator,
                callback_on_step_end=after_step,
                output_type="pt",
            )
        finally:
            hook.remove()
        return _decoded(result.images)

    def _colours(self, pictures: Tensor, hole: Tensor) -> ColourMap:
        """Colours of this picture's latents, so that previews need no decoder."""
        vae = self.model.pipe.vae
        latents = vae.encode((2 * pictures - 1).to(vae.dtype)).latent_dist.mode()
        latents = (latents - vae.config.shift_factor) * vae.config.scaling_factor
        return ColourMap(latents, 2 * pictures - 1, F.max_pool2d(hole, self.model.codec.factor))

    def _unpacked(self, tokens: Tensor, side: int) -> Tensor:
        """Tokens of 2x2 cells ``(1, N, 4 C)`` -> latents ``(1, C, h, w)``."""
        cells = side // self.model.codec.factor // PATCH
        parts = tokens.unflatten(2, (-1, PATCH, PATCH)).unflatten(1, (cells, cells))
        latents: Tensor = parts.permute(0, 3, 1, 4, 2, 5).flatten(4, 5).flatten(2, 3)
        return latents


def _decoded(pictures: Tensor) -> Float:
    """``(1, 3, N, N)`` in [0, 1] as a picture ``(N, N, 3)``, 0..255."""
    if not torch.isfinite(pictures).all():
        raise ModelError(f"FLUX.1 Fill: {NOT_FINITE}")
    return np.asarray((255 * pictures[0].permute(1, 2, 0).float()).cpu().numpy())
