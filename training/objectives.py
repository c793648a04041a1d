"""What a U-Net is asked to predict. One class each; a new one is a class and a line in :data:`OBJECTIVES`.

An objective makes the network's input and target of clean and conditioning latents, weighs errors, and turns
predictions back into clean latents. Shapes: latents ``(B, C, h, w)``, hole ``(B, 1, h, w)`` 1 where unknown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from inference.config import COSINE_SCHEDULE, RELEASED_SCHEDULE
from inference.whitening import Whitening

OUTSIDE_WEIGHT = 0.05


@dataclass(frozen=True)
class Inputs:
    """All a step needs: what goes into the network, and what should come out."""

    sample: Tensor  # (B, 2C+1, h, w): noisy latents, hole, conditioning latents
    noisy: Tensor
    clean: Tensor  # what is denoised, without noise
    target: Tensor  # of the network
    hole: Tensor
    signal: Tensor  # (B, 1, 1, 1) factors of clean and noise in noisy
    spread: Tensor
    whitening: Whitening | None = None


def hole_error(error: Tensor, hole: Tensor) -> Tensor:
    """``error (B, C, h, w)`` averaged per sample, weight 1 in the hole and 0.05 outside -> ``(B,)``."""
    weight = OUTSIDE_WEIGHT + (1 - OUTSIDE_WEIGHT) * hole
    weight = weight / weight.sum((1, 2, 3), keepdim=True)
    return (error.mean(1, keepdim=True) * weight).sum((1, 2, 3))


class Epsilon:
    """The noise, as released: grey holes, the hole by nearest neighbour, plain latents, plain squared error."""

    schedule: dict[str, Any] = RELEASED_SCHEDULE
    needs_fill = False

    def hole(self, mask: Tensor, factor: int) -> Tensor:
        """``mask (B, 1, H, W)`` 0 or 1 -> ``(B, 1, h, w)``."""
        return F.interpolate(mask, scale_factor=1 / factor, mode="nearest")

    def condition(self, picture: Tensor, mask: Tensor, fill: Tensor | None) -> Tensor:
        """The picture that is encoded as conditioning; all ``(B, 3 or 1, H, W)``."""
        return picture * (1 - mask)

    def inputs(
        self, clean: Tensor, known: Tensor, hole: Tensor, noise: Tensor, signal: Tensor, spread: Tensor
    ) -> Inputs:
        noisy = signal * clean + spread * noise
        return Inputs(torch.cat([noisy, hole, known], 1), noisy, clean, noise, hole, signal, spread)

    def error(self, prediction: Tensor, target: Tensor, inputs: Inputs) -> Tensor:
        """A scalar."""
        return F.mse_loss(prediction, target)

    def clean(self, prediction: Tensor, inputs: Inputs) -> Tensor:
        """The clean latents that a prediction stands for."""
        return (inputs.noisy - inputs.spread * prediction) / inputs.signal.clamp_min(1e-4)


class WhitenedVelocity(Epsilon):
    """v of latents whitened by the known surroundings, conditioned on a filled hole, weighed to the hole.

    Whitening makes an object on a plain background huge: where the target's power is above 1 the sample counts by
    its inverse, so that a few such samples do not drown the others.
    """

    schedule = COSINE_SCHEDULE
    needs_fill = True

    def hole(self, mask: Tensor, factor: int) -> Tensor:
        return F.max_pool2d(mask, factor)

    def condition(self, picture: Tensor, mask: Tensor, fill: Tensor | None) -> Tensor:
        assert fill is not None
        return fill

    def start(self, clean: Tensor, known: Tensor) -> Tensor:
        """What is denoised, of whitened latents."""
        return clean

    def inputs(
        self, clean: Tensor, known: Tensor, hole: Tensor, noise: Tensor, signal: Tensor, spread: Tensor
    ) -> Inputs:
        whitening = Whitening.measure(known, hole)
        known = whitening.apply(known)
        clean = self.start(whitening.apply(clean), known)
        noisy, target = signal * clean + spread * noise, signal * noise - spread * clean
        return Inputs(torch.cat([noisy, hole, known], 1), noisy, clean, target, hole, signal, spread, whitening)

    def error(self, prediction: Tensor, target: Tensor, inputs: Inputs) -> Tensor:
        power = hole_error(target.square(), inputs.hole)
        return (hole_error((prediction - target).square(), inputs.hole) / power.clamp_min(1)).mean()

    def clean(self, prediction: Tensor, inputs: Inputs) -> Tensor:
        return inputs.signal * inputs.noisy - inputs.spread * prediction


class ResidualVelocity(WhitenedVelocity):
    """v of the difference to the fill's latents: predicting nothing leaves the fill as it is."""

    def start(self, clean: Tensor, known: Tensor) -> Tensor:
        return clean - known


class ResidualEnergyVelocity(ResidualVelocity):
    """The same, most of the error counted by what it changes in the picture.

    Errors are brought back from whitened latents, every channel weighed by ``energy (C,)``, the squared change of
    pixels per unit; divided by what this picture's own latents vary by, or the target's power where that is larger.
    """

    WHITENED_SHARE = 0.1

    def __init__(self, energy: Tensor) -> None:
        self.energy = energy

    def error(self, prediction: Tensor, target: Tensor, inputs: Inputs) -> Tensor:
        assert inputs.whitening is not None
        backward, energy = inputs.whitening.backward, self.energy.to(target)

        def pixels(latents: Tensor) -> Tensor:
            plain = torch.einsum("bij,bjhw->bihw", backward, latents)
            per_position = (plain.square() * energy[None, :, None, None]).sum(1, keepdim=True)
            return hole_error(per_position, inputs.hole)

        own = torch.einsum("bij,bij,i->b", backward, backward, energy)
        changed = (pixels(prediction - target) / torch.maximum(own, pixels(target)).clamp_min(1e-4)).mean()
        return changed + self.WHITENED_SHARE * super().error(prediction, target, inputs)


def channel_energy(decode: Callable[[Tensor], Tensor], latents: Tensor, step: float = 0.5) -> Tensor:
    """``(C,)``: mean squared change of the decoded picture per squared change of each channel of ``latents``."""
    with torch.no_grad():
        plain = decode(latents)
        found = []
        for channel in range(latents.shape[1]):
            moved = latents.clone()
            moved[:, channel] += step
            found.append((decode(moved) - plain).square().mean() / step**2)
    return torch.stack(found)


Objective = Epsilon  # the base of all; its methods are the interface

# Built with the energies of the latents' channels, a function that measures them when asked
OBJECTIVES: dict[str, Callable[[Callable[[], Tensor]], Objective]] = {
    "epsilon": lambda energy: Epsilon(),
    "v_whitened": lambda energy: WhitenedVelocity(),
    "v_residual": lambda energy: ResidualVelocity(),
    "v_residual_energy": lambda energy: ResidualEnergyVelocity(energy()),
}


def draw_timesteps(count: int, how: str, last_share: float, rng_normal: Tensor, rng_uniform: Tensor) -> Tensor:
    """``(count,)`` in 0..999 of standard normal and two uniform draws per sample ``(count, 2)``.

    "lognorm": ``floor(1000 sigmoid(n))``, as released; "uniform". A share ``last_share`` is the last one, 999.
    """
    share = rng_normal.sigmoid() if how == "lognorm" else rng_uniform[:, 0]
    timesteps = (share * 1000).floor().long().clamp(0, 999)
    return torch.where(rng_uniform[:, 1] < last_share, torch.full_like(timesteps, 999), timesteps)
