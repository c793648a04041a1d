"""Perceptual distances between latents: E-LatentLPIPS, and one that needs no download."""

from __future__ import annotations

from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Perceptual(Protocol):
    """``x``, ``truth`` ``(B, C, h, w)`` -> a scalar; ``seed`` decides what is drawn."""

    def __call__(self, x: Tensor, truth: Tensor, seed: int) -> Tensor: ...


class ELatentLPIPS:
    """Kang et al., "Distilling Diffusion Models into Conditional GANs" (arXiv 2405.05967), for SDXL's latents.

    Needs the package ``elatentlpips``, whose licence forbids commercial use and which fetches its weights on first
    use. Raises ``RuntimeError`` where either is missing.
    """

    def __init__(self, device: torch.device) -> None:
        try:
            from elatentlpips import ELatentLPIPS as Published

            self.distance = Published(encoder="sdxl", augment="bg", verbose=False).to(device).eval()
        except Exception as error:  # the package reaches for its weights with several libraries
            raise RuntimeError(
                f"E-LatentLPIPS can't be used ({type(error).__name__}: {error}). Install elatentlpips with its weights "
                'as docs/training.md says, or choose perceptual = "random_features".'
            ) from error
        self.distance.requires_grad_(False)

    def __call__(self, x: Tensor, truth: Tensor, seed: int) -> Tensor:
        # Its augmentations draw from the global generators: those are put back afterwards.
        devices = [x.device] if x.device.type == "cuda" else []
        with torch.random.fork_rng(devices):
            torch.manual_seed(seed)
            distance: Tensor = self.distance(x, truth, ensembling=True)
        return distance.mean()


class RandomFeatures(nn.Module):
    """Distance of normalised features of a small convolutional network with fixed random weights, at three scales.

    The form is LPIPS's (Zhang et al., arXiv 1801.03924), whose authors found untrained networks to beat plain
    squared error; nothing is downloaded. The weights follow from the number of channels alone. ``seed`` mirrors and
    turns both inputs.
    """

    def __init__(self, channels: int, widths: tuple[int, ...] = (32, 64, 64)) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(405 + channels)
        for index, width in enumerate(widths):
            weight = torch.randn(width, channels, 3, 3, generator=generator) * (2 / (9 * channels)) ** 0.5
            self.register_buffer(f"weight{index}", weight)
            channels = width
        self.count = len(widths)

    def features(self, x: Tensor) -> list[Tensor]:
        """Of ``x (B, C, h, w)``: one map per scale, each half the size of the one before, unit length per position."""
        maps = []
        for index in range(self.count):
            if index and min(x.shape[-2:]) >= 2:
                x = F.avg_pool2d(x, 2)
            x = F.leaky_relu(F.conv2d(x, self.get_buffer(f"weight{index}"), padding=1), 0.2)
            maps.append(x / (x.square().sum(1, keepdim=True) + 1e-6).sqrt())
        return maps

    def forward(self, x: Tensor, truth: Tensor, seed: int) -> Tensor:
        if seed % 2:
            x, truth = x.flip(-1), truth.flip(-1)
        turns = seed // 2 % 4
        pair = torch.cat([x, truth]).float().rot90(turns, (-2, -1))
        distances = []
        for level in self.features(pair):
            own, true = level.chunk(2)
            distances.append((own - true).square().sum(1).mean())
        return torch.stack(distances).mean()


def make_perceptual(name: str, channels: int, device: torch.device) -> Perceptual | None:
    """The term of that name, for latents of ``channels``; None for "none"."""
    if name == "none":
        return None
    if name == "random_features":
        return RandomFeatures(channels).to(device).requires_grad_(False)
    return ELatentLPIPS(device)
