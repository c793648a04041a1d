"""What a network that corrects a fill is given, and what its answers stand for; the same in training and in an erase.

Two fills of a hole are at hand (:mod:`inference.layout.hints`), and a first guess at which of them to believe where: a
linear function of what both look like (:mod:`inference.layout.choice`). What is denoised is the difference between the
true colours of cells and that mixture, in the hole, zero elsewhere, brought to about unit variance. The network says
for every cell which fill to believe more, and what to add; so an answer of zero is the mixture.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from inference.layout.cells import fold, unfold
from inference.layout.choice import appearance, share_of_edges
from inference.layout.hints import Hints
from inference.networks import COSINE_SCHEDULE, UNetOutput
from inference.sampling import Denoiser, ddim

FOLD = 2  # cells of a side that are one place of the network
CHANNELS = 4  # of a cell: three colours, and in answers which fill to believe
SCALE = 3.0  # brings differences of colours to about unit variance
TEMPERATURE = 0.3  # of the noise that a layout begins as
ADDED = 0.3  # how loud an answer of one is, as colours added


def noise_levels() -> tuple[Tensor, Tensor]:
    """Signal and noise at every timestep, ``(1000,)`` each: noisy = signal * clean + noise * n."""
    kept = ddim(COSINE_SCHEDULE).alphas_cumprod
    return kept.sqrt(), (1 - kept).sqrt()


def base_of(hints: Hints) -> Tensor:
    """``(B, 3, n, n)``: the fill that is corrected, a mixture of both."""
    return hints.patches + share_of_edges(appearance(hints)) * (hints.edges - hints.patches)


def apart(hints: Hints) -> Tensor:
    """``(B, 3, n, n)``: how far the two fills are apart, as latents."""
    return (hints.edges - hints.patches) * SCALE


def inside_of(hints: Hints) -> Tensor:
    """``(B, 1, n, n)``: 1 where a cell has a part of the hole."""
    return (hints.share > 0).to(hints.share)


def colours_of(latents: Tensor, base: Tensor) -> Tensor:
    """The colours ``(B, 3, n, n)`` that clean ``latents`` stand for, in [-1, 1]; ``base`` as :func:`base_of` has it."""
    return (base + unfold(latents, FOLD)[:, :3] / SCALE).clamp(-1, 1)


def answered(output: Tensor, hints: Hints) -> Tensor:
    """Clean latents by the network's ``output``, both ``(B, 16, n / 2, n / 2)``."""
    cells = unfold(output, FOLD)
    difference = (cells[:, 3:] * apart(hints) + ADDED * cells[:, :3]) * inside_of(hints)
    return fold(F.pad(difference, (0, 0, 0, 0, 0, 1)), FOLD)


def condition_of(hints: Hints) -> Tensor:
    """What the network is given beside noisy latents: ``(B, 68, n / 2, n / 2)``."""
    seen = appearance(hints)
    believed = share_of_edges(seen)
    base = hints.patches + believed * (hints.edges - hints.patches)
    parts = (
        torch.cat([believed, hints.share, *seen.tensors()[2:]], 1),
        torch.cat([base, hints.energy], 1),
        torch.cat([apart(hints), hints.coherence], 1),
    )
    return torch.cat([fold(part, FOLD) for part in parts], 1)


class Corrector:
    """A network whose answers are clean latents."""

    def __init__(self, network: Denoiser, hints: Hints) -> None:
        self.network, self.hints = network, hints
        self.config = network.config

    def __call__(self, sample: Tensor, timesteps: Tensor, input_ids: Tensor, /) -> UNetOutput:
        output = self.network(sample, timesteps, input_ids)
        return UNetOutput(answered(output.sample.float(), self.hints), output.block_outputs)
