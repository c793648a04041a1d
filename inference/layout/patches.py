"""A patch fill of layouts: every unknown cell is a mean of what the most alike known patches say of it.

Coarse to fine, in rounds of nearest patch and vote (Wexler et al., "Space-time completion of video", 2007). The
nearest patch is found exactly, by comparing the lowest cosines of every patch in one matrix product, for all layouts of
a batch at once; only patches that touch a hole look for another.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

ROUNDS = (5, 6, 8)  # of a level, from fine to coarse
RADII = (3, 3, 2)  # of patches, in cells
FADE = 1.3  # how much less a cell is trusted for every cell that it lies deeper in the hole
DEEPEST = 12


def _cosines(radius: int, like: Tensor) -> Tensor:
    """``(6, 1, k, k)``: the lowest cosines over a patch of ``k = 2 radius + 1`` cells."""
    side = 2 * radius + 1
    n = torch.arange(side, device=like.device, dtype=like.dtype)
    rows = torch.stack([torch.cos(torch.pi * (n + 0.5) * frequency / side) for frequency in range(3)])
    rows = rows / rows.norm(dim=1, keepdim=True)
    pairs = ((0, 0), (0, 1), (1, 0), (1, 1), (0, 2), (2, 0))
    return torch.stack([rows[u][:, None] * rows[v][None] for u, v in pairs])[:, None]


def _features(values: Tensor, radius: int) -> Tensor:
    """``(B, C, n, n)`` -> ``(B, n * n, 6 C)``."""
    batch, channels, height, width = values.shape
    padded = F.pad(values, (radius,) * 4, mode="reflect").reshape(batch * channels, 1, height + 2 * radius, -1)
    made = F.conv2d(padded, _cosines(radius, values))
    return made.reshape(batch, channels * 6, height * width).transpose(1, 2)


def _level(estimate: Tensor, holes: Tensor, radius: int, rounds: int) -> Tensor:
    """``rounds`` of nearest patch and vote in the holes of ``estimate (B, C, n, n)``.

    Layouts without a whole known patch come back as they are.
    """
    batch, channels, n, _ = estimate.shape
    touched = F.max_pool2d(holes, 2 * radius + 1, 1, radius)[:, 0] > 0
    usable = ~touched
    usable[:, :radius] = usable[:, n - radius :] = False
    usable[:, :, :radius] = usable[:, :, n - radius :] = False
    usable = usable.reshape(batch, 1, n * n)
    some = usable.any(2)[:, :, None, None]
    depth, left = torch.zeros_like(holes), holes
    for _ in range(DEEPEST):
        depth, left = depth + left, 1 - F.max_pool2d(1 - left, 3, 1, 1)
    confidence = FADE**-depth
    source = _features(estimate, radius)  # of known patches only: they never change
    half = torch.bfloat16 if source.is_cuda else torch.float32
    norm = source.square().sum(2)[:, None].masked_fill(~usable, torch.inf)
    products = source.to(half).transpose(1, 2)
    flat = estimate.reshape(batch, channels, n * n)
    # The places that look for a patch, padded to the most of any layout
    at = touched.reshape(batch, n * n)
    most = int(at.sum(1).max())
    places = torch.argsort(at.int(), dim=1, descending=True, stable=True)[:, :most]
    real = torch.gather(at, 1, places)
    offsets = [(dy, dx) for dy in range(-radius, radius + 1) for dx in range(-radius, radius + 1)]
    for _ in range(rounds):
        query = torch.gather(_features(estimate, radius), 1, places[..., None].expand(-1, -1, source.shape[2]))
        score = torch.baddbmm(-0.5 * norm.to(half), query.to(half), products)
        best, index = score.max(2)
        far = (query.square().sum(2) - 2 * best.float()).clamp_min(0).nan_to_num(1e6, 1e6, 1e6)
        mean = (far.clamp(max=1e3) * real).sum(1, keepdim=True) / real.sum(1, keepdim=True).clamp_min(1)
        likely = torch.exp(-far / (2 * mean + 1e-6)) * real
        nearest = torch.zeros(batch, n * n, dtype=torch.long, device=holes.device).scatter_(1, places, index)
        weight = torch.zeros(batch, n * n, device=holes.device, dtype=holes.dtype).scatter_(1, places, likely)
        weight = (weight.reshape(batch, 1, n, n) + 1e-9 * touched[:, None]) * confidence
        total, share = torch.zeros_like(estimate), torch.zeros_like(holes)
        weights, indices = F.pad(weight, (radius,) * 4), F.pad(nearest.reshape(batch, 1, n, n), (radius,) * 4)
        for dy, dx in offsets:
            rows, columns = slice(radius - dy, radius - dy + n), slice(radius - dx, radius - dx + n)
            here = (indices[..., rows, columns] + dy * n + dx).clamp(0, n * n - 1).reshape(batch, 1, n * n)
            said = torch.gather(flat, 2, here.expand(-1, channels, -1)).reshape(batch, channels, n, n)
            total += weights[..., rows, columns] * said
            share += weights[..., rows, columns]
        estimate = torch.where((holes > 0) & some, total / share.clamp_min(1e-12), estimate)
    return estimate


@torch.no_grad()
def patch_fill_layouts(layouts: Tensor, holes: Tensor, start: Tensor) -> Tensor:
    """``layouts (B, C, n, n)`` with their ``holes (B, 1, n, n)`` filled, begun from the fill ``start`` of them."""
    made: Tensor | None = None
    for level in reversed(range(len(ROUNDS))):
        if level:
            weight = F.avg_pool2d(1 - holes, 1 << level)
            small, hole = F.avg_pool2d(start, 1 << level), (weight < 0.5).float()
            known = F.avg_pool2d(layouts * (1 - holes), 1 << level) / weight.clamp_min(1e-6)
        else:
            small, hole, known = start, holes, layouts
        begun = small if made is None else F.interpolate(made, scale_factor=2.0, mode="bilinear", align_corners=False)
        made = _level(torch.where(hole > 0, begun, known), hole, RADII[level], ROUNDS[level])
    assert made is not None
    return made
