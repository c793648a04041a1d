"""The Moebius U-Net (arXiv 2606.19195): config-driven, with the published checkpoints' keys and shapes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from inference.networks.config import UNetConfig
from inference.networks.layers import LambdaBlock, ResidualBlock, SeparableConv, TransformerBlock


@dataclass(frozen=True)
class UNetOutput:
    """``sample (B, C, h, w)``, and the output of every down and up block in order."""

    sample: Tensor
    block_outputs: tuple[Tensor, ...]


def sinusoid(timesteps: Tensor, width: int) -> Tensor:
    """``timesteps (B,)`` -> ``(B, width)``: cosines first, frequencies from 1 to 1/10000 without shift."""
    half = width // 2
    exponent = torch.arange(half, dtype=torch.float32, device=timesteps.device) * (-math.log(10000.0) / half)
    angles = timesteps.float()[:, None] * exponent.exp()[None]
    return torch.cat([angles.cos(), angles.sin()], dim=-1)


class TimeEmbedding(nn.Module):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.linear_1 = nn.Linear(inputs, outputs)
        self.linear_2 = nn.Linear(outputs, outputs)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.linear_2(F.silu(self.linear_1(x)))
        return y


class Resample(nn.Module):
    """A 3x3 convolution that halves the grid, or doubles it after nearest-neighbour enlargement."""

    def __init__(self, width: int, up: bool) -> None:
        super().__init__()
        self.up = up
        self.conv = nn.Conv2d(width, width, 3, stride=1 if up else 2, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        if self.up:
            x = F.interpolate(x, scale_factor=2.0, mode="nearest")
        y: Tensor = self.conv(x)
        return y


def _transformer(config: UNetConfig, level: int) -> TransformerBlock:
    width, grid = config.widths[level], config.grid >> level
    block = LambdaBlock(width, config.heads, config.window, config.ffn_ratio, config.context_width, grid, config.tokens)
    return TransformerBlock(width, config.groups, block)


class DownBlock(nn.Module):
    def __init__(self, config: UNetConfig, level: int) -> None:
        super().__init__()
        width, before = config.widths[level], config.widths[max(level - 1, 0)]
        layers = range(config.layers_per_block)
        self.attentions = nn.ModuleList(_transformer(config, level) for _ in layers)
        self.resnets = nn.ModuleList(
            ResidualBlock(before if i == 0 else width, width, config.time_width, config.groups) for i in layers
        )
        if level < len(config.widths) - 1:
            self.downsamplers = nn.ModuleList([Resample(width, up=False)])

    def forward(self, x: Tensor, time: Tensor, context: Tensor) -> tuple[Tensor, list[Tensor]]:
        skips = []
        for resnet, attention in zip(self.resnets, self.attentions, strict=True):
            x = attention(resnet(x, time), context)
            skips.append(x)
        if hasattr(self, "downsamplers"):
            x = self.downsamplers[0](x)
            skips.append(x)
        return x, skips


class UpBlock(nn.Module):
    def __init__(self, config: UNetConfig, level: int) -> None:
        super().__init__()
        width = config.widths[level]
        deeper = config.widths[min(level + 1, len(config.widths) - 1)]
        shallower = config.widths[max(level - 1, 0)]
        layers = config.layers_per_block + 1
        self.attentions = nn.ModuleList(_transformer(config, level) for _ in range(layers))
        self.resnets = nn.ModuleList(
            ResidualBlock(
                (deeper if i == 0 else width) + (shallower if i == layers - 1 else width),
                width,
                config.time_width,
                config.groups,
            )
            for i in range(layers)
        )
        if level > 0:
            self.upsamplers = nn.ModuleList([Resample(width, up=True)])

    def forward(self, x: Tensor, skips: list[Tensor], time: Tensor, context: Tensor) -> Tensor:
        for resnet, attention in zip(self.resnets, self.attentions, strict=True):
            x = attention(resnet(torch.cat([x, skips.pop()], dim=1), time), context)
        if hasattr(self, "upsamplers"):
            x = self.upsamplers[0](x)
        return x


class _Diffusion(nn.Module):
    """The part stored under ``diff_model``: three levels down, no middle block, three levels up."""

    def __init__(self, config: UNetConfig) -> None:
        super().__init__()
        widths = config.widths
        self.conv_in = SeparableConv(config.in_channels, widths[0])
        self.time_embedding = TimeEmbedding(widths[0], config.time_width)
        self.encoder_hid_proj = nn.Linear(config.embedding_width, config.context_width)
        self.down_blocks = nn.ModuleList(DownBlock(config, level) for level in range(len(widths)))
        self.up_blocks = nn.ModuleList(UpBlock(config, level) for level in reversed(range(len(widths))))
        self.conv_norm_out = nn.GroupNorm(config.groups, widths[0])
        self.conv_out = SeparableConv(widths[0], config.latent_channels)

    def forward(self, sample: Tensor, timesteps: Tensor, embedded: Tensor) -> UNetOutput:
        time = self.time_embedding(sinusoid(timesteps, self.time_embedding.linear_1.in_features).to(sample.dtype))
        context = self.encoder_hid_proj(embedded)
        x = self.conv_in(sample.contiguous(memory_format=torch.channels_last))
        skips, outputs = [x], []
        for block in self.down_blocks:
            x, produced = block(x, time, context)
            skips.extend(produced)
            outputs.append(x)
        for block in self.up_blocks:
            x = block(x, skips, time, context)
            outputs.append(x)
        return UNetOutput(self.conv_out(F.silu(self.conv_norm_out(x))), tuple(outputs))


class MoebiusUNet(nn.Module):
    """The network with its category embedding, as checkpoints store it."""

    def __init__(self, config: UNetConfig) -> None:
        super().__init__()
        self.config = config
        self.embedding_layer = nn.Embedding(config.categories, config.embedding_width)
        self.diff_model = _Diffusion(config)

    def forward(self, sample: Tensor, timesteps: Tensor, input_ids: Tensor) -> UNetOutput:
        """Predict what the model was trained to predict (noise for ``moebius``).

        ``sample (B or 1, 2C+1 or more, h, w)``: noisy latents, mask (1 = hole), masked-image latents; ``h`` and ``w``
        multiples of 4; one sample serves every row of ``input_ids``. ``timesteps (1,)`` or ``(B,)`` in 0..999.
        ``input_ids (B, 10)``: 0..9 ask for background, 10..19 for foreground; both on any device.
        Raises ``ValueError`` for other shapes.
        """
        sample = sample.expand(len(input_ids), -1, -1, -1)
        batch, channels, height, width = sample.shape
        halvings = 2 ** (len(self.config.widths) - 1)
        if channels != self.config.in_channels:
            raise ValueError(f"sample has {channels} channels, expected {self.config.in_channels}")
        if height % halvings or width % halvings:
            raise ValueError(f"latent size {height}x{width} is not a multiple of {halvings}")
        timesteps, input_ids = timesteps.reshape(-1).to(sample.device), input_ids.to(sample.device)
        output: UNetOutput = self.diff_model(sample, timesteps.expand(batch), self.embedding_layer(input_ids))
        return output
