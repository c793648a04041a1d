"""The PixelHacker U-Net (arXiv 2504.20438), Moebius's teacher, with the published checkpoints' keys and shapes.

Stable Diffusion 1.5's network, whose self-attention is gated linear attention. Its category embedding and its
interface are those of :class:`inference.networks.unet.MoebiusUNet`.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from inference.networks.config import PixelHackerConfig
from inference.networks.gated_linear_attention import GatedLinearAttention
from inference.networks.layers import Pointwise, to_map, to_tokens
from inference.networks.unet import Resample, TimeEmbedding, UNetOutput, sinusoid


class ResidualBlock(nn.Module):
    """GroupNorm -> SiLU -> 3x3 -> + time -> GroupNorm -> SiLU -> 3x3 -> + shortcut."""

    def __init__(self, inputs: int, outputs: int, config: PixelHackerConfig) -> None:
        super().__init__()
        self.norm1 = nn.GroupNorm(config.groups, inputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.time_emb_proj = nn.Linear(config.time_width, outputs)
        self.norm2 = nn.GroupNorm(config.groups, outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1)
        if inputs != outputs:
            self.conv_shortcut = Pointwise(inputs, outputs)

    def forward(self, x: Tensor, time: Tensor) -> Tensor:
        y: Tensor = self.conv1(F.silu(self.norm1(x)))
        y = y + self.time_emb_proj(F.silu(time))[:, :, None, None]
        y = self.conv2(F.silu(self.norm2(y)))
        shortcut: Tensor = self.conv_shortcut(x) if hasattr(self, "conv_shortcut") else x
        return shortcut + y


class CrossAttention(nn.Module):
    """Attention from the image to the category tokens."""

    def __init__(self, width: int, context_width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.to_q = nn.Linear(width, width, bias=False)
        self.to_k = nn.Linear(context_width, width, bias=False)
        self.to_v = nn.Linear(context_width, width, bias=False)
        self.to_out = nn.ModuleList([nn.Linear(width, width)])

    def forward(self, tokens: Tensor, context: Tensor) -> Tensor:
        q, k, v = (
            x.unflatten(2, (self.heads, -1)).transpose(1, 2)
            for x in (self.to_q(tokens), self.to_k(context), self.to_v(context))
        )
        y: Tensor = self.to_out[0](F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))
        return y


class _GEGLU(nn.Module):
    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.proj = nn.Linear(width, 2 * hidden)

    def forward(self, tokens: Tensor) -> Tensor:
        x, gate = self.proj(tokens).chunk(2, dim=-1)
        y: Tensor = x * F.gelu(gate)
        return y


class _FeedForward(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        # Between the two lay a dropout in training; it has no weights, but the checkpoints count it.
        self.net = nn.ModuleList([_GEGLU(width, 4 * width), nn.Identity(), nn.Linear(4 * width, width)])

    def forward(self, tokens: Tensor) -> Tensor:
        y: Tensor = self.net[2](self.net[0](tokens))
        return y


class _AttentionBlock(nn.Module):
    def __init__(self, width: int, config: PixelHackerConfig) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attn1 = GatedLinearAttention(width, config.heads)
        self.norm2 = nn.LayerNorm(width)
        self.attn2 = CrossAttention(width, config.context_width, config.heads)
        self.norm3 = nn.LayerNorm(width)
        self.ff = _FeedForward(width)

    def forward(self, tokens: Tensor, context: Tensor) -> Tensor:
        tokens = tokens + self.attn1(self.norm1(tokens))
        tokens = tokens + self.attn2(self.norm2(tokens), context)
        return tokens + self.ff(self.norm3(tokens))  # type: ignore[no-any-return]


class Transformer(nn.Module):
    """GroupNorm -> 1x1 -> attention over tokens -> 1x1, plus the input."""

    def __init__(self, width: int, config: PixelHackerConfig) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(config.groups, width, eps=1e-6)
        self.proj_in = Pointwise(width, width)
        self.transformer_blocks = nn.ModuleList([_AttentionBlock(width, config)])
        self.proj_out = Pointwise(width, width)

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        tokens = self.transformer_blocks[0](self.proj_in(to_tokens(self.norm(x))), context)
        return x + to_map(self.proj_out(tokens), x.shape[2], x.shape[3])


class _Block(nn.Module):
    """A level's layers; the deepest level has no attention."""

    def __init__(self, pairs: list[tuple[int, int]], attends: bool, config: PixelHackerConfig) -> None:
        super().__init__()
        if attends:
            self.attentions = nn.ModuleList(Transformer(width, config) for _, width in pairs)
        self.resnets = nn.ModuleList(ResidualBlock(inputs, width, config) for inputs, width in pairs)

    def layer(self, index: int, x: Tensor, time: Tensor, context: Tensor) -> Tensor:
        x = self.resnets[index](x, time)
        if hasattr(self, "attentions"):
            x = self.attentions[index](x, context)
        return x


class _DownBlock(_Block):
    def __init__(self, config: PixelHackerConfig, level: int) -> None:
        widths, deepest = config.widths, len(config.widths) - 1
        width, before = widths[level], widths[max(level - 1, 0)]
        pairs = [(before if i == 0 else width, width) for i in range(config.layers_per_block)]
        super().__init__(pairs, level < deepest, config)
        if level < deepest:
            self.downsamplers = nn.ModuleList([Resample(width, up=False)])

    def forward(self, x: Tensor, skips: list[Tensor], time: Tensor, context: Tensor) -> Tensor:
        for index in range(len(self.resnets)):
            x = self.layer(index, x, time, context)
            skips.append(x)
        if hasattr(self, "downsamplers"):
            x = self.downsamplers[0](x)
            skips.append(x)
        return x


class _UpBlock(_Block):
    def __init__(self, config: PixelHackerConfig, level: int) -> None:
        widths, deepest = config.widths, len(config.widths) - 1
        width, deeper, shallower = widths[level], widths[min(level + 1, deepest)], widths[max(level - 1, 0)]
        last = config.layers_per_block
        pairs = [((deeper if i == 0 else width) + (shallower if i == last else width), width) for i in range(last + 1)]
        super().__init__(pairs, level < deepest, config)
        if level > 0:
            self.upsamplers = nn.ModuleList([Resample(width, up=True)])

    def forward(self, x: Tensor, skips: list[Tensor], time: Tensor, context: Tensor) -> Tensor:
        for index in range(len(self.resnets)):
            x = self.layer(index, torch.cat([x, skips.pop()], dim=1), time, context)
        if hasattr(self, "upsamplers"):
            x = self.upsamplers[0](x)
        return x


class _MidBlock(nn.Module):
    def __init__(self, config: PixelHackerConfig) -> None:
        super().__init__()
        width = config.widths[-1]
        self.attentions = nn.ModuleList([Transformer(width, config)])
        self.resnets = nn.ModuleList(ResidualBlock(width, width, config) for _ in range(2))

    def forward(self, x: Tensor, time: Tensor, context: Tensor) -> Tensor:
        x = self.attentions[0](self.resnets[0](x, time), context)
        y: Tensor = self.resnets[1](x, time)
        return y


class _Diffusion(nn.Module):
    """The part stored under ``diff_model``."""

    def __init__(self, config: PixelHackerConfig) -> None:
        super().__init__()
        widths = config.widths
        self.conv_in = nn.Conv2d(config.in_channels, widths[0], 3, padding=1)
        self.time_embedding = TimeEmbedding(widths[0], config.time_width)
        self.encoder_hid_proj = nn.Linear(config.embedding_width, config.context_width)
        self.down_blocks = nn.ModuleList(_DownBlock(config, level) for level in range(len(widths)))
        self.up_blocks = nn.ModuleList(_UpBlock(config, level) for level in reversed(range(len(widths))))
        self.mid_block = _MidBlock(config)
        self.conv_norm_out = nn.GroupNorm(config.groups, widths[0])
        self.conv_out = nn.Conv2d(widths[0], config.latent_channels, 3, padding=1)

    def forward(self, sample: Tensor, timesteps: Tensor, embedded: Tensor) -> UNetOutput:
        time = self.time_embedding(sinusoid(timesteps, self.conv_in.out_channels).to(sample.dtype))
        context = self.encoder_hid_proj(embedded)
        x = self.conv_in(sample.contiguous(memory_format=torch.channels_last))
        skips, outputs = [x], []
        for block in self.down_blocks:
            x = block(x, skips, time, context)
            outputs.append(x)
        x = self.mid_block(x, time, context)
        outputs.append(x)
        for block in self.up_blocks:
            x = block(x, skips, time, context)
            outputs.append(x)
        return UNetOutput(self.conv_out(F.silu(self.conv_norm_out(x))), tuple(outputs))


class PixelHackerUNet(nn.Module):
    """The network with its category embedding, as checkpoints store it."""

    def __init__(self, config: PixelHackerConfig) -> None:
        super().__init__()
        self.config = config
        self.embedding_layer = nn.Embedding(config.categories, config.embedding_width)
        self.diff_model = _Diffusion(config)

    def forward(self, sample: Tensor, timesteps: Tensor, input_ids: Tensor) -> UNetOutput:
        """As :meth:`inference.networks.unet.MoebiusUNet.forward`; ``h`` and ``w`` multiples of 8; computed
        in the precision of the weights.

        ``block_outputs``: the down blocks', the middle block's, the up blocks'. Raises ``ValueError`` for other
        shapes.
        """
        sample = sample.expand(len(input_ids), -1, -1, -1)
        batch, channels, height, width = sample.shape
        halvings = 2 ** (len(self.config.widths) - 1)
        if channels != self.config.in_channels:
            raise ValueError(f"sample has {channels} channels, expected {self.config.in_channels}")
        if height % halvings or width % halvings:
            raise ValueError(f"latent size {height}x{width} is not a multiple of {halvings}")
        timesteps, input_ids = timesteps.reshape(-1).to(sample.device), input_ids.to(sample.device)
        narrow = sample.to(self.embedding_layer.weight.dtype)
        output: UNetOutput = self.diff_model(narrow, timesteps.expand(batch), self.embedding_layer(input_ids))
        return UNetOutput(output.sample.to(sample.dtype), output.block_outputs)
