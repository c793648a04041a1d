"""Which of two fills to believe where: a linear function of how they look, fitted to photographs.

``python -m training fit-choice`` makes the numbers: least squares of the colours a low-pass leaves, every sample
weighed by how wrong the patch fill is on it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
import torch.nn.functional as F
from torch import Tensor

from inference.layout.diffusion import blurred, structure_tensor
from inference.layout.hints import Hints

DEEPEST = 12  # cells
GRADIENT_SIGMA, TENSOR_SIGMA, TEXTURE_SIGMA = 0.75, 2.5, 4.0  # cells


@dataclass(frozen=True)
class Appearance:
    """What two fills look like, all ``(B, 1, n, n)`` of about unit size."""

    energy: Tensor  # the patch fill's gradient energy, as in a layout
    coherence: Tensor  # of the directions in the fill along edges
    depth: Tensor  # how far inside the hole, as a logarithm
    coherent_patches: Tensor  # coherence of the directions in the patch fill
    agree: Tensor  # of both directions: 1 the same, -1 at right angles
    distance: Tensor  # between the colours of both fills, as a logarithm
    texture: Tensor  # gradient energy of what is known nearby
    strong_edges: Tensor  # strength of the edges in the fill along edges, as a logarithm
    strong_patches: Tensor  # the same in the patch fill

    def tensors(self) -> tuple[Tensor, ...]:
        return tuple(getattr(self, field.name) for field in fields(self))


def _directions(colours: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Twice the direction of edges as a vector, how much they agree on it, and how strong they are."""
    xx, xy, yy = (plane[:, None] for plane in structure_tensor(colours, GRADIENT_SIGMA, TENSOR_SIGMA))
    across, along, total = xx - yy, 2 * xy, xx + yy + 1e-7
    return across, along, (across.square() + along.square()).sqrt() / total, total


def appearance(hints: Hints) -> Appearance:
    """Of the fills of a hole; nothing else is looked at."""
    inside = (hints.share > 0).to(hints.share)
    depth, left = torch.zeros_like(inside), inside
    for _ in range(DEEPEST):
        depth, left = depth + left, 1 - F.max_pool2d(1 - left, 3, 1, 1)
    known = 1 - inside
    texture = blurred(hints.energy * known, TEXTURE_SIGMA) / blurred(known, TEXTURE_SIGMA).clamp_min(1e-3)
    ex, ey, _, strong_edges = _directions(hints.edges)
    px, py, coherent_patches, strong_patches = _directions(hints.patches)
    agree = (ex * px + ey * py) / ((ex.square() + ey.square()) * (px.square() + py.square()) + 1e-14).sqrt()
    distance = blurred((hints.edges - hints.patches).square().mean(1, keepdim=True), 1.0)
    return Appearance(
        energy=hints.energy,
        coherence=hints.coherence,
        depth=torch.log1p(depth) / 2,
        coherent_patches=coherent_patches,
        agree=agree,
        distance=torch.log(distance + 1e-4) / 4 + 1,
        texture=texture,
        strong_edges=torch.log(strong_edges + 1e-5) / 6 + 1,
        strong_patches=torch.log(strong_patches + 1e-5) / 6 + 1,
    )


def terms(seen: Appearance) -> Tensor:
    """``(B, 20, n, n)``: what the choice is linear in."""
    depth, texture, agree, distance = seen.depth, seen.texture, seen.agree, seen.distance
    rougher, stronger = seen.energy - texture, seen.strong_edges - seen.strong_patches
    return torch.cat(
        [
            torch.ones_like(depth),
            depth,
            texture,
            rougher,
            seen.coherence,
            seen.strong_edges,
            seen.coherent_patches,
            seen.strong_patches,
            agree,
            distance,
            seen.coherence * agree,
            seen.coherence * distance,
            texture * distance,
            depth * distance,
            seen.coherence * depth,
            seen.coherent_patches * depth,
            seen.coherent_patches * agree,
            rougher * distance,
            stronger,
            stronger * agree,
        ],
        1,
    )


WEIGHTS = (
    -0.1249,
    0.6128,
    0.2114,
    0.1315,
    0.6277,
    -0.2181,
    0.0723,
    -0.1503,
    -0.0564,
    0.0090,
    0.2063,
    0.1410,
    -0.0075,
    -0.2778,
    -0.2032,
    -0.4061,
    -0.0676,
    -0.1080,
    -0.4493,
    0.3505,
)


def share_of_edges(seen: Appearance) -> Tensor:
    """``(B, 1, n, n)`` 0..1: how much of the fill along edges to take; the rest is the patch fill's."""
    made = terms(seen)
    return (made * made.new_tensor(WEIGHTS)[None, :, None, None]).sum(1, keepdim=True).clamp(0, 1)
