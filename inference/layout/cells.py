"""Pictures in cells: mean colour and local gradient energy. No network is needed to go from pixels to these.

Values are about [-1, 1]: ``(B, 4, n, n)`` float, three colours and the logarithm of the gradient energy; holes are
``(B, 1, n, n)``, 1 where most of a cell is unknown.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

PIXELS = 4  # side of a layout's cell
COLOURS = 3
SHARPEST = 9.0  # about the largest log(1 + squared difference of neighbouring grey values of 0..255)
LEAST_KNOWN = 0.5  # share of a cell's pixels that tell its colour


def gradient_energy(pictures: Tensor) -> Tensor:
    """``pictures (B, 3, H, W)`` 0..255 -> ``(B, 1, H, W)``: squared differences to the next pixel right and below."""
    grey = (pictures * pictures.new_tensor([0.299, 0.587, 0.114])[:, None, None]).sum(1, keepdim=True)
    across = F.pad(grey[..., 1:] - grey[..., :-1], (0, 1))
    down = F.pad(grey[..., 1:, :] - grey[..., :-1, :], (0, 0, 0, 1))
    return across.square() + down.square()


def log_energy(energy: Tensor) -> Tensor:
    """Gradient energy as a layout holds it: -1 for none, 1 for the most there is."""
    return (torch.log1p(energy) * (2 / SHARPEST) - 1).clamp(-1, 1)


def measure(pictures: Tensor, holes: Tensor | None = None, factor: int = PIXELS) -> tuple[Tensor, Tensor]:
    """``pictures (B, 3, H, W)`` 0..255 and ``holes (B, 1, H, W)`` -> layouts and their holes, ``factor`` times smaller.

    Nothing under the holes has an influence: a cell that a hole cuts is the mean of its known pixels, and counts as
    hole where they are less than half of it.
    """
    if holes is None:
        holes = torch.zeros_like(pictures[:, :1])
    known = 1 - holes
    share = F.avg_pool2d(known, factor)
    colours = F.avg_pool2d(pictures * known, factor) / share.clamp_min(1e-6) / 127.5 - 1
    # A difference counts where both of its pixels are known
    pairs = known * F.pad(known[..., 1:], (0, 1)) * F.pad(known[..., 1:, :], (0, 0, 0, 1))
    pairs[..., -1] = known[..., -1]
    pairs[..., -1, :] = known[..., -1, :]
    both = F.avg_pool2d(pairs, factor)
    energy = F.avg_pool2d(gradient_energy(pictures) * pairs, factor) / both.clamp_min(1e-6)
    layouts = torch.cat([colours.clamp(-1, 1), log_energy(energy)], 1)
    return torch.where(share > 0, layouts, torch.zeros_like(layouts)), (share < LEAST_KNOWN).to(layouts)


def fold(layouts: Tensor, factor: int) -> Tensor:
    """``(B, C, n, n)`` -> ``(B, C * factor^2, n / factor, n / factor)``: what a network takes; nothing is lost."""
    return F.pixel_unshuffle(layouts, factor)


def unfold(latents: Tensor, factor: int) -> Tensor:
    """The inverse of :func:`fold`."""
    return F.pixel_shuffle(latents, factor)
