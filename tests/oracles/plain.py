"""The U-Net's layers in their plain form, as the published code computes them.

Feature maps are ``(B, C, H, W)`` in that order in memory and 1x1 convolutions are convolutions of them, BatchNorms
stand alone, position lambdas are built as a ``(k, v, n)`` tensor by a 3-D convolution, contractions are einsums.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from inference.networks.layers import InteractiveLambda, LocalLambda, MixFFN, Pointwise, TokenNorm, TransformerBlock
from inference.networks.unet import MoebiusUNet


def _map(tokens: Tensor, height: int, width: int) -> Tensor:
    return tokens.transpose(1, 2).reshape(len(tokens), -1, height, width)  # a copy: (B, N, C) -> (B, C, H, W)


def _tokens(x: Tensor) -> Tensor:
    return x.flatten(2).transpose(1, 2)


def _convolve(layer: nn.Conv2d, x: Tensor) -> Tensor:
    return F.conv2d(x, layer.weight, layer.bias)


def _normalise(norm: TokenNorm, x: Tensor) -> Tensor:
    use_batch = norm.training
    return F.batch_norm(
        x, norm.running_mean, norm.running_var, norm.weight, norm.bias, use_batch, norm.momentum or 0.0, norm.eps
    )


class PlainPointwise(Pointwise):
    def forward(self, x: Tensor) -> Tensor:
        return _convolve(self, x)


class PlainLocalLambda(LocalLambda):
    def forward(self, tokens: Tensor, height: int, width: int) -> Tensor:
        x = _map(tokens, height, width)
        batch, channels = x.shape[:2]
        depth = channels // self.heads
        q = _normalise(self.norm_q, _convolve(self.to_q, x)).view(batch, self.heads, depth, -1)  # (b, h, k, n)
        k = _convolve(self.to_k, x).flatten(2).softmax(dim=-1)  # (b, k, m)
        v = _normalise(self.norm_v, _convolve(self.to_v, x)).flatten(2)  # (b, v, m)
        content = torch.einsum("bkm,bvm->bkv", k, v)
        y = torch.einsum("bhkn,bkv->bhvn", q, content)
        half = self.window // 2
        planes = v.reshape(batch, 1, depth, height, width)
        position = torch.conv3d(planes, self.pos_conv.weight, self.pos_conv.bias, padding=(0, half, half))
        y = y + torch.einsum("bhkn,bkvn->bhvn", q, position.flatten(3))  # (b, k, v, n)
        return _tokens(y.reshape(batch, channels, height, width))


class PlainInteractiveLambda(InteractiveLambda):
    def forward(self, tokens: Tensor, context: Tensor, height: int, width: int) -> Tensor:
        x = _map(tokens, height, width)
        batch, channels = x.shape[:2]
        depth = channels // self.heads
        q = _normalise(self.norm_q, _convolve(self.to_q, x)).view(batch, self.heads, depth, -1)  # (b, h, k, n)
        k = self.to_k(context).softmax(dim=1)
        v = _normalise(self.norm_v, self.to_v(context).transpose(1, 2)).transpose(1, 2)
        content = torch.einsum("btk,btv->bkv", k, v)
        position = torch.einsum("ntk,btv->bnkv", self.positions(height, width), v)
        y = torch.einsum("bhkn,bkv->bhvn", q, content) + torch.einsum("bhkn,bnkv->bhvn", q, position)
        return _tokens(y.reshape(batch, channels, height, width))


class PlainMixFFN(MixFFN):
    def forward(self, tokens: Tensor, height: int, width: int) -> Tensor:
        x = F.silu(_convolve(self.inverted_conv.conv, _map(tokens, height, width)))
        x, gate = self.depth_conv.conv(x).chunk(2, dim=1)
        return _tokens(_convolve(self.point_conv.conv, x * F.silu(gate)))


class PlainTransformerBlock(TransformerBlock):
    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        height, width = x.shape[2:]
        tokens = _tokens(_convolve(self.proj_in, self.norm(x)))
        for block in self.transformer_blocks:
            tokens = block(tokens, context, height, width)
        return x + _convolve(self.proj_out, _map(tokens, height, width))


_PLAIN: dict[type, type] = {
    InteractiveLambda: PlainInteractiveLambda,
    LocalLambda: PlainLocalLambda,
    MixFFN: PlainMixFFN,
    Pointwise: PlainPointwise,
    TransformerBlock: PlainTransformerBlock,
}


def make_plain(unet: MoebiusUNet) -> MoebiusUNet:
    """Change ``unet`` in place to the plain form; its weights stay as they are."""
    for module in unet.modules():
        if type(module) in _PLAIN:
            module.__class__ = _PLAIN[type(module)]
    unet.diff_model.conv_in.register_forward_pre_hook(_plain_order)
    return unet


def _plain_order(_module: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return tuple(x.contiguous() for x in inputs)
