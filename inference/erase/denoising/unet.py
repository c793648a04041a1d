"""``UNetDenoiser``: a square encoded, its latents denoised by a U-Net, and decoded."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from inference.erase.denoising.interface import NOT_FINITE, Float, OnStage, OnStep
from inference.erase.denoising.schedule import schedule_of
from inference.erase.denoising.split_branches import SplitBranches
from inference.erase.denoising.tensors import tensor_of
from inference.erase.geometry import Square
from inference.erase.memory_fallback import MemoryFallback
from inference.errors import NotFiniteError
from inference.fill import flow_fill
from inference.models import ColourMap, EraseSettings, Model
from inference.sampling import Picture, Previews, Step, denoise

MARGIN = 8  # latent cells around the hole that are decoded with it: the networks look that far at most


class UNetDenoiser:
    """Runs squares through a model; keeps nothing between them but the random state it was given."""

    def __init__(
        self,
        model: Model,
        device: torch.device,
        settings: EraseSettings,
        generator: torch.Generator,
        fallback: MemoryFallback,
        on_stage: OnStage | None = None,
    ) -> None:
        assert model.codec is not None  # what denoises layouts has another way
        self.codec = model.codec
        self.model, self.device, self.settings, self.fallback = model, device, settings, fallback
        self.generator, self.on_stage = generator, on_stage or (lambda stage: None)
        self.previews = Previews(device)

    @torch.inference_mode()
    def run(self, square: Square, on_step: OnStep) -> Float:
        """Denoise ``square``; ``on_step(index, preview)`` may raise to stop; on a graphics card it is told later.

        Raises :class:`NotFiniteError` where a value is not finite.
        """
        settings, codec = self.settings, self.codec
        size = (square.hole.shape[0], square.hole.shape[1])
        hole_pixels = tensor_of(square.hole[..., None], self.device)
        picture = tensor_of(square.picture, self.device) / 127.5 - 1
        filled = tensor_of(square.filled, self.device) / 127.5 - 1
        self.on_stage("encoding")
        shown, known, start = self._encoded(picture, filled, hole_pixels)
        if settings.condition == "fill":
            hole = F.max_pool2d(hole_pixels, codec.factor)
        else:
            hole = F.interpolate(hole_pixels, known.shape[-2:], mode="nearest")
        colours = ColourMap(known, shown, hole)
        conditions = [known, *self._further(square)]

        def decode(latents: Tensor, *, cheaply: bool) -> tuple[Tensor, Tensor]:
            """The picture ``(H, W, 3)`` on the device, and whether all its values are finite."""
            finite = torch.isfinite(latents).all()
            decoded = codec.preview(latents, settings.previews) if cheaply else self._decode(latents, hole)
            if decoded is None:
                decoded = F.interpolate(colours(latents), size, mode="bilinear", align_corners=False)
            return (decoded[0].permute(1, 2, 0).float() + 1) * 127.5, finite & torch.isfinite(decoded).all()

        def deliver(index: int, made: Picture | None, finite: bool) -> None:
            if not finite:
                raise NotFiniteError(f"{self.model.folder.path}: {NOT_FINITE}")
            on_step(index, made)

        def report(step: Step) -> None:
            if self.previews.due():
                self.previews.put(step.index, *decode(step.x0, cheaply=True), deliver)
            else:
                self.previews.put(step.index, None, torch.isfinite(step.x0).all(), deliver)

        self.on_stage("denoising")
        scheduler, timesteps = schedule_of(self.model, settings)
        unet: Any = SplitBranches(self.model.unet) if self.fallback.split else self.model.unet
        latents = denoise(
            unet,
            scheduler,
            timesteps,
            start=start,
            noise=self._noise(known),
            condition=torch.cat([hole, *conditions], 1),
            guidance=settings.guidance,
            solver=settings.solver,
            guidance_until=settings.guidance_until,
            deep_every=settings.deep_every,
            on_step=report,
        )
        self.on_stage("decoding")
        made, finite = decode(latents, cheaply=False)
        self.previews.finish(deliver)
        return self._array(made, finite)

    def _array(self, made: Tensor, finite: Tensor) -> Float:
        if not finite:
            raise NotFiniteError(f"{self.model.folder.path}: {NOT_FINITE}")
        return np.asarray(made.cpu().numpy(), dtype=np.float32)

    def _encoded(self, picture: Tensor, filled: Tensor, hole: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
        """What the network is shown, and the latents of it and of the start, which is None where that is noise.

        One pass for both, and one picture where they are the same.
        """
        settings, codec = self.settings, self.codec
        condition = filled if settings.condition == "fill" else picture * (1 - hole)
        start = {"fill": filled, "picture": picture, "noise": None}[settings.start]
        if start is None:
            return condition, codec.encode(condition, self.generator), None
        if condition is start:
            latents = codec.encode(start, self.generator)
            return condition, latents, latents
        if self.fallback.tiled:
            return condition, codec.encode(condition, self.generator), codec.encode(start, self.generator)
        known, begun = codec.encode(torch.cat([condition, start]), self.generator).chunk(2)
        return condition, known, begun

    def _further(self, square: Square) -> list[Tensor]:
        """Latents of the smooth continuation of what surrounds the hole, for a network that takes it."""
        if not self.model.unet.config.extra_fills:
            return []
        fill = flow_fill(square.picture, square.hole)
        return [self.codec.encode(tensor_of(fill, self.device) / 127.5 - 1, self.generator)]

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
