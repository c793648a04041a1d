"""What a network that denoises layouts is given, and what it is asked for; the same in training and in an erase.

The clean latents are the difference between the layout and a mean of two fills of it, in the hole, zero elsewhere,
brought to about unit variance and folded to the network's grid. The condition is the hole, the layout without what is
in the hole, and both fills. v-prediction (Salimans and Ho, arXiv 2202.00512), a
cosine schedule that ends in pure noise.
"""

from __future__ import annotations

import torch
from torch import Tensor

from inference.layout.cells import CHANNELS, SCALE, fold, unfold
from inference.networks import COSINE_SCHEDULE
from inference.sampling import ddim

PATCH_SHARE = 0.35  # of the patch fill in what is corrected; the rest is the fill along edges


def noise_levels() -> tuple[Tensor, Tensor]:
    """Signal and noise at every timestep, ``(1000,)`` each: noisy = signal * clean + noise * n."""
    kept = ddim(COSINE_SCHEDULE).alphas_cumprod
    return kept.sqrt(), (1 - kept).sqrt()


def base_of(edges: Tensor, patches: Tensor) -> Tensor:
    """The fill that is corrected."""
    return edges + PATCH_SHARE * (patches - edges)


def latents_of(layout: Tensor, hole: Tensor, edges: Tensor, patches: Tensor, factor: int) -> tuple[Tensor, Tensor]:
    """Clean latents ``(B, C, n, n)``, and 1 where they are within the hole, of the same shape."""
    difference = (layout - base_of(edges, patches)) * SCALE * hole
    return fold(difference, factor), fold(hole.expand(-1, CHANNELS, -1, -1), factor)


def layout_of(latents: Tensor, hole: Tensor, edges: Tensor, patches: Tensor, factor: int) -> Tensor:
    """The layout that clean ``latents`` stand for; outside the hole it is what the fills are there."""
    return (base_of(edges, patches) + unfold(latents, factor) / SCALE * hole).clamp(-1, 1)


def condition_of(layout: Tensor, hole: Tensor, edges: Tensor, patches: Tensor, factor: int) -> Tensor:
    """What the network is given beside noisy latents: hole, known layout, and the two fills as latents."""
    known = layout * (1 - hole)
    return torch.cat([fold(part, factor) for part in (hole, known, edges, patches)], 1)
