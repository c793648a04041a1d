"""Training of a U-Net: without a teacher, and with one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor, nn

from inference.fill import flow_fill
from inference.networks import UNetOutput
from inference.sampling import ddim
from training.config import DistillConfig, TrainConfig
from training.data import Batch, draw_batch, draw_size, open_source
from training.losses import Shares, adaptive_weights, combine, feature_weight, make_perceptual, output_weight
from training.networks import LatentSpace, checkpoint_layers, fill_weights, make_unet, read_autoencoder
from training.objectives import Epsilon, Inputs, draw_timesteps


def to_pictures(rgb: np.ndarray) -> Tensor:
    """``(B, H, W, 3)`` uint8 -> ``(B, 3, H, W)`` in [-1, 1]."""
    return torch.from_numpy(rgb).permute(0, 3, 1, 2).float().div_(127.5).sub_(1)


@dataclass(frozen=True)
class Drawn:
    """A batch, and the seeds of its samples' noise."""

    arrays: Batch
    seeds: list[int]


class UNetTask:
    """A U-Net learns to predict what its objective says."""

    name = "unet"

    def __init__(self, config: TrainConfig, accelerator: Accelerator) -> None:
        self.config, self.accelerator, self.device = config, accelerator, accelerator.device
        if config.autoencoder is None:
            raise ValueError("training a U-Net needs an autoencoder: --autoencoder FOLDER")
        if config.objective != "epsilon":
            raise ValueError(f"the objective {config.objective} is trained without a teacher: python -m training train")
        torch.manual_seed(config.seed)  # the fresh weights'
        self.model = make_unet(config.model, config.unet)
        self.data = open_source(config)
        self.source = self.data.name
        self.space = LatentSpace(read_autoencoder(config.autoencoder), self.device)
        self.objective = Epsilon()
        self.alphas: Tensor = ddim(self.objective.schedule).alphas_cumprod.to(self.device)
        if config.start is not None:
            fill_weights(self.model, config.start)
        if config.checkpointing:
            checkpoint_layers(self.model)
        if self.space.channels != self.model.config.latent_channels:  # type: ignore[union-attr]
            raise ValueError(
                f"the autoencoder has {self.space.channels} latent channels, "
                f"the U-Net {self.model.config.latent_channels}"  # type: ignore[union-attr]
            )

    def batch(self, step: int, numbers: Sequence[int]) -> Drawn:
        config = self.config
        arrays = draw_batch(self.data, config.seed, step, numbers, draw_size(step, config.size, config.varied_sizes))
        if self.model.config.extra_fills:  # type: ignore[union-attr]
            holes = arrays["mask"] > 127
            arrays["smooth"] = np.stack([flow_fill(*pair) for pair in zip(arrays["picture"], holes, strict=True)])
        seeds = [int(np.random.default_rng([config.seed, step, number, 1]).integers(1 << 62)) for number in numbers]
        return Drawn(arrays, seeds)

    def inputs(self, batch: Drawn) -> tuple[Inputs, Tensor, Tensor]:
        """What the network is given and asked for; ``timesteps (B,)``; ``ids (B, 10)``."""
        config, device, objective = self.config, self.device, self.objective
        arrays, generators = batch.arrays, [torch.Generator().manual_seed(seed) for seed in batch.seeds]
        picture = to_pictures(arrays["picture"]).to(device)
        mask = (torch.from_numpy(arrays["mask"])[:, None] > 127).float().to(device)
        clean = self.space.encode(picture, generators)
        known = self.space.encode(objective.condition(picture, mask), generators)
        further = None
        if "smooth" in arrays:
            further = self.space.encode(to_pictures(arrays["smooth"]).to(device), generators)
        shape = clean.shape[1:]
        noise = torch.stack([torch.randn(shape, generator=g) for g in generators])
        offset = torch.stack([torch.randn((shape[0], 1, 1), generator=g) for g in generators])
        normal = torch.cat([torch.randn(1, generator=g) for g in generators])
        uniform = torch.stack([torch.rand(2, generator=g) for g in generators])
        timesteps = draw_timesteps(len(normal), config.timesteps, config.last_share, normal, uniform).to(device)
        alphas = self.alphas[timesteps][:, None, None, None]
        # The shift is part of the noise: added with it, and asked for with it
        noise = (noise + config.noise_offset * offset).to(device)
        hole = objective.hole(mask, self.space.factor)
        inputs = objective.inputs(clean, known, hole, noise, alphas.sqrt(), (1 - alphas).sqrt(), further)
        shape_of = self.model.config
        labels = torch.from_numpy(arrays["label"].astype(np.int64)).to(device)
        half = shape_of.categories // 2  # type: ignore[union-attr, operator]
        tokens = torch.arange(shape_of.tokens, device=device)  # type: ignore[union-attr, arg-type]
        return inputs, timesteps, tokens[None] + half * labels[:, None]

    def predict(self, model: nn.Module, inputs: Inputs, timesteps: Tensor, ids: Tensor) -> UNetOutput:
        with self.accelerator.autocast():
            output: UNetOutput = model(inputs.sample, timesteps, ids)
        return output

    def loss(self, model: nn.Module, batch: Drawn, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        inputs, timesteps, ids = self.inputs(batch)
        output = self.predict(model, inputs, timesteps, ids)
        task = self.objective.error(output.sample.float(), inputs.target)
        return task, {"task": task}  # the name it has in a distillation, to be drawn beside it


class DistillTask(UNetTask):
    """A student learns from a frozen teacher by the paper's loss."""

    config: DistillConfig

    def __init__(self, config: DistillConfig, accelerator: Accelerator) -> None:
        super().__init__(config, accelerator)
        teacher = make_unet(config.teacher, config.teacher_unet)
        if config.teacher_weights is None:
            raise ValueError("distillation needs the teacher's weights: --teacher-weights FILE")
        self.teacher = fill_weights(teacher, config.teacher_weights).to(self.device).eval().requires_grad_(False)
        self.perceptual = make_perceptual(config.perceptual, self.space.channels, self.device)
        self.shares = Shares(config.coarse_weight, config.task_weight, config.perceptual_weight)
        self.weights = feature_weight(self.model), output_weight(self.model)

    def _average(self, gradient: Tensor) -> Tensor:
        if self.accelerator.num_processes == 1:
            return gradient
        averaged: Tensor = self.accelerator.reduce(gradient.contiguous(), "mean")
        return averaged

    def _teach(self, inputs: Inputs, timesteps: Tensor, ids: Tensor) -> tuple[Tensor, Tensor]:
        """The teacher's output, and the features of the block to be imitated."""
        with torch.no_grad():
            output = self.predict(self.teacher, inputs, timesteps, ids)
        blocks = output.block_outputs
        # Down blocks, perhaps a middle one, as many up blocks: the first of these
        index = (len(blocks) + 1) // 2 if self.config.teacher_block < 0 else self.config.teacher_block
        return output.sample.float(), blocks[index].float()

    def loss(self, model: nn.Module, batch: Drawn, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        inputs, timesteps, ids = self.inputs(batch)
        taught, taught_features = self._teach(inputs, timesteps, ids)
        output = self.predict(model, inputs, timesteps, ids)
        own = output.sample.float()
        features = output.block_outputs[len(output.block_outputs) // 2 - 1].float()  # the last down block's
        if features.shape != taught_features.shape:
            raise ValueError(
                f"the student's deepest block gives {tuple(features.shape[1:])}, the teacher's "
                f"{tuple(taught_features.shape[1:])}: choose another teacher_block, or widths that agree"
            )
        coarse = (features - taught_features).square().mean()
        task = self.objective.error(own, inputs.target)
        fine = self.objective.error(own, taught)
        perceptual = None
        if self.perceptual is not None:
            perceptual = self.perceptual(self.objective.clean(own, inputs), inputs.clean, seed=self._seed(step))
        scaler = self.accelerator.scaler
        weights = adaptive_weights(
            coarse,
            task,
            fine,
            perceptual,
            *self.weights,
            average=self._average,
            scale=scaler.get_scale() if scaler is not None else 1.0,
        )
        shown = {"coarse": coarse, "task": task, "fine": fine}
        if perceptual is not None:
            shown["perceptual"] = perceptual
        shown |= {"w_task": weights.task, "w_fine": weights.fine, "w_perceptual": weights.perceptual}
        return combine(coarse, task, fine, perceptual, weights, self.shares), shown

    def _seed(self, step: int) -> int:
        return int(np.random.default_rng([self.config.seed, step, 2]).integers(1 << 31))
