"""The layers of the Moebius U-Net: depthwise-separable convolution, lambda layers, Mix-FFN.

Feature maps are ``(B, C, H, W)`` in channels-last memory, tokens ``(B, N, C)`` with ``N = H * W`` in
raster order: going from one to the other is a view. Module and parameter names are those of the
published checkpoints. Lambda layers: Bello, "LambdaNetworks" (arXiv 2102.08602); Mix-FFN: Xie et al.,
"SANA" (arXiv 2410.10629); their composition: the Moebius paper (arXiv 2606.19195).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def to_tokens(x: Tensor) -> Tensor:
    """``(B, C, H, W)`` -> ``(B, H*W, C)``; a view where ``x`` is channels-last."""
    return x.permute(0, 2, 3, 1).flatten(1, 2)


def to_map(tokens: Tensor, height: int, width: int) -> Tensor:
    """``(B, H*W, C)`` -> ``(B, C, H, W)``, channels-last, always a view."""
    batch, _, channels = tokens.shape
    return tokens.reshape(batch, height, width, channels).permute(0, 3, 1, 2)


class Pointwise(nn.Conv2d):
    """A 1x1 convolution that also acts on tokens, where it is one matrix product."""

    def __init__(self, inputs: int, outputs: int, bias: bool = True) -> None:
        super().__init__(inputs, outputs, 1, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        if x.dim() == 4:
            return to_map(self.forward(to_tokens(x)), x.shape[2], x.shape[3])
        return F.linear(x, self.weight.flatten(1), self.bias)


class TokenNorm(nn.BatchNorm1d):
    """BatchNorm over batch and positions of tokens ``(B, N, C)``; state as in a BatchNorm2d."""

    def forward(self, tokens: Tensor) -> Tensor:
        return super().forward(tokens.flatten(0, 1)).view_as(tokens)


class SeparableConv(nn.Module):
    """Depthwise 3x3 -> BatchNorm -> ReLU -> 1x1 -> BatchNorm, plus the input where widths agree."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv_dw = nn.Conv2d(inputs, inputs, 3, padding=1, groups=inputs, bias=False)
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv_pw = Pointwise(inputs, outputs, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.residual = inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.bn2(self.conv_pw(F.relu(self.bn1(self.conv_dw(x)))))
        return x + y if self.residual else y


class ResidualBlock(nn.Module):
    """GroupNorm -> SiLU -> conv1 -> + time -> GroupNorm -> SiLU -> conv2 -> + shortcut."""

    def __init__(self, inputs: int, outputs: int, time_width: int, groups: int) -> None:
        super().__init__()
        self.norm1 = nn.GroupNorm(groups, inputs)
        self.conv1 = SeparableConv(inputs, outputs)
        self.time_emb_proj = nn.Linear(time_width, outputs)
        self.norm2 = nn.GroupNorm(groups, outputs)
        self.conv2 = SeparableConv(outputs, outputs)
        if inputs != outputs:
            self.conv_shortcut = Pointwise(inputs, outputs)

    def forward(self, x: Tensor, time: Tensor) -> Tensor:
        y: Tensor = self.conv1(F.silu(self.norm1(x)))
        y = y + self.time_emb_proj(F.silu(time))[:, :, None, None]
        y = self.conv2(F.silu(self.norm2(y)))
        shortcut: Tensor = self.conv_shortcut(x) if hasattr(self, "conv_shortcut") else x
        return shortcut + y


class LocalLambda(nn.Module):
    """Multi-query lambda layer: one content lambda, and a position lambda over an r x r window.

    Re-associated: with ``A[n,h,d] = sum_k q[n,h,k] W[k,d]`` the position term is ``A`` times the window
    of values around each position, so the ``(k, v, n)`` tensor of position lambdas is never built.
    """

    DIRECT_DEPTH = 32  # up to which a training builds position lambdas, as its backward pass is quicker then
    ROWS_PER_CHUNK_ELEMENTS = 1 << 20  # unfolded values held at once in evaluation: 4 MiB in float32

    def __init__(self, width: int, heads: int, window: int) -> None:
        super().__init__()
        self.heads, self.window = heads, window
        depth = width // heads
        self.to_q = Pointwise(width, width, bias=False)
        self.to_k = Pointwise(width, depth, bias=False)
        self.to_v = Pointwise(width, depth, bias=False)
        self.norm_q = TokenNorm(width)
        self.norm_v = TokenNorm(depth)
        # Stored as the Conv3d over (v, row, column) that the position lambda is; never run as one.
        self.pos_conv = nn.Conv3d(1, depth, (1, window, window))

    def forward(self, tokens: Tensor, height: int, width: int) -> Tensor:
        """``tokens (B, N, C)`` -> ``(B, N, C)``."""
        batch, positions, channels = tokens.shape
        depth = channels // self.heads
        q = self.norm_q(self.to_q(tokens)).view(batch, positions * self.heads, depth)  # (B, N*h, k)
        k = self.to_k(tokens).softmax(dim=1)  # (B, N, k)
        v = self.norm_v(self.to_v(tokens))  # (B, N, v)
        content = k.transpose(1, 2) @ v  # (B, k, v)
        bias = self.pos_conv.bias
        assert bias is not None
        y = torch.baddbmm((q @ bias)[..., None], q, content)  # (B, N*h, v)
        position = self._position(q, v.view(batch, height, width, depth))
        return (y.view(batch, positions, self.heads, depth) + position).flatten(2)

    def _position(self, q: Tensor, v: Tensor) -> Tensor:
        """``q (B, N*h, k)``, ``v (B, H, W, v)`` -> the windowed term ``(B, N, h, v)``."""
        batch, height, width, depth = v.shape
        r, area = self.window, self.window**2
        if torch.is_grad_enabled() and depth <= self.DIRECT_DEPTH:
            return self._direct_position(q, v)
        kernel = self.pos_conv.weight.reshape(-1, area)  # (k, d)
        padded = F.pad(v, (0, 0, r // 2, r // 2, r // 2, r // 2))
        windows = padded.unfold(1, r, 1).unfold(2, r, 1).permute(0, 1, 2, 4, 5, 3)  # (B, H, W, r, r, v)
        q = q.view(batch, height, width * self.heads, depth)
        rows = height
        if not torch.is_grad_enabled():
            rows = max(1, self.ROWS_PER_CHUNK_ELEMENTS // (batch * width * area * depth))
        parts = []
        for top in range(0, height, rows):
            weights = q[:, top : top + rows] @ kernel  # (B, rows, W*h, d)
            window = windows[:, top : top + rows].reshape(-1, area, depth)  # (B*rows*W, d, v)
            parts.append(torch.bmm(weights.view(-1, self.heads, area), window).view(batch, -1, self.heads, depth))
        return torch.cat(parts, dim=1) if len(parts) > 1 else parts[0]

    def _direct_position(self, q: Tensor, v: Tensor) -> Tensor:
        """The same from position lambdas that are built: ``(k, v)`` for every position, few in a small network."""
        batch, height, width, depth = v.shape
        planes = v.permute(0, 3, 1, 2).reshape(batch * depth, 1, height, width)
        lambdas = F.conv2d(planes, self.pos_conv.weight[:, :, 0], padding=self.window // 2)  # (B*v, k, H, W)
        lambdas = lambdas.view(batch, depth, depth, height * width).permute(0, 3, 2, 1)  # (B, N, k, v)
        return q.view(batch, height * width, self.heads, depth) @ lambdas


class InteractiveLambda(nn.Module):
    """Lambda layer from the image to the category tokens, with learned relative positions.

    ``y[h,v,n] = sum_k q[h,k,n] (sum_t k[t,k] v[t,v] + sum_t E[n,t,k] v[t,v])``, computed as
    ``P v`` with ``P[n,h,t] = sum_k q[n,h,k] (k[t,k] + E[n,t,k])``.
    """

    def __init__(self, width: int, heads: int, context_width: int, grid: int, tokens: int) -> None:
        super().__init__()
        self.heads, self.grid = heads, grid
        depth = width // heads
        self.to_q = Pointwise(width, width, bias=False)
        self.to_k = nn.Linear(context_width, depth, bias=False)
        self.to_v = nn.Linear(context_width, depth, bias=False)
        self.norm_q = TokenNorm(width)
        self.norm_v = TokenNorm(depth)
        self.rel_pos_emb = nn.Parameter(nn.init.normal_(torch.empty(grid * grid, tokens, depth, 1), std=depth**-0.5))

    def positions(self, height: int, width: int) -> Tensor:
        """E for a ``height x width`` grid, ``(N, t, k)``; bilinear where it is not the native one."""
        table = self.rel_pos_emb.squeeze(-1)
        if (height, width) == (self.grid, self.grid):
            return table
        _, tokens, depth = table.shape
        planes = table.view(1, self.grid, self.grid, tokens * depth).permute(0, 3, 1, 2)
        planes = F.interpolate(planes, (height, width), mode="bilinear", align_corners=False)
        return planes.permute(0, 2, 3, 1).reshape(height * width, tokens, depth)

    def forward(self, tokens: Tensor, context: Tensor, height: int, width: int) -> Tensor:
        """``tokens (B, N, C)``, ``context (B, t, context_width)`` -> ``(B, N, C)``."""
        batch, positions, channels = tokens.shape
        depth = channels // self.heads
        q = self.norm_q(self.to_q(tokens)).view(batch, positions, self.heads, depth)
        k = self.to_k(context).softmax(dim=1)  # over the tokens; (B, t, k)
        v = self.norm_v(self.to_v(context))  # (B, t, v)
        # E is shared by the batch: one product per position over all samples and heads.
        by_position = q.permute(1, 0, 2, 3).reshape(positions, batch * self.heads, depth)
        related = torch.bmm(by_position, self.positions(height, width).transpose(1, 2))  # (N, B*h, t)
        related = related.view(positions, batch, self.heads, -1).permute(1, 0, 2, 3).flatten(1, 2)
        content = q.flatten(1, 2) @ k.transpose(1, 2)  # (B, N*h, t)
        y: Tensor = (content + related) @ v
        return y.view(batch, positions, channels)


class _Convolution(nn.Module):
    """The wrapper the checkpoints keep around each convolution of the Mix-FFN."""

    def __init__(self, conv: nn.Conv2d) -> None:
        super().__init__()
        self.conv = conv


class MixFFN(nn.Module):
    """1x1 -> SiLU -> depthwise 3x3 -> gate -> 1x1."""

    def __init__(self, width: int, ratio: float) -> None:
        super().__init__()
        hidden = int(width * ratio)
        self.inverted_conv = _Convolution(Pointwise(width, 2 * hidden))
        self.depth_conv = _Convolution(nn.Conv2d(2 * hidden, 2 * hidden, 3, padding=1, groups=2 * hidden))
        self.point_conv = _Convolution(Pointwise(hidden, width, bias=False))

    def forward(self, tokens: Tensor, height: int, width: int) -> Tensor:
        x = F.silu(self.inverted_conv.conv(tokens))
        x = to_tokens(self.depth_conv.conv(to_map(x, height, width)))
        x, gate = x.chunk(2, dim=-1)
        y: Tensor = self.point_conv.conv(x * F.silu(gate))
        return y


class LambdaBlock(nn.Module):
    """LayerNorm -> local lambda, LayerNorm -> interactive lambda, LayerNorm -> Mix-FFN, each added."""

    def __init__(
        self, width: int, heads: int, window: int, ratio: float, context_width: int, grid: int, tokens: int
    ) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attn1 = LocalLambda(width, heads, window)
        self.norm2 = nn.LayerNorm(width)
        self.attn2 = InteractiveLambda(width, heads, context_width, grid, tokens)
        self.norm3 = nn.LayerNorm(width)
        self.ff = MixFFN(width, ratio)

    def forward(self, x: Tensor, context: Tensor, height: int, width: int) -> Tensor:
        x = x + self.attn1(self.norm1(x), height, width)
        x = x + self.attn2(self.norm2(x), context, height, width)
        y: Tensor = self.ff(self.norm3(x), height, width)
        return x + y


class TransformerBlock(nn.Module):
    """GroupNorm -> 1x1 -> lambda block on tokens -> 1x1 -> + the input."""

    def __init__(self, width: int, groups: int, block: LambdaBlock) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(groups, width, eps=1e-6)
        self.proj_in = Pointwise(width, width)
        self.transformer_blocks = nn.ModuleList([block])
        self.proj_out = Pointwise(width, width)

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        height, width = x.shape[2:]
        tokens = self.proj_in(to_tokens(self.norm(x)))
        for block in self.transformer_blocks:
            tokens = block(tokens, context, height, width)
        return x + to_map(self.proj_out(tokens), height, width)
