"""Training of the small autoencoder on crops of photographs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from accelerate import Accelerator
from numpy.typing import NDArray
from torch import Tensor, nn

from inference.networks import PatchAutoencoder, PatchAutoencoderConfig
from training.config import AutoencoderTrainingConfig
from training.data import Photographs, PictureFiles
from training.losses import picture_loss
from training.unet import to_pictures

FIRST_CROPS = 256  # whose principal components the linear paths start at


class _RoundTrip(nn.Module):
    """Encoding, noise, decoding as one ``forward``, which is what several processes wrap."""

    def __init__(self, autoencoder: PatchAutoencoder) -> None:
        super().__init__()
        self.autoencoder, self.config = autoencoder, autoencoder.config

    def forward(self, pictures: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        latents = self.autoencoder.encode(pictures)
        return self.autoencoder.decode(latents + noise), latents


class AutoencoderTask:
    """Reconstruct, with latents of about unit power."""

    name = "autoencoder"

    def __init__(self, config: AutoencoderTrainingConfig, accelerator: Accelerator) -> None:
        if config.photos is None:
            raise ValueError("train-autoencoder needs photographs: --photos FOLDER")
        self.config, self.accelerator = config, accelerator
        self.photos = Photographs(PictureFiles(config.photos), smallest=config.crop)
        self.source = f"{len(self.photos.fitting)} photographs"
        torch.manual_seed(config.seed)
        self.shape = PatchAutoencoderConfig.from_dict(config.autoencoder)
        autoencoder = PatchAutoencoder(self.shape)
        if not config.resume:
            crops = to_pictures(self._crops(0, range(FIRST_CROPS), 3))
            patches = F.pixel_unshuffle(crops, self.shape.factor).permute(0, 2, 3, 1).flatten(0, 2)
            autoencoder.start_from_components(patches)
        self.model: nn.Module = _RoundTrip(autoencoder)

    def _crops(self, step: int, numbers: Sequence[int], stream: int) -> NDArray[np.uint8]:
        seeds = [np.random.default_rng([self.config.seed, step, number, stream]) for number in numbers]
        return np.stack([self.photos.crop(self.config.crop, rng)[..., :3] for rng in seeds])

    def batch(self, step: int, numbers: Sequence[int]) -> tuple[NDArray[np.uint8], list[int]]:
        seeds = [int(np.random.default_rng([self.config.seed, step, n, 4]).integers(1 << 62)) for n in numbers]
        return self._crops(step, numbers, 0), seeds

    def loss(self, model: nn.Module, batch: Any, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        crops, seeds = batch
        target = to_pictures(crops).to(self.accelerator.device).contiguous(memory_format=torch.channels_last)
        shape = self.shape
        side = self.config.crop // shape.factor
        generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        noise = torch.stack([torch.randn(shape.latent_channels, side, side, generator=g) for g in generators])
        with self.accelerator.autocast():
            decoded, latents = model(target, self.config.latent_noise * noise.to(target))
        decoded, latents = decoded.float(), latents.float()
        loss = picture_loss(decoded, target) + 1e-3 * (latents.square().mean() - 1).square()
        error = F.mse_loss(decoded.detach().clamp(-1, 1), target)
        return loss, {"psnr": 10 * torch.log10(4 / error), "latents": latents.detach().std()}
