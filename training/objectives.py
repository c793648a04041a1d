"""What a U-Net that makes latents is asked to predict: the noise, as released.

The objective makes the network's input and target of clean and conditioning latents, and turns predictions back into
clean latents. Shapes: latents ``(B, C, h, w)``, hole ``(B, 1, h, w)`` 1 where unknown. Layouts have another one, see
:mod:`training.layouts.task`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from inference.networks import RELEASED_SCHEDULE


@dataclass(frozen=True)
class Inputs:
    """All a step needs: what goes into the network, and what should come out."""

    sample: Tensor  # (B, 2C+1 or more, h, w): noisy latents, hole, conditioning latents, those of a further fill
    noisy: Tensor
    clean: Tensor  # what is denoised, without noise
    target: Tensor  # of the network
    signal: Tensor  # (B, 1, 1, 1) factors of clean and noise in noisy
    spread: Tensor


class Epsilon:
    """The noise: grey holes, the hole by nearest neighbour, plain latents, plain squared error."""

    schedule: dict[str, Any] = RELEASED_SCHEDULE

    def hole(self, mask: Tensor, factor: int) -> Tensor:
        """``mask (B, 1, H, W)`` 0 or 1 -> ``(B, 1, h, w)``."""
        return F.interpolate(mask, scale_factor=1 / factor, mode="nearest")

    def condition(self, picture: Tensor, mask: Tensor) -> Tensor:
        """The picture that is encoded as conditioning; all ``(B, 3 or 1, H, W)``."""
        return picture * (1 - mask)

    def inputs(
        self,
        clean: Tensor,
        known: Tensor,
        hole: Tensor,
        noise: Tensor,
        signal: Tensor,
        spread: Tensor,
        further: Tensor | None = None,
    ) -> Inputs:
        """``further``: latents of a fill, where the network takes one."""
        noisy = signal * clean + spread * noise
        sample = torch.cat([noisy, hole, known, *(() if further is None else (further,))], 1)
        return Inputs(sample, noisy, clean, noise, signal, spread)

    def error(self, prediction: Tensor, target: Tensor) -> Tensor:
        """A scalar."""
        return F.mse_loss(prediction, target)

    def clean(self, prediction: Tensor, inputs: Inputs) -> Tensor:
        """The clean latents that a prediction stands for."""
        return (inputs.noisy - inputs.spread * prediction) / inputs.signal.clamp_min(1e-4)


def draw_timesteps(count: int, how: str, last_share: float, rng_normal: Tensor, rng_uniform: Tensor) -> Tensor:
    """``(count,)`` in 0..999 of standard normal and two uniform draws per sample ``(count, 2)``.

    "lognorm": ``floor(1000 sigmoid(n))``, as released; "uniform". A share ``last_share`` is the last one, 999.
    """
    share = rng_normal.sigmoid() if how == "lognorm" else rng_uniform[:, 0]
    timesteps = (share * 1000).floor().long().clamp(0, 999)
    return torch.where(rng_uniform[:, 1] < last_share, torch.full_like(timesteps, 999), timesteps)
