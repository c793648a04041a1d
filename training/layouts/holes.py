"""Holes of layouts, drawn on the device: broken strokes of one width each, and boxes."""

from __future__ import annotations

import torch
from torch import Tensor

from inference.layout import CELLS

LEAST, MOST = 0.02, 0.5  # share of the layout that is hole
STROKES, SEGMENTS = 3, 3
USED = (1.0, 0.55, 0.35)  # how often there is a first, second, third stroke
WIDTHS = ((0.2, 0.05), (0.65, 0.2), (1.0, 0.42))  # up to this share of the samples: widest stroke, of the side


def grid(size: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Rows and columns of cell centres, 0..1, each ``(size, size)``."""
    line = (torch.arange(size, device=device) + 0.5) / size
    rows, columns = torch.meshgrid(line, line, indexing="ij")
    return rows, columns


def _distance(y: Tensor, x: Tensor, start: Tensor, end: Tensor) -> Tensor:
    """From every cell to segments ``start``-``end`` ``(B, S, 2)`` -> ``(B, S, n, n)``."""
    ay, ax = start[..., 0, None, None], start[..., 1, None, None]
    dy, dx = end[..., 0, None, None] - ay, end[..., 1, None, None] - ax
    along = (((y - ay) * dy + (x - ax) * dx) / (dy * dy + dx * dx + 1e-8)).clamp(0, 1)
    return ((y - ay - along * dy).square() + (x - ax - along * dx).square()).sqrt()


def draw_holes(count: int, device: torch.device, generator: torch.Generator) -> Tensor:
    """``(count, 1, 64, 64)``, 1 in the hole; a disc where too little or too much would be hole."""

    def uniform(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=generator, device=device)

    y, x = grid(CELLS, device)
    kind, widest = uniform(count), torch.zeros(count, device=device)
    for up_to, most in reversed(WIDTHS):
        widest = torch.where(kind < up_to, torch.full_like(widest, most), widest)
    half_width = widest[:, None] * (0.15 + 0.85 * uniform(count, STROKES)) / 2
    used = uniform(count, STROKES) < torch.tensor(USED, device=device)
    point, angle = uniform(count, STROKES, 2), uniform(count, STROKES) * 2 * torch.pi
    hole = torch.zeros(count, CELLS, CELLS, device=device, dtype=torch.bool)
    for _ in range(SEGMENTS):
        angle = angle + 0.9 * torch.randn(count, STROKES, generator=generator, device=device)
        length = 0.04 + 0.36 * uniform(count, STROKES)
        end = point + length[..., None] * torch.stack([angle.sin(), angle.cos()], -1)
        drawn = used & (uniform(count, STROKES) < 0.75)
        near = _distance(y, x, point, end) < half_width[..., None, None]
        hole |= (near & drawn[..., None, None]).any(1)
        point = end.clamp(0, 1)
    boxed = uniform(count)[:, None, None] < 0.25
    centre_y, centre_x, height, width = (uniform(count)[:, None, None] for _ in range(4))
    hole |= ((y - centre_y).abs() < 0.03 + 0.25 * height) & ((x - centre_x).abs() < 0.03 + 0.25 * width) & boxed
    share = hole.float().mean((1, 2))
    disc = (y - 0.5).square() + (x - 0.5).square() < 0.04
    return torch.where(((share < LEAST) | (share > MOST))[:, None, None], disc, hole)[:, None].float()
