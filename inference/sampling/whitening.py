"""Whitening: latents brought to zero mean and unit covariance as measured on what is known of one picture.

A small model need not learn the colours of every photograph then: it sees each as a deviation from its
surroundings, and colour noise goes.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

SHRINKAGE = 0.05  # added to every variance; latents have about unit variance over all pictures
FEWEST_CELLS = 16  # with fewer known cells than this the latents are left as they are


@dataclass(frozen=True)
class Whitening:
    """``apply(z) = forward @ (z - mean)``, and ``undo``; one per sample of a batch."""

    mean: Tensor  # (B, C, 1, 1)
    forward: Tensor  # (B, C, C)
    backward: Tensor  # (B, C, C)

    @classmethod
    def measure(cls, latents: Tensor, hole: Tensor) -> Whitening:
        """From ``latents (B, C, h, w)`` where ``hole (B, 1, h, w)`` is 0."""
        batch, channels = latents.shape[:2]
        cells = latents.float().flatten(2)  # (B, C, N)
        known = (hole < 0.5).float().flatten(2)  # (B, 1, N)
        count = known.sum(-1, keepdim=True)  # (B, 1, 1)
        mean = (cells * known).sum(-1, keepdim=True) / count.clamp_min(1)
        centred = (cells - mean) * known
        covariance = centred @ centred.transpose(1, 2) / count.clamp_min(1)
        identity = torch.eye(channels, device=latents.device).expand(batch, -1, -1)
        enough = count >= FEWEST_CELLS
        covariance = torch.where(enough, covariance + SHRINKAGE * identity, identity)
        mean = torch.where(enough, mean, torch.zeros_like(mean))
        # Some graphics cards have no eigenvalues; those of so small a matrix are the processor's at once.
        values, vectors = (part.to(latents.device) for part in torch.linalg.eigh(covariance.cpu()))
        root = values.clamp_min(1e-6).sqrt()[:, None, :]  # (B, 1, C)
        return cls(
            mean[..., None],
            (vectors / root) @ vectors.transpose(1, 2),
            (vectors * root) @ vectors.transpose(1, 2),
        )

    def apply(self, latents: Tensor) -> Tensor:
        return torch.einsum("bij,bjhw->bihw", self.forward, latents.float() - self.mean)

    def undo(self, latents: Tensor) -> Tensor:
        return torch.einsum("bij,bjhw->bihw", self.backward, latents.float()) + self.mean
