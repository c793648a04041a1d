"""The Moebius U-Net's evaluation form: the same function as :class:`MoebiusUNet`'s, arranged to be quick.

What changes nothing but the time (Moebius paper, arXiv 2606.19195, section on efficiency; LambdaNetworks,
arXiv 2102.08602):

- every BatchNorm is folded into the product before it, the time embedding of a step into a bias;
- the layers of tokens are matrix products that take up their activation or the sum that follows;
- the window of values around every position is a view into an array unrolled along one axis only;
- keys and positions of the category tokens are constants of a guidance branch, made once and kept;
- nearest enlargement and 3x3 convolution become nine matrix products on the smaller grid: a quarter of the work;
- what both guidance branches share, up to the first layer that sees the category, is computed once.

What changes the result, and is only done where asked for: between two whole passes the deep features of the first are
used again (Ma et al., "DeepCache", arXiv 2312.00858); then nothing but the first convolution and the last layer runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from inference.networks.fast.folded import (
    FoldedConv,
    FoldedEnlarge,
    FoldedResidual,
    FoldedTransformer,
    Step,
    branches,
    nothing,
)
from inference.networks.fast.operators import pack_products
from inference.networks.layers import to_map
from inference.networks.unet import DownBlock, MoebiusUNet, UNetOutput, UpBlock, sinusoid


class DeepFeatures:
    """What a pass leaves for those after it, as long as grid and categories are the same; empty at first."""

    def __init__(self) -> None:
        self.kept: Tensor | None = None  # (B, C, h, w), what enters the last layer


class _Level(nn.Module):
    """A down or up block."""

    def __init__(self, source: DownBlock | UpBlock, between: Callable[[], None]) -> None:
        super().__init__()
        self.resnets, self.attentions = nn.ModuleList(), nn.ModuleList()
        for resnet, attention in zip(source.resnets, source.attentions, strict=True):
            between()
            self.resnets.append(FoldedResidual(resnet))  # type: ignore[arg-type]
            self.attentions.append(FoldedTransformer(attention))  # type: ignore[arg-type]
        between()
        self.shrink, self.enlarge = None, None
        for resample in getattr(source, "downsamplers", ()):
            self.shrink = resample.conv
        for resample in getattr(source, "upsamplers", ()):
            self.enlarge = FoldedEnlarge(resample.conv)


class EvaluationUNet(nn.Module):
    """A :class:`MoebiusUNet` in evaluation mode, arranged to be quick; outputs agree to about 1e-5.

    It shares what it can with ``source``, whose parameters must not change any more. Its attribute ``between`` is
    called many times within a forward pass, the argument while it is built: what either raises ends that.
    """

    def __init__(self, source: MoebiusUNet, between: Callable[[], None] = nothing) -> None:
        super().__init__()
        source = source.eval().requires_grad_(False)
        network = source.diff_model
        self.config = source.config
        self.between: Callable[[], None] = nothing
        self.embedding_layer, self.time_embedding = source.embedding_layer, network.time_embedding
        self.encoder_hid_proj = network.encoder_hid_proj
        self.conv_in, self.conv_out = FoldedConv(network.conv_in), FoldedConv(network.conv_out)
        self.conv_norm_out = network.conv_norm_out
        self.down_blocks, self.up_blocks = nn.ModuleList(), nn.ModuleList()
        for source_blocks, blocks in ((network.down_blocks, self.down_blocks), (network.up_blocks, self.up_blocks)):
            for block in source_blocks:
                blocks.append(_Level(block, between))  # type: ignore[arg-type]

    def pack(self, between: Callable[[], None] = nothing) -> EvaluationUNet:
        """Lay the weights out as the device reads them quickest: for the last time, they can't be moved afterwards."""
        pack_products(self, between)
        return self

    def forward(
        self, sample: Tensor, timesteps: Tensor, input_ids: Tensor, deep: DeepFeatures | None = None
    ) -> UNetOutput:
        """As :meth:`MoebiusUNet.forward`, for one timestep at a time; computed in the precision of the weights.

        ``sample (B or 1, 2C+1, h, w)``: one sample serves every row of ``input_ids (B, 10)``, and what the
        guidance branches share is computed once. Raises ``ValueError`` for other shapes. ``timesteps`` and
        ``input_ids`` may lie on the processor; there the pass reads nothing back from its device. ``deep``: where it is
        empty it is filled, else the pass is a shallow one that uses it; both give no block outputs.
        """
        count, (height, width) = len(input_ids), sample.shape[2:]
        halvings = 2 ** (len(self.config.widths) - 1)
        if sample.shape[1] != self.config.in_channels or len(sample) not in (1, count):
            raise ValueError(
                f"samples {tuple(sample.shape)} for {count} branches of {self.config.in_channels} channels"
            )
        if height % halvings or width % halvings:
            raise ValueError(f"latent size {height}x{width} is not a multiple of {halvings}")
        if timesteps.numel() != 1:
            raise ValueError("one timestep at a time")
        given, sample = sample.dtype, sample.to(self.conv_norm_out.weight.dtype)
        sinus = sinusoid(timesteps.reshape(1).to(sample.device), self.time_embedding.linear_1.in_features)
        step = Step(
            F.silu(self.time_embedding(sinus.to(sample.dtype))),
            input_ids,
            lambda: self.encoder_hid_proj(self.embedding_layer(input_ids.to(sample.device))),
            self.between,
        )
        x = to_map(self.conv_in(sample.contiguous(memory_format=torch.channels_last)), height, width)
        if deep is not None and deep.kept is not None:
            return self._finished(self._last(deep.kept, x, step), given)
        skips, outputs = [x], []
        for level in _levels(self.down_blocks):
            for resnet, attention in zip(level.resnets, level.attentions, strict=True):
                x = attention(resnet(x, step), step)
                skips.append(x)
            if level.shrink is not None:
                x = level.shrink(x)
                skips.append(x)
            outputs.append(x)
        for level in _levels(self.up_blocks):
            for resnet, attention in zip(level.resnets, level.attentions, strict=True):
                if len(skips) == 1:
                    if deep is not None:
                        deep.kept = x
                    x = self._last(x, skips.pop(), step)
                else:
                    x = attention(resnet(torch.cat([x, branches(skips.pop(), count)], dim=1), step), step)
            if level.enlarge is not None:
                step.between()
                x = level.enlarge(x)
            outputs.append(x)
        return self._finished(x, given, outputs if deep is None else ())

    def _last(self, x: Tensor, skip: Tensor, step: Step) -> Tensor:
        """The last layer of the last block, on what the one before gave and on the first convolution."""
        *_, level = _levels(self.up_blocks)
        joined = torch.cat([x, branches(skip, len(x))], dim=1)
        y: Tensor = level.attentions[-1](level.resnets[-1](joined, step), step)
        return y

    def _finished(self, x: Tensor, given: torch.dtype, outputs: Sequence[Tensor] = ()) -> UNetOutput:
        self.between()
        y = self.conv_out(F.silu(self.conv_norm_out(x), inplace=True))
        return UNetOutput(to_map(y, *x.shape[2:]).to(given), tuple(outputs))


def _levels(blocks: nn.ModuleList) -> Iterator[_Level]:
    for block in blocks:
        assert isinstance(block, _Level)
        yield block
