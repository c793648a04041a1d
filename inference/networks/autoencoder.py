"""The bundled model's autoencoder: 8 x 8 patches to 8 latent channels, small enough to run at every step.

The encoder sees one patch and its neighbours only, so nothing under a mask leaks far beyond it. A linear
path (principal components of patches) carries colour and gradients; the convolutions add the rest.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from inference.networks.config import PatchAutoencoderConfig


class _Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width, width, 3, padding=1)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv2(F.silu(self.conv1(F.silu(x))))
        return x + y


class PatchAutoencoder(nn.Module):
    """Pictures ``(B, 3, H, W)`` in [-1, 1] to latents ``(B, C, H/8, W/8)`` of about unit variance, and back."""

    def __init__(self, config: PatchAutoencoderConfig) -> None:
        super().__init__()
        self.config = config
        patch, channels, width = 3 * config.factor**2, config.latent_channels, config.encoder_width
        self.linear_encode = nn.Conv2d(patch, channels, 1)
        self.encoder = nn.Sequential(
            nn.Conv2d(patch, width, 1),
            nn.SiLU(),
            nn.Conv2d(width, width // 2, 1),
            nn.SiLU(),
            nn.Conv2d(width // 2, channels, 3, padding=1, padding_mode="replicate"),
        )
        self.linear_decode = nn.Conv2d(channels, patch, 1)
        first = config.decoder_widths[0]
        stages: list[nn.Module] = [nn.Conv2d(channels, first, 3, padding=1)]
        for index, stage in enumerate(config.decoder_widths):
            after = config.decoder_widths[index + 1] if index + 1 < len(config.decoder_widths) else 3
            stages += [_Residual(stage), _Residual(stage) if index < 2 else nn.Identity()]
            stages += [nn.SiLU(), nn.Conv2d(stage, 4 * after, 3, padding=1), nn.PixelShuffle(2)]
        self.decoder = nn.Sequential(*stages)

    def encode(self, pictures: Tensor) -> Tensor:
        patches = F.pixel_unshuffle(pictures, self.config.factor)
        latents: Tensor = self.linear_encode(patches) + self.encoder(patches)
        return latents * self.config.scale

    def decode(self, latents: Tensor) -> Tensor:
        latents = latents / self.config.scale
        smooth = F.pixel_shuffle(self.linear_decode(latents), self.config.factor)
        pictures: Tensor = smooth + self.decoder(latents)
        return pictures

    @torch.no_grad()
    def start_from_components(self, patches: Tensor) -> None:
        """Set the linear paths to the principal components of ``patches (N, 3 * factor**2)``."""
        channels = self.config.latent_channels
        mean = patches.mean(0)
        _, values, directions = torch.pca_lowrank(patches, q=channels, niter=4)
        spread = (values / len(patches) ** 0.5).clamp_min(1e-4)
        basis = directions / spread  # (patch, C)
        self.linear_encode.weight.copy_(basis.T[:, :, None, None])
        assert self.linear_encode.bias is not None and self.linear_decode.bias is not None
        self.linear_encode.bias.copy_(-(mean @ basis))
        self.linear_decode.weight.copy_((directions * spread)[:, :, None, None])
        self.linear_decode.bias.copy_(mean)
        for last in (self.encoder[-1], self.decoder[-2]):  # start at the linear path
            assert isinstance(last, nn.Conv2d) and last.bias is not None
            last.weight.mul_(0.1)
            last.bias.zero_()
