"""A fill of a picture's holes by diffusion along edges instead of across them.

Edge-enhancing anisotropic diffusion (Weickert, "Theoretical foundations of anisotropic diffusion in image processing",
1996; as an interpolation: Galic et al., "Image compression with anisotropic diffusion", 2008): every unknown cell
becomes a mean of the cells around it in which those across an edge count little, so that an edge which enters a hole
goes on through it. From coarse to fine, tensor operations on a batch only.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

ROUNDS = (40, 50, 80)  # fine to coarse; the last for all that are coarser
COARSEST = 8  # cells of the coarsest level's side, at least
EVERY = 10  # rounds between two looks at where edges are
CONTRAST = 0.005  # differences between neighbouring cells (of values in [-1, 1]) above this are edges
GRADIENT_SIGMA = 1.5  # cells; of the colours edges are looked for in
TENSOR_SIGMA = 5.0  # cells; over which the direction of an edge is agreed upon
REACH = 2
# Neighbours within REACH in all directions that no nearer one has
NEIGHBOURS = [
    (dy, dx) for dy in range(-REACH, REACH + 1) for dx in range(-REACH, REACH + 1) if math.gcd(abs(dy), abs(dx)) == 1
]


def _pyramid(colours: Tensor, holes: Tensor, coarsest: int) -> list[tuple[Tensor, Tensor]]:
    """Sums of known values and shares of known cells, from fine to coarse."""
    value, weight, levels = colours * (1 - holes), 1 - holes, []
    while value.shape[-1] >= coarsest:
        levels.append((value, weight))
        value, weight = F.avg_pool2d(value, 2), F.avg_pool2d(weight, 2)
    return levels


def _begin(value: Tensor, weight: Tensor, filled: Tensor | None, finest: bool) -> tuple[Tensor, Tensor]:
    """A level's first estimate, from the coarser one's, and where it is fixed."""
    known, fixed = value / weight.clamp_min(1e-6), weight > (0 if finest else 0.5)
    if filled is None:
        mean = value.sum((2, 3), keepdim=True) / weight.sum((2, 3), keepdim=True).clamp_min(1e-6)
        filled = mean.expand_as(value)
    else:
        filled = F.interpolate(filled, size=value.shape[-2:], mode="bilinear", align_corners=False)
    return torch.where(fixed, known, filled), fixed


def blurred(values: Tensor, sigma: float) -> Tensor:
    """Gaussian low-pass of ``(B, C, h, w)``; borders repeat."""
    radius = max(1, math.ceil(2.5 * sigma))
    line = torch.exp(
        -torch.arange(-radius, radius + 1, device=values.device, dtype=values.dtype).square() / (2 * sigma**2)
    )
    line = line / line.sum()
    channels = values.shape[1]
    across = line.view(1, 1, 1, -1).expand(channels, 1, 1, -1)
    values = F.conv2d(F.pad(values, (radius, radius, 0, 0), mode="replicate"), across, groups=channels)
    return F.conv2d(F.pad(values, (0, 0, radius, radius), mode="replicate"), across.transpose(2, 3), groups=channels)


def structure_tensor(values: Tensor, gradient_sigma: float, tensor_sigma: float) -> tuple[Tensor, Tensor, Tensor]:
    """Products ``xx, xy, yy`` of the gradients of ``(B, C, h, w)``: low-passed sums over channels, ``(B, h, w)``."""
    p = F.pad(blurred(values, gradient_sigma), (1, 1, 1, 1), mode="replicate")
    gx, gy = (p[..., 1:-1, 2:] - p[..., 1:-1, :-2]) / 2, (p[..., 2:, 1:-1] - p[..., :-2, 1:-1]) / 2
    products = torch.stack([(gx * gx).sum(1), (gx * gy).sum(1), (gy * gy).sum(1)], 1)
    xx, xy, yy = blurred(products, tensor_sigma).unbind(1)
    return xx, xy, yy


def _weights(filled: Tensor) -> Tensor:
    """``(B, neighbours, h, w)``, sum 1: how much each neighbour counts."""
    xx, xy, yy = structure_tensor(filled, GRADIENT_SIGMA, TENSOR_SIGMA)
    strongest = (xx + yy + ((xx - yy).square() + 4 * xy.square()).sqrt()) / 2
    angle = 0.5 * torch.atan2(2 * xy, xx - yy)  # of the gradient: across the edge
    across_x, across_y = angle.cos(), angle.sin()
    edge = strongest / CONTRAST**2
    weights = torch.stack(
        [
            1 / (1 + edge * (dx * across_x + dy * across_y).square() / (dx * dx + dy * dy)) / math.hypot(dx, dy)
            for dy, dx in NEIGHBOURS
        ],
        1,
    )
    return weights / weights.sum(1, keepdim=True)


@torch.no_grad()
def edge_fill(colours: Tensor, holes: Tensor) -> Tensor:
    """Colours ``(B, 3, n, n)`` with their ``holes (B, 1, n, n)`` filled; nothing under a hole is used."""
    levels = _pyramid(colours, holes, COARSEST)
    filled = None
    for level, (value, weight) in reversed(list(enumerate(levels))):
        filled, fixed = _begin(value, weight, filled, level == 0)
        height, width = filled.shape[-2:]
        for turn in range(ROUNDS[min(level, len(ROUNDS) - 1)]):
            if turn % EVERY == 0:
                weights = _weights(filled)
            p = F.pad(filled, (REACH,) * 4, mode="replicate")
            mean = torch.zeros_like(filled)
            for index, (dy, dx) in enumerate(NEIGHBOURS):
                near = p[..., REACH + dy : REACH + dy + height, REACH + dx : REACH + dx + width]
                mean.addcmul_(near, weights[:, index : index + 1])
            filled = torch.where(fixed, filled, mean)
    assert filled is not None
    return filled
