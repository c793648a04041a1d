"""What a network that corrects a fill is told of it: the fill, another one along edges, and how both look, in cells.

Cells of four pixels. Nothing under a hole is used: the fill of patches must have been made without it, the fill along
edges is made here of what is known.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
import torch.nn.functional as F
from torch import Tensor

from inference.layout.cells import PIXELS, gradient_energy, known_colours, log_energy
from inference.layout.diffusion import edge_fill, structure_tensor

FINE = 2  # pixels of a cell in which colours are led along edges
DIRECTION_SIGMA, AGREEMENT_SIGMA = 1.5, 5.0  # fine cells: see structure_tensor


@dataclass(frozen=True)
class Hints:
    """All ``(B, C, n, n)``, ``n`` a quarter of the picture's side; colours in [-1, 1]."""

    patches: Tensor  # 3: the picture with the patch fill in its hole
    edges: Tensor  # 3: the same with the fill along edges
    share: Tensor  # 1: how much of a cell is hole
    energy: Tensor  # 1: logarithm of the gradient energy of the picture with the patch fill
    coherence: Tensor  # 1: of the directions of the fill along edges; 0 none, 1 one direction alone

    def tensors(self) -> tuple[Tensor, ...]:
        return tuple(getattr(self, field.name) for field in fields(self))


def in_cells(pictures: Tensor) -> Tensor:
    """``(B, C, H, W)`` 0..255 -> ``(B, C, H / 4, W / 4)`` in [-1, 1]."""
    return F.avg_pool2d(pictures, PIXELS) / 127.5 - 1


@torch.no_grad()
def hints_of(pictures: Tensor, patched: Tensor, holes: Tensor) -> Hints:
    """Of ``pictures (B, 3, H, W)`` 0..255 with ``holes (B, 1, H, W)``, 1 where unknown, and their patch fills.

    Sides are multiples of 16 pixels.
    """
    fine, unknown = known_colours(pictures, holes, FINE)
    if not (unknown < 1).any():  # nothing is known for the most part: cells that have known pixels tell what they can
        unknown = (F.avg_pool2d(holes, FINE) == 1).to(holes)
    along = edge_fill(fine, unknown)
    xx, xy, yy = structure_tensor(along, DIRECTION_SIGMA, AGREEMENT_SIGMA)
    coherence = ((xx - yy).square() + 4 * xy.square()).sqrt() / (xx + yy + 1e-6)
    led = F.interpolate((along + 1) * 127.5, scale_factor=FINE, mode="bilinear", align_corners=False)
    led = torch.where(holes > 0, led, pictures)
    patched = torch.where(holes > 0, patched, pictures)
    return Hints(
        patches=in_cells(patched),
        edges=in_cells(led),
        share=F.avg_pool2d(holes, PIXELS),
        energy=log_energy(F.avg_pool2d(gradient_energy(patched), PIXELS)),
        coherence=F.avg_pool2d(coherence[:, None], PIXELS // FINE),
    )
