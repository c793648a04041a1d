"""A U-Net learns to denoise layouts: which of two fills to believe in every cell, and what to add.

It learns from pure noise, and from its own estimates: the noisy layouts of later steps are made of what it said first,
not of the truth, which no erase has. So more steps never lead away from what one step knows.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from inference.layout import (
    CHANNELS,
    FOLD,
    SCALE,
    TEMPERATURE,
    Hints,
    answered,
    base_of,
    blurred,
    condition_of,
    inside_of,
    noise_levels,
    unfold,
)
from inference.networks import MoebiusUNet
from training.config import TrainConfig
from training.layouts.choice import LOWPASS
from training.layouts.samples import Pool, varied
from training.networks import fill_weights, make_unet

FLOOR = 1e-3  # squared error below which a sample is as good as learned
WITHOUT = 0.05  # share of samples that have one of the two fills only, each
REPEATED = 0.5  # how much errors of later steps count
REFRESH = 20  # steps between two looks for new samples
FIRST_SCALE = 0.02  # of a fresh network's answers


class LayoutTask:
    """Denoising of layouts, with hints that are left out at random."""

    name = "unet"

    def __init__(self, config: TrainConfig, accelerator: Accelerator) -> None:
        if config.samples is None:
            raise ValueError("training on layouts needs samples: --samples FOLDER of prepare-layouts")
        self.config, self.accelerator, self.device = config, accelerator, accelerator.device
        torch.manual_seed(config.seed)  # the fresh weights'
        model = make_unet(config.model, config.unet)
        if not isinstance(model, MoebiusUNet) or model.config.latent_channels != CHANNELS * FOLD**2:
            raise ValueError(f"{config.model} of this shape can't denoise layouts; see training/configs")
        last = model.diff_model.conv_out.bn2
        nn.init.constant_(last.weight, FIRST_SCALE)  # what it corrects is better than noise
        self.model: nn.Module = model
        self.ids = torch.arange(model.config.tokens, device=self.device)[None]
        if config.start is not None:
            fill_weights(self.model, config.start)
        self.pool = Pool(config.samples, self.device)
        self.source = f"samples of {config.samples.name}"
        self.signals, self.noises = (values.to(self.device) for values in noise_levels())

    def batch(self, step: int, numbers: Sequence[int]) -> int:
        """Which part of which step: samples are chosen in :meth:`loss`."""
        return (step * (1 << 20)) + numbers[0]

    def hints(self, hints: Hints, generator: torch.Generator) -> Hints:
        """What a network is told: of some samples one fill alone."""
        luck = torch.rand(len(hints.share), 1, 1, 1, generator=generator).to(self.device)
        edges = torch.where(luck < WITHOUT, hints.patches, hints.edges)
        patches = torch.where(luck > 1 - WITHOUT, hints.edges, hints.patches)
        return Hints(patches, edges, hints.share, hints.energy, hints.coherence)

    def _answer(self, model: nn.Module, noisy: Tensor, timesteps: Tensor, condition: Tensor, hints: Hints) -> Tensor:
        with self.accelerator.autocast():
            output = model(torch.cat([noisy, condition], 1), timesteps, self.ids.expand(len(condition), -1)).sample
        return answered(output.float(), hints)

    def loss(self, model: nn.Module, batch: int, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        if step % REFRESH == 0:
            self.pool.refresh()
        generator = torch.Generator().manual_seed((self.config.seed << 40) + batch)
        count = self.config.batch // (self.accelerator.num_processes * self.config.accumulate)
        samples = varied(self.pool.draw(count, generator), generator)
        hints = self.hints(samples.hints, generator)
        condition, base = condition_of(hints), base_of(hints)
        shape = (count, CHANNELS * FOLD**2, *condition.shape[-2:])
        noise = TEMPERATURE * torch.randn(2, *shape, generator=generator).to(self.device)
        last = torch.full((count,), len(self.signals) - 1, device=self.device)
        first = self._answer(model, noise[0], last, condition, hints)
        wrong = error(first, samples.truth, hints, base)
        task = torch.log(wrong + FLOOR).mean()
        before = error(torch.zeros_like(first), samples.truth, hints, base)
        shown = {"gain_db": 10 * torch.log10((before + FLOOR) / (wrong.detach() + FLOOR)).mean()}
        half = count // 2
        if half and torch.rand((), generator=generator) < REPEATED:
            some = Hints(*(values[:half] for values in hints.tensors()))
            timesteps = torch.randint(len(self.signals), (half,), generator=generator).to(self.device)
            signal, level = (values[timesteps][:, None, None, None] for values in (self.signals, self.noises))
            noisy = signal * first[:half].detach() + level * noise[1, :half]
            later = self._answer(model, noisy, timesteps, condition[:half], some)
            task = task + torch.log(error(later, samples.truth[:half], some, base[:half]) + FLOOR).mean()
        return task, {"task": task, **shown}


def error(latents: Tensor, truth: Tensor, hints: Hints, base: Tensor) -> Tensor:
    """``(B,)``: squared error of the low-passed colours in the hole."""
    wrong = (base + unfold(latents, FOLD)[:, :3] / SCALE - truth) * inside_of(hints)
    squared = blurred(wrong, LOWPASS).square().mean(1, keepdim=True)
    return (squared * hints.share).sum((1, 2, 3)) / hints.share.sum((1, 2, 3)).clamp_min(1e-6)
