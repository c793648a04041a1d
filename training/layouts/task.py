"""A U-Net learns to denoise layouts: the difference to what two fills that need no learning say of the hole."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from inference.layout import CELLS, condition_of, latents_of, noise_levels
from inference.networks import MoebiusUNet
from training.config import TrainConfig
from training.layouts.pictures import PictureLayouts, held_out
from training.layouts.samples import Samples, Stream
from training.layouts.scenes import Scenes
from training.networks import fill_weights, make_unet

OUTSIDE = 0.03  # how much an error outside the hole counts
FLOOR = 1e-3  # squared error below which a sample is as good as learned
WITHOUT_PATCHES, WITHOUT_BOTH = 0.2, 0.1  # shares of samples that have less than both hints


class LayoutTask:
    """Denoising of layouts, with hints that are left out at random."""

    name = "unet"

    def __init__(self, config: TrainConfig, accelerator: Accelerator) -> None:
        if config.photos is None:
            raise ValueError("training on layouts needs photographs: --photos FOLDER, or a file of `pack`")
        self.config, self.accelerator, self.device = config, accelerator, accelerator.device
        torch.manual_seed(config.seed)  # the fresh weights'
        model = make_unet(config.model, config.unet)
        if not isinstance(model, MoebiusUNet):
            raise ValueError(f"{config.model} can't denoise layouts; choose moebius-nano")
        self.model: nn.Module = model
        self.factor = CELLS // model.config.grid
        self.ids = torch.arange(model.config.tokens, device=self.device)[None]
        if config.start is not None:
            fill_weights(self.model, config.start)
        pictures = PictureLayouts(config.photos, self.device, held_out())
        rank, world = accelerator.process_index, accelerator.num_processes
        self.stream = Stream(
            pictures,
            Scenes(pictures),
            batch=config.batch // (world * config.accumulate),
            scene_share=config.scene_share,
            reuse=config.reuse or (1 if self.device.type == "cuda" else 8),
            seed=config.seed * world + rank,
        )
        self.source = f"{pictures.name}, {config.scene_share:g} scenes"
        self.signals, self.noises = (values.to(self.device) for values in noise_levels())
        self.drawn = 0

    def batch(self, step: int, numbers: Sequence[int]) -> int:
        """Samples are made on the device, in :meth:`loss`; what is drawn is a function of the step and the part."""
        return step * self.config.accumulate + numbers[0] // max(1, len(numbers)) // self.accelerator.num_processes

    def hints(self, samples: Samples, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """The fills a network is given: some samples without patches, some with the smooth fill alone."""
        luck = torch.rand(len(samples.hole), generator=generator, device=self.device)[:, None, None, None]
        edges = torch.where(luck < WITHOUT_BOTH, samples.smooth, samples.edges)
        return edges, torch.where(luck < WITHOUT_BOTH + WITHOUT_PATCHES, edges, samples.patches)

    def loss(self, model: nn.Module, batch: int, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        samples, generator = self.stream.draw(batch)
        edges, patches = self.hints(samples, generator)
        clean, inside = latents_of(samples.layout, samples.hole, edges, patches, self.factor)
        count = len(clean)
        uniform = torch.rand(count, 2, generator=generator, device=self.device)
        last = torch.full((count,), len(self.signals) - 1, device=self.device)
        timesteps = torch.where(
            uniform[:, 0] < self.config.last_share, last, (uniform[:, 1] * len(self.signals)).long()
        )
        signal, level = self.signals[timesteps][:, None, None, None], self.noises[timesteps][:, None, None, None]
        noise = torch.randn(clean.shape, generator=generator, device=self.device)
        condition = condition_of(samples.layout, samples.hole, edges, patches, self.factor)
        sample = torch.cat([signal * clean + level * noise, condition], 1)
        with self.accelerator.autocast():
            velocity = model(sample, timesteps, self.ids.expand(count, -1)).sample
        weight = OUTSIDE + (1 - OUTSIDE) * inside
        wrong = (velocity.float() - (signal * noise - level * clean)).square() * weight
        error = wrong.sum((1, 2, 3)) / weight.sum((1, 2, 3))
        before = ((clean.square() * weight).sum((1, 2, 3)) / weight.sum((1, 2, 3))).clamp_min(1e-6)
        task = torch.log(error + FLOOR).mean()
        first = timesteps == last
        gain = torch.where(first, torch.log10(before / error.detach().clamp_min(1e-6)) * 10, torch.zeros_like(error))
        return task, {"task": task, "gain_db": gain.sum() / first.sum().clamp_min(1)}
