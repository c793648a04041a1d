"""The operators of the evaluation form: a product with its bias, activation or sum in one pass where the device can.

On processors torch hands plain matrix products to its BLAS, which is slow on some of them, and runs what follows
products and convolutions as passes of its own over memory. oneDNN, which torch brings along for convolutions, does
both better. Where its operators are missing, or another device computes, the same is composed from torch's public
functions.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@functools.cache
def _onednn() -> Any | None:
    """oneDNN's fused operators where this torch has them and they compute what they should, else None."""
    try:
        operators = torch.ops.mkldnn
        x, weight, bias = torch.eye(3, 5), torch.arange(20.0).view(4, 5) / 10, torch.ones(4)
        plain = F.linear(x, weight, bias)
        checks = [
            (operators._linear_pointwise(x, weight, bias, "swish", [], ""), F.silu(plain)),
            (operators._linear_pointwise.binary(x, plain, weight, bias, "add"), plain + plain),
        ]
        good = torch.backends.mkldnn.is_available() and all(torch.allclose(a, b, atol=1e-5) for a, b in checks)
    except (AttributeError, NotImplementedError, RuntimeError, TypeError):
        return None
    return operators._linear_pointwise if good else None


@functools.cache
def _onednn_depthwise() -> Any | None:
    """As :func:`_onednn`, for convolutions of every channel by itself."""
    try:
        operators = torch.ops.mkldnn._convolution_pointwise
        x, weight, bias = (
            torch.arange(96.0).view(1, 3, 4, 8) / 48 - 1,
            torch.arange(27.0).view(3, 1, 3, 3),
            torch.ones(3),
        )
        x = x.contiguous(memory_format=torch.channels_last)
        geometry = [1, 1], [1, 1], [1, 1], 3
        plain = F.conv2d(x, weight, bias, padding=1, groups=3)
        checks = [
            (operators(x, weight, bias, *geometry, "swish", [], ""), F.silu(plain)),
            (operators.binary(x, x, weight, bias, *geometry, "mul", None, None, [], None), plain * x),
        ]
        good = torch.backends.mkldnn.is_available() and all(torch.allclose(a, b, atol=1e-4) for a, b in checks)
    except (AttributeError, NotImplementedError, RuntimeError, TypeError):
        return None
    return operators if good else None


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None, *, silu: bool = False) -> Tensor:
    """``x (..., K)``, ``weight (N, K)`` -> ``(..., N)``; SiLU of it where asked for."""
    if x.device.type == "cpu" and (fused := _onednn()) is not None:
        y: Tensor = fused(x, weight, bias, "swish" if silu else "none", [], "")
        return y
    y = F.linear(x, weight, bias)
    return F.silu(y, inplace=True) if silu else y


def linear_add(x: Tensor, weight: Tensor, bias: Tensor | None, other: Tensor) -> Tensor:
    """``linear(x, weight, bias) + other``, ``other (..., N)``."""
    if x.device.type == "cpu" and (fused := _onednn()) is not None:
        y: Tensor = fused.binary(x, other, weight, bias, "add")
        return y
    return F.linear(x, weight, bias) + other


def depthwise(x: Tensor, weight: Tensor, bias: Tensor, *, silu: bool = False, factor: Tensor | None = None) -> Tensor:
    """3x3 convolution of every channel by itself, ``x (B, C, H, W)``; SiLU of it, or times ``factor``, where asked for.

    A ReLU is not taken up: oneDNN's makes 0 of what is not a number, and so hides it.
    """
    geometry = [1, 1], [1, 1], [1, 1], x.shape[1]  # padding, stride, dilation, groups
    if x.device.type == "cpu" and (fused := _onednn_depthwise()) is not None:
        y: Tensor
        if factor is not None:
            y = fused.binary(x, factor, weight, bias, *geometry, "mul", None, None, [], None)
        else:
            y = fused(x, weight, bias, *geometry, "swish" if silu else "none", [], "")
        return y
    y = F.conv2d(x, weight, bias, padding=1, groups=x.shape[1])
    if factor is not None:
        return y.mul_(factor)
    return F.silu(y, inplace=True) if silu else y


def packed(weight: Tensor) -> Tensor:
    """``weight (N, K)`` as :func:`linear` reads it quickest; only good for that, on its device, in its precision."""
    if weight.device.type != "cpu" or _onednn() is None:
        return weight.contiguous()
    y: Tensor = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), None)
    return y


class Product(nn.Module):
    """A layer of tokens: ``x (..., K)`` -> ``x @ weight.T + bias``, ``(..., N)``."""

    def __init__(self, weight: Tensor, bias: Tensor | None = None) -> None:
        super().__init__()
        self.register_buffer("weight", weight.detach().contiguous())
        self.register_buffer("bias", None if bias is None else bias.detach().contiguous())

    weight: Tensor
    bias: Tensor | None

    def pack(self) -> None:
        """Lay the weight out as it is read quickest: for the last time, it can't be moved afterwards."""
        self.weight = packed(self.weight)

    def forward(
        self, x: Tensor, other: Tensor | None = None, *, shift: Tensor | None = None, silu: bool = False
    ) -> Tensor:
        """Plus ``shift (N,)`` and ``other (..., N)``, or SiLU of it."""
        bias = self.bias if self.bias is None or shift is None else self.bias + shift
        if other is not None:
            return linear_add(x, self.weight, bias, other)
        return linear(x, self.weight, bias, silu=silu)


class Depthwise(nn.Module):
    """A 3x3 convolution of every channel by itself: see :func:`depthwise`."""

    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        super().__init__()
        self.register_buffer("weight", weight.detach().contiguous())  # (C, 1, 3, 3)
        self.register_buffer("bias", bias.detach().contiguous())

    weight: Tensor
    bias: Tensor

    def pack(self) -> None:
        """As :meth:`Product.pack`."""
        if self.weight.device.type == "cpu" and _onednn_depthwise() is not None:
            channels = len(self.weight)
            self.weight = torch.ops.mkldnn._reorder_convolution_weight(
                self.weight, [1, 1], [1, 1], [1, 1], channels, [1, channels, 64, 64]
            )

    def forward(self, x: Tensor, *, silu: bool = False, factor: Tensor | None = None) -> Tensor:
        return depthwise(x, self.weight, self.bias, silu=silu, factor=factor)


def in_products(network: nn.Module) -> None:
    """Put a :class:`Product` in the place of every ``nn.Linear`` of ``network``, which is changed."""
    for module in list(network.modules()):
        for name, layer in list(module.named_children()):
            if type(layer) is nn.Linear:
                setattr(module, name, Product(layer.weight, layer.bias))


def pack_products(network: nn.Module, between: Callable[[], None]) -> None:
    """Pack every :class:`Product` and :class:`Depthwise` in ``network``, with ``between`` called before each."""
    for module in network.modules():
        if isinstance(module, Product | Depthwise):
            between()
            module.pack()
