"""The autoencoder's losses: L1 and a three-level Haar loss."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def haar(x: Tensor) -> tuple[Tensor, Tensor]:
    """One level of the Haar transform: the halved picture, and its three detail bands stacked."""
    a, b, c, d = x[..., ::2, ::2], x[..., ::2, 1::2], x[..., 1::2, ::2], x[..., 1::2, 1::2]
    details = torch.cat([a - b + c - d, a + b - c - d, a - b - c + d], dim=1) / 2
    return (a + b + c + d) / 4, details


def picture_loss(decoded: Tensor, target: Tensor) -> Tensor:
    """L1 of ``(B, 3, H, W)``, plus half the L1 of the details at three scales."""
    loss = F.l1_loss(decoded, target)
    for _ in range(3):
        decoded, decoded_details = haar(decoded)
        target, details = haar(target)
        loss = loss + 0.5 * F.l1_loss(decoded_details, details)
    return loss
