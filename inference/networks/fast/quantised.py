"""Layers of tokens in int8: the products of a network's evaluation form, on a processor that multiplies bytes.

Weights are held in eight bits with a scale for each output; what they are multiplied with is brought to eight bits
at every call, with a scale for each token, so that a large value in one place costs the others no precision. Sums
are exact; everything between the products stays in float32.
"""

from __future__ import annotations

import functools
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from inference.networks.fast.operators import Product

LEAST = 64  # inputs and outputs below which a product is too small to gain
_LEVELS = 127
_ZERO = 128  # the byte that stands for 0
_TINY = 1e-12


class QuantisedProduct(Product):
    """A :class:`Product` whose ``weight`` is int8, packed; the same calls with about 1% of error."""

    def __init__(self, source: Product) -> None:
        super().__init__(source.weight, source.bias)
        scales = self.weight.abs().amax(1).clamp_min(_TINY) / _LEVELS  # (N,)
        rounded = (self.weight / scales[:, None]).round().to(torch.int8)
        self.register_buffer("scales", scales)
        self.register_buffer("zeros", torch.zeros(len(scales), dtype=torch.int32))
        self.weight = torch.ops.onednn.qlinear_prepack(rounded, None)

    scales: Tensor
    zeros: Tensor

    def pack(self) -> None:
        """It is packed already."""

    def forward(
        self, x: Tensor, other: Tensor | None = None, *, shift: Tensor | None = None, silu: bool = False
    ) -> Tensor:
        size = x.abs().amax(-1, keepdim=True).clamp_min_(_TINY).div_(_LEVELS)  # (..., 1)
        levels = (x / size).add_(_ZERO + 0.5).to(torch.uint8)  # truncated, and so rounded
        y = _product(levels, self.weight, self.scales, self.zeros).mul_(size)
        for term in (self.bias, shift, other):
            if term is not None:
                y += term
        return F.silu(y, inplace=True) if silu else y


def _product(levels: Tensor, weight: Any, scales: Tensor, zeros: Tensor) -> Tensor:
    """``levels (..., K)`` uint8 and the packed weight -> float32 ``(..., N)``, the tokens' scales left out."""
    y: Tensor = torch.ops.onednn.qlinear_pointwise(
        levels, 1.0, _ZERO, weight, scales, zeros, None, 1.0, 0, torch.float32, "none", [], "none"
    )
    return y


def quantise(network: nn.Module) -> None:
    """Bring the products of ``network``, on the processor in float32, to int8 where they are large enough."""
    for name, child in list(network.named_children()):
        if type(child) is Product and min(child.weight.shape) >= LEAST:
            setattr(network, name, QuantisedProduct(child))
        else:
            quantise(child)


@functools.cache
def can_quantise() -> bool:
    """Whether this processor multiplies bytes without overflow and this torch lets it."""
    capabilities = torch.cpu.get_capabilities()
    if not any(capabilities.get(name) for name in ("avx512_vnni", "avx_vnni", "amx_int8")):
        return False
    try:
        source = Product(torch.linspace(-1, 1, LEAST * LEAST).view(LEAST, LEAST))
        x = torch.linspace(-2, 3, 3 * LEAST).view(3, LEAST)
        expected = x @ source.weight.T
        wrong = (QuantisedProduct(source)(x) - expected).abs().max() / expected.abs().max()
    except (AttributeError, NotImplementedError, RuntimeError, TypeError):
        return False
    return bool(wrong < 0.02)
