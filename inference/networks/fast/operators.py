"""The operators of the evaluation form: a product with its bias, activation or sum in one pass where the device can.

On processors torch hands plain matrix products to its BLAS, which is slow on some of them, and runs what follows
as passes of its own over memory. oneDNN, which torch brings along for convolutions, does both better. Where its
operators are missing, or another device computes, the same is composed from torch's public functions.
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


def in_products(network: nn.Module) -> None:
    """Put a :class:`Product` in the place of every ``nn.Linear`` of ``network``, which is changed."""
    for module in list(network.modules()):
        for name, layer in list(module.named_children()):
            if type(layer) is nn.Linear:
                setattr(module, name, Product(layer.weight, layer.bias))


def pack_products(network: nn.Module, between: Callable[[], None]) -> None:
    """:meth:`Product.pack` of every one in ``network``, with ``between`` called before each."""
    for module in network.modules():
        if isinstance(module, Product):
            between()
            module.pack()
