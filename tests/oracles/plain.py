"""The U-Net's lambda layers in their plain form, as the published code computes them.

Position lambdas are built as a ``(k, v, n)`` tensor by a 3-D convolution; contractions are einsums.
"""

from __future__ import annotations

import torch
from torch import Tensor

from inference.layers import InteractiveLambda, LocalLambda
from inference.unet import MoebiusUNet


class PlainLocalLambda(LocalLambda):
    def forward(self, tokens: Tensor, height: int, width: int) -> Tensor:
        batch, positions, channels = tokens.shape
        depth = channels // self.heads
        q = self.norm_q(self.to_q(tokens)).view(batch, positions, self.heads, depth)
        k = self.to_k(tokens).softmax(dim=1)
        v = self.norm_v(self.to_v(tokens))
        content = torch.einsum("bmk,bmv->bkv", k, v)
        y = torch.einsum("bnhk,bkv->bnhv", q, content)
        planes = v.transpose(1, 2).reshape(batch, 1, depth, height, width)
        half = self.window // 2
        position = torch.conv3d(planes, self.pos_conv.weight, self.pos_conv.bias, padding=(0, half, half))
        y = y + torch.einsum("bnhk,bkvn->bnhv", q, position.flatten(3))  # (b, k, v, n)
        return y.flatten(2)


class PlainInteractiveLambda(InteractiveLambda):
    def forward(self, tokens: Tensor, context: Tensor, height: int, width: int) -> Tensor:
        batch, positions, channels = tokens.shape
        depth = channels // self.heads
        q = self.norm_q(self.to_q(tokens)).view(batch, positions, self.heads, depth)
        k = self.to_k(context).softmax(dim=1)
        v = self.norm_v(self.to_v(context))
        content = torch.einsum("btk,btv->bkv", k, v)
        position = torch.einsum("ntk,btv->bnkv", self.positions(height, width), v)
        y = torch.einsum("bnhk,bkv->bnhv", q, content) + torch.einsum("bnhk,bnkv->bnhv", q, position)
        return y.flatten(2)


def make_plain(unet: MoebiusUNet) -> MoebiusUNet:
    """Change ``unet`` in place to the plain form; its weights stay as they are."""
    classes: dict[type, type] = {LocalLambda: PlainLocalLambda, InteractiveLambda: PlainInteractiveLambda}
    for module in unet.modules():
        if type(module) in classes:
            module.__class__ = classes[type(module)]
    return unet
