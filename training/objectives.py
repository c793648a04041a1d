"""Training objectives: what a U-Net is asked to predict. A new one is a class and a line in :data:`OBJECTIVES`.

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

from inference.networks import COSINE_SCHEDULE, RELEASED_SCHEDULE
from inference.sampling import Whitening

OUTSIDE_WEIGHT = 0.05


@dataclass(frozen=True)
class Inputs:
    """All a step needs: what goes into the network, and what should come out."""

    sample: Tensor  # (B, 2C+1 or more, h, w): noisy latents, hole, conditioning latents, those of further fills
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
    relative = False  # whether the difference to the fill is what is denoised
    whitens = False  # whether latents are whitened by the known surroundings

    def hole(self, mask: Tensor, factor: int) -> Tensor:
        """``mask (B, 1, H, W)`` 0 or 1 -> ``(B, 1, h, w)``."""
        return F.interpolate(mask, scale_factor=1 / factor, mode="nearest")

    def condition(self, picture: Tensor, mask: Tensor, fill: Tensor | None) -> Tensor:
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
        """``further``: latents of another fill, where the network takes one."""
        whitening = self.whitening(known, hole)
        if whitening is not None:
            clean, known = whitening.apply(clean), whitening.apply(known)
            further = None if further is None else whitening.apply(further)
        clean = self.start(clean, known)
        noisy, target = signal * clean + spread * noise, self.target(clean, noise, signal, spread)
        sample = torch.cat([noisy, hole, known, *(() if further is None else (further,))], 1)
        return Inputs(sample, noisy, clean, target, hole, signal, spread, whitening)

    def whitening(self, known: Tensor, hole: Tensor) -> Whitening | None:
        """What latents are whitened by, if they are."""
        return Whitening.measure(known, hole) if self.whitens else None

    def start(self, clean: Tensor, known: Tensor) -> Tensor:
        """What is denoised."""
        return clean

    def target(self, clean: Tensor, noise: Tensor, signal: Tensor, spread: Tensor) -> Tensor:
        """What the network is asked for."""
        return noise

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
    whitens = True

    def hole(self, mask: Tensor, factor: int) -> Tensor:
        return F.max_pool2d(mask, factor)

    def condition(self, picture: Tensor, mask: Tensor, fill: Tensor | None) -> Tensor:
        assert fill is not None
        return fill

    def target(self, clean: Tensor, noise: Tensor, signal: Tensor, spread: Tensor) -> Tensor:
        return signal * noise - spread * clean

    def error(self, prediction: Tensor, target: Tensor, inputs: Inputs) -> Tensor:
        power = hole_error(target.square(), inputs.hole)
        return (hole_error((prediction - target).square(), inputs.hole) / power.clamp_min(1)).mean()

    def clean(self, prediction: Tensor, inputs: Inputs) -> Tensor:
        return inputs.signal * inputs.noisy - inputs.spread * prediction


class ResidualVelocity(WhitenedVelocity):
    """v of the difference to the fill's latents: predicting nothing leaves the fill as it is."""

    relative = True

    def start(self, clean: Tensor, known: Tensor) -> Tensor:
        return clean - known


class ResidualColourVelocity(ResidualVelocity):
    """The same of plain latents, an error counted by what it does to the mean colour of the picture under a cell.

    Most of a latent is texture that nobody can foretell; its colour is what the program brings back. Relative
    errors: a picture's loss is the logarithm of its error, as PSNR is, so that hard ones do not drown the others.
    Not whitened: that would make fine texture as loud as colour. ``colours (3, C)``: from latents to mean colours,
    see :func:`colour_map`.
    """

    whitens = False
    PLAIN_SHARE = 0.1
    FLOOR = 2e-3  # squared error, of colours in [-1, 1], from which on better is no gain

    def __init__(self, colours: Tensor) -> None:
        self.colours = colours

    def error(self, prediction: Tensor, target: Tensor, inputs: Inputs) -> Tensor:
        wrong = prediction - target
        shifted = torch.einsum("kc,bchw->bkhw", self.colours.to(wrong), wrong)
        relative = torch.log1p(hole_error(shifted.square(), inputs.hole) / self.FLOOR)
        return (relative + self.PLAIN_SHARE * hole_error(wrong.square(), inputs.hole)).mean()


def colour_map(latents: Tensor, pictures: Tensor) -> Tensor:
    """``(3, C)``: least squares from ``latents (B, C, h, w)`` to the mean colours of ``pictures (B, 3, H, W)``."""
    colours = F.adaptive_avg_pool2d(pictures, (latents.shape[2], latents.shape[3])).permute(0, 2, 3, 1).reshape(-1, 3)
    cells = latents.permute(0, 2, 3, 1).reshape(-1, latents.shape[1])
    solution: Tensor = torch.linalg.lstsq(F.pad(cells, (0, 1), value=1.0), colours).solution
    return solution[:-1].T.contiguous()


Objective = Epsilon  # the base of all; its methods are the interface

OBJECTIVES: dict[str, type[Objective]] = {
    "epsilon": Epsilon,
    "v_whitened": WhitenedVelocity,
    "v_residual": ResidualVelocity,
    "v_residual_colour": ResidualColourVelocity,
}


def make_objective(name: str, colours: Callable[[], Tensor]) -> Objective:
    """The objective of that name; ``colours`` is asked for the map from latents to colours where it needs one."""
    kind = OBJECTIVES[name]
    return kind(colours()) if issubclass(kind, ResidualColourVelocity) else kind()


def draw_timesteps(count: int, how: str, last_share: float, rng_normal: Tensor, rng_uniform: Tensor) -> Tensor:
    """``(count,)`` in 0..999 of standard normal and two uniform draws per sample ``(count, 2)``.

    "lognorm": ``floor(1000 sigmoid(n))``, as released; "uniform". A share ``last_share`` is the last one, 999.
    """
    share = rng_normal.sigmoid() if how == "lognorm" else rng_uniform[:, 0]
    timesteps = (share * 1000).floor().long().clamp(0, 999)
    return torch.where(rng_uniform[:, 1] < last_share, torch.full_like(timesteps, 999), timesteps)
