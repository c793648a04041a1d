"""Denoising the layout of one square: what belongs in its hole, coarsely, as a correction of a patch fill."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from inference.erase.denoising.interface import NOT_FINITE, Float, OnStage
from inference.erase.denoising.tensors import tensor_of
from inference.erase.geometry import Square
from inference.errors import NotFiniteError
from inference.layout import PIXELS, Corrector, Hints, base_of, colours_of, condition_of, hints_of
from inference.models import EraseSettings, Model
from inference.runtime import Check
from inference.sampling import Step, ddim, denoise


class LayoutDenoiser:
    """Denoises the layout of one square."""

    def __init__(
        self,
        model: Model,
        device: torch.device,
        settings: EraseSettings,
        generator: torch.Generator,
        check: Check,
        on_stage: OnStage | None = None,
    ) -> None:
        self.model, self.device, self.settings = model, device, settings
        self.generator, self.check = generator, check
        self.on_stage = on_stage or (lambda stage: None)

    @torch.inference_mode()
    def run(self, square: Square, on_step: Callable[[int, Float], None]) -> tuple[Float, Float]:
        """``square``: a side of whole cells; ``on_step`` is given the colours of each step's x0, may raise to stop.

        Returns the colours at the end and those of the patch fill, as coarse: of the square's size, 0..255.
        Raises :class:`NotFiniteError` where a value is not finite.
        """
        self.on_stage("encoding")
        picture, filled = tensor_of(square.picture, self.device), tensor_of(square.filled, self.device)
        hole = tensor_of(square.hole[..., None], self.device)
        hints = hints_of(picture, filled, hole)
        base = base_of(hints)
        self.check()

        def shown(latents: Tensor) -> Float:
            if not torch.isfinite(latents).all():
                raise NotFiniteError(f"{self.model.folder.path}: {NOT_FINITE}")
            return _enlarged(colours_of(latents.float(), base))

        def report(step: Step) -> None:
            on_step(step.index, shown(step.x0))

        self.on_stage("denoising")
        latents = self._denoised(hints, report)
        self.on_stage("decoding")
        return shown(latents), _enlarged(hints.patches)

    def _denoised(self, hints: Hints, report: Callable[[Step], None]) -> Tensor:
        """The clean latents at the end of all steps."""
        settings = self.settings
        condition = condition_of(hints)
        network = Corrector(self.model.unet, hints)
        channels = self.model.unet.config.latent_channels
        shape = (1, channels, *condition.shape[-2:])
        scheduler = ddim({**self.model.folder.schedule, "timestep_spacing": "trailing"})
        scheduler.set_timesteps(settings.steps)
        return denoise(
            network,
            scheduler,
            scheduler.timesteps,
            start=None,
            noise=settings.temperature * torch.randn(shape, generator=self.generator).to(self.device),
            condition=condition,
            guidance=settings.guidance,
            solver=settings.solver,
            guidance_until=settings.guidance_until,
            on_step=report,
        )


def _enlarged(colours: Tensor) -> Float:
    """``(1, 3, n, n)`` in [-1, 1] -> ``(n * PIXELS, n * PIXELS, 3)`` 0..255."""
    shades = F.interpolate(colours, scale_factor=PIXELS, mode="bicubic", align_corners=False)
    values = (shades[0].permute(1, 2, 0).clamp(-1, 1) + 1) * 127.5
    return np.asarray(values.float().cpu().numpy(), dtype=np.float32)
