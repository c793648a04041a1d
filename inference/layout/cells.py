"""Pictures in cells: mean colour and local gradient energy, both about [-1, 1]. No network is needed for these."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

PIXELS = 4  # side of a layout's cell
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


def known_colours(pictures: Tensor, holes: Tensor, factor: int) -> tuple[Tensor, Tensor]:
    """Mean colours ``(B, 3, n, n)`` of cells of ``factor`` pixels, and which of them are holes ``(B, 1, n, n)``.

    ``pictures (B, 3, H, W)`` 0..255, ``holes (B, 1, H, W)`` 1 where unknown. Nothing under the holes has an influence:
    a cell that a hole cuts is the mean of its known pixels, and counts as hole where they are less than half of it.
    """
    known = 1 - holes
    share = F.avg_pool2d(known, factor)
    colours = F.avg_pool2d(pictures * known, factor) / share.clamp_min(1e-6) / 127.5 - 1
    colours = torch.where(share > 0, colours.clamp(-1, 1), torch.zeros_like(colours))
    return colours, (share < LEAST_KNOWN).to(colours)


def fold(layouts: Tensor, factor: int) -> Tensor:
    """``(B, C, n, n)`` -> ``(B, C * factor^2, n / factor, n / factor)``: what a network takes; nothing is lost."""
    return F.pixel_unshuffle(layouts, factor)


def unfold(latents: Tensor, factor: int) -> Tensor:
    """The inverse of :func:`fold`."""
    return F.pixel_shuffle(latents, factor)
