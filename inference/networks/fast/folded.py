"""The layers of the evaluation form of the Moebius U-Net: see :mod:`inference.networks.fast.evaluation`."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from inference.networks.fast.operators import Depthwise, Product, linear_add
from inference.networks.layers import (
    InteractiveLambda,
    LambdaBlock,
    LocalLambda,
    MixFFN,
    Pointwise,
    ResidualBlock,
    SeparableConv,
    TransformerBlock,
    to_map,
    to_tokens,
)

_Norm = nn.BatchNorm1d | nn.BatchNorm2d


def nothing() -> None:
    return None


def fold(weight: Tensor, norm: _Norm) -> tuple[Tensor, Tensor]:
    """``weight (N, ...)`` of a product without bias and the BatchNorm after it -> weight and bias of both."""
    assert norm.running_var is not None and norm.running_mean is not None
    gain = norm.weight.double() / (norm.running_var.double() + norm.eps).sqrt()
    bias = norm.bias.double() - norm.running_mean.double() * gain
    folded = weight.double() * gain.view(-1, *[1] * (weight.dim() - 1))
    return folded.to(weight.dtype), bias.to(weight.dtype)


def _product(layer: Pointwise) -> Product:
    return Product(layer.weight.flatten(1), layer.bias)


def branches(x: Tensor, count: int) -> Tensor:
    """One sample for every guidance branch: repeated where they were computed together so far."""
    if x.shape[0] == count:
        return x
    layout = torch.channels_last if x.dim() == 4 else torch.contiguous_format
    return x.expand(count, *x.shape[1:]).contiguous(memory_format=layout)


class Step:
    """What all layers of one forward pass share."""

    def __init__(self, time: Tensor, ids: Tensor, context: Callable[[], Tensor], between: Callable[[], None]) -> None:
        self.time = time  # (1, T), SiLU applied
        self.ids = ids  # (B, 10)
        self.key = tuple(ids.flatten().tolist())
        self.context = context  # -> (B, 10, context width)
        self.between = between


class FoldedConv(nn.Module):
    """A :class:`SeparableConv`: depthwise 3x3 with ReLU, then a product."""

    def __init__(self, source: SeparableConv) -> None:
        super().__init__()
        self.depthwise = Depthwise(*fold(source.conv_dw.weight, source.bn1))
        self.pointwise = Product(*fold(source.conv_pw.weight.flatten(1), source.bn2))
        self.residual = source.residual

    def forward(self, x: Tensor, shift: Tensor | None = None, other: Tensor | None = None) -> Tensor:
        """``x (B, C, H, W)`` channels-last -> tokens ``(B, N, C')``, plus ``shift (C',)`` and ``other (B, N, C')``."""
        y = self.depthwise(x).relu_()
        if self.residual:
            other = to_tokens(x) if other is None else other + to_tokens(x)
        return self.pointwise(to_tokens(y), other, shift=shift)  # type: ignore[no-any-return]


class FoldedResidual(nn.Module):
    """A :class:`ResidualBlock`."""

    def __init__(self, source: ResidualBlock) -> None:
        super().__init__()
        self.norm1, self.norm2 = source.norm1, source.norm2
        self.conv1, self.conv2 = FoldedConv(source.conv1), FoldedConv(source.conv2)
        self.conv2.residual = False  # added below, with the shortcut
        self.time_emb_proj = source.time_emb_proj
        self.shortcut = _product(source.conv_shortcut) if hasattr(source, "conv_shortcut") else None

    def forward(self, x: Tensor, step: Step) -> Tensor:
        height, width = x.shape[2:]
        shift = self.time_emb_proj(step.time)[0]
        step.between()
        y = to_map(self.conv1(F.silu(self.norm1(x), inplace=True), shift), height, width)
        step.between()
        y = F.silu(self.norm2(y), inplace=True)
        own, residual = to_tokens(x), to_tokens(y)
        other = own + residual if self.shortcut is None else self.shortcut(own, residual)
        return to_map(self.conv2(y, other=other), height, width)


def by_rows(x: Tensor) -> bool:
    """Whether many small products within the caches are quicker than a few large ones at the cost of a copy."""
    return x.device.type == "cpu"


class FoldedLocal(nn.Module):
    """A :class:`LocalLambda`: query, key and value in one product, windows as views."""

    ROWS = 4  # of the grid whose window weights are held at once: within the caches of two cores

    def __init__(self, source: LocalLambda) -> None:
        super().__init__()
        v, v_bias = fold(source.to_v.weight.flatten(1), source.norm_v)
        k = source.to_k.weight.flatten(1)
        self.query = Product(*fold(source.to_q.weight.flatten(1), source.norm_q))
        self.key_value = Product(torch.cat([k, v]), torch.cat([torch.zeros_like(v_bias), v_bias]))
        self.heads, self.window = source.heads, source.window
        kernel = source.pos_conv.weight[:, 0, 0]  # (k, dy, dx)
        self.kernel = Product(kernel.transpose(1, 2).flatten(1).t())  # (dx dy, k)
        assert source.pos_conv.bias is not None
        self.register_buffer("lambda_bias", source.pos_conv.bias.detach().clone())

    lambda_bias: Tensor

    def forward(
        self, normed: Tensor, tokens: Tensor, height: int, width: int, between: Callable[[], None] = nothing
    ) -> Tensor:
        """``normed``, ``tokens (B, N, C)`` -> ``tokens``, overwritten, plus the layer of ``normed``."""
        batch, positions, channels = tokens.shape
        depth, r = channels // self.heads, self.window
        q = self.query(normed).view(batch, positions * self.heads, depth)
        k, v = self.key_value(normed).chunk(2, dim=-1)
        content = v.transpose(1, 2) @ k.softmax(dim=1) + self.lambda_bias  # (B, v, k)
        own = tokens.view(batch, positions * self.heads, depth)
        y = own.baddbmm_(q, content.transpose(1, 2))
        padded = F.pad(v.reshape(batch, height, width, depth), (0, 0, r // 2, r // 2, r // 2, r // 2))
        # Unrolled along y: at a row, the windows of neighbouring positions lie `r * depth` elements apart.
        shape, strides = (width, r * r, depth), (r * depth, depth, 1)
        if not by_rows(tokens):
            unrolled = padded.unfold(1, r, 1).permute(0, 1, 2, 4, 3).contiguous()  # (B, H, W + r - 1, dy, v)
            windows = unrolled.as_strided((batch, height, *shape), (*unrolled.stride()[:2], *strides))
            weights = self.kernel(q).view(-1, self.heads, r * r)
            y.view(-1, self.heads, depth).baddbmm_(weights, windows.reshape(-1, r * r, depth))
            return y.view_as(tokens)
        # In float32: products of bf16 this small copy their windows first, and take twice as long.
        sums, padded = y.float().view(batch, height, width, self.heads, depth), padded.float()
        queries = q.view(batch, height, width * self.heads, depth)
        for sample in range(batch):
            for top in range(0, height, self.ROWS):
                between()
                weights = self.kernel(queries[sample, top : top + self.ROWS]).float()  # (rows, W*h, dx dy)
                for row, weight in enumerate(weights.view(-1, width, self.heads, r * r), top):
                    line = padded[sample, row : row + r].transpose(0, 1).contiguous()  # (W + r - 1, dy, v)
                    sums[sample, row].baddbmm_(weight, line.as_strided(shape, strides))
        return sums.to(tokens.dtype).view_as(tokens)


class FoldedInteractive(nn.Module):
    """An :class:`InteractiveLambda`: keys and positions of a branch's tokens are constants."""

    def __init__(self, source: InteractiveLambda) -> None:
        super().__init__()
        self.query = Product(*fold(source.to_q.weight.flatten(1), source.norm_q))
        self.source, self.heads = source, source.heads
        self.constants: tuple[object, Tensor, Tensor] | None = None

    def _keys_and_values(self, step: Step, height: int, width: int) -> tuple[Tensor, Tensor]:
        """``k + E (B, N, k, t)`` and ``v (B, v, t)`` of the step's categories, from the last call where they agree."""
        key = (step.key, height, width)
        if self.constants is None or self.constants[0] != key:
            context, source = step.context(), self.source
            k = source.to_k(context).softmax(dim=1).transpose(1, 2)  # (B, k, t)
            related = k[:, None] + source.positions(height, width).transpose(1, 2)  # (B, N, k, t)
            self.constants = key, related, source.norm_v(source.to_v(context)).transpose(1, 2).contiguous()
        return self.constants[1:]

    def forward(self, normed: Tensor, tokens: Tensor, step: Step, height: int, width: int) -> Tensor:
        """``normed``, ``tokens (B or 1, N, C)`` -> ``tokens`` plus the layer of ``normed``, ``(B, N, C)``."""
        _, positions, channels = tokens.shape
        depth = channels // self.heads
        related, values = self._keys_and_values(step, height, width)
        q = self.query(normed).view(-1, positions, self.heads, depth)
        own = tokens.reshape(-1, positions * self.heads, depth)
        parts = []
        for branch in range(len(values)):
            shared = 0 if len(q) == 1 else branch
            weights = torch.bmm(q[shared], related[branch])  # (N, h, t)
            parts.append(linear_add(weights.flatten(0, 1), values[branch], None, own[shared]))
        return torch.stack(parts).view(-1, positions, channels)


class FoldedFFN(nn.Module):
    """A :class:`MixFFN`; what is gated and what gates it are made apart, so that both lie contiguous."""

    def __init__(self, source: MixFFN) -> None:
        super().__init__()
        first, depthwise = source.inverted_conv.conv, source.depth_conv.conv
        assert first.bias is not None and depthwise.bias is not None
        self.last = Product(source.point_conv.conv.weight.flatten(1))
        self.first, self.depthwise = nn.ModuleList(), nn.ModuleList()
        for weight, bias in zip(first.weight.flatten(1).chunk(2), first.bias.chunk(2), strict=True):
            self.first.append(Product(weight, bias))
        for weight, bias in zip(depthwise.weight.chunk(2), depthwise.bias.chunk(2), strict=True):
            self.depthwise.append(Depthwise(weight, bias))

    def forward(self, normed: Tensor, tokens: Tensor, height: int, width: int) -> Tensor:
        """``normed``, ``tokens (B, N, C)`` -> ``tokens`` plus the layer of ``normed``."""
        x, gate = (to_map(first(normed, silu=True), height, width) for first in self.first)
        gated = self.depthwise[0](x, factor=self.depthwise[1](gate, silu=True))
        y: Tensor = self.last(to_tokens(gated), tokens)
        return y


class FoldedTransformer(nn.Module):
    """A :class:`TransformerBlock`."""

    def __init__(self, source: TransformerBlock) -> None:
        super().__init__()
        (block,) = source.transformer_blocks
        assert isinstance(block, LambdaBlock)
        self.norm, self.proj_in, self.proj_out = source.norm, _product(source.proj_in), _product(source.proj_out)
        self.norm1, self.norm2, self.norm3 = block.norm1, block.norm2, block.norm3
        self.local, self.interactive = FoldedLocal(block.attn1), FoldedInteractive(block.attn2)
        self.ffn = FoldedFFN(block.ff)

    def forward(self, x: Tensor, step: Step) -> Tensor:
        height, width = x.shape[2:]
        tokens = self.proj_in(to_tokens(self.norm(x)))
        tokens = self.local(self.norm1(tokens), tokens, height, width, step.between)
        step.between()
        tokens = self.interactive(self.norm2(tokens), tokens, step, height, width)
        step.between()
        tokens = self.ffn(self.norm3(tokens), tokens, height, width)
        step.between()
        return to_map(self.proj_out(tokens, to_tokens(branches(x, len(tokens)))), height, width)


class FoldedEnlarge(nn.Module):
    """Nearest enlargement and 3x3 convolution, with a quarter of the multiplications, on the smaller grid.

    In one dimension, for taps ``a, b, c`` and ``s = a + b + c``, the two outputs of a cell ``x[i]`` are
    ``s x[i] - a (x[i] - x[i-1])`` and ``s x[i] + c (x[i+1] - x[i])``: three products where a convolution of the
    enlarged grid has six. In two dimensions that is nine of thirty-six, as matrix products of the cells and of
    their differences along x, along y, and along both.
    """

    def __init__(self, conv: nn.Conv2d) -> None:
        super().__init__()
        a, b, c = conv.weight.double().unbind(2)  # (C', C, column) of every row
        rows = {"a": -a, "s": a + b + c, "c": c}

        def taps(row: str, column: str) -> Tensor:
            a, b, c = rows[row].unbind(2)
            return {"a": -a, "s": a + b + c, "c": c}[column]

        def product(*pairs: str) -> Product:
            return Product(torch.cat([taps(*pair) for pair in pairs]).to(conv.weight.dtype))

        self.cells = Product(taps("s", "s").to(conv.weight.dtype), conv.bias)
        self.along_x, self.along_y = product("sa", "sc"), product("as", "cs")
        self.along_both = product("aa", "ac", "ca", "cc")

    def forward(self, x: Tensor) -> Tensor:
        batch, _, height, width = x.shape
        cells = x.permute(0, 2, 3, 1)  # (B, H, W, C)
        padded = F.pad(cells, (0, 0, 1, 1, 1, 1))
        by_x, by_y = padded[:, 1:-1].diff(dim=2), padded[:, :, 1:-1].diff(dim=1)  # one more along their axis
        own = self.cells(cells)
        sides = self.along_x(by_x).chunk(2, dim=-1)
        ends = self.along_y(by_y).chunk(2, dim=-1)
        corners = self.along_both(padded.diff(dim=1).diff(dim=2)).chunk(4, dim=-1)
        out: Tensor = own.new_empty(batch, 2 * height, 2 * width, own.shape[-1])
        for row in range(2):
            for column in range(2):
                part = own + sides[column][:, :, column : column + width]
                part += ends[row][:, row : row + height]
                corner = corners[2 * row + column][:, row : row + height, column : column + width]
                torch.add(part, corner, out=out[:, row::2, column::2])
        return out.permute(0, 3, 1, 2)
