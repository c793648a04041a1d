"""What patches are compared by: a few numbers a pixel whose squared distance stands for that of whole patches."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

COMPONENTS = 12  # of a patch's colours about their mean: as good as 24 or 40
SAMPLES = 3000  # patches from which the components are found


@dataclass(frozen=True)
class Weights:
    """What counts beside the colours of a patch, each per pixel of a patch, in squared levels."""

    guide: float = 3.0  # on squared differences of the guide's colours
    energy: float = 0.3  # on squared differences of its energy
    coherence: float = 300.0  # where no neighbour's source goes on from a pixel's own
    shift: float = 30.0  # most levels by which a patch's colours are moved to the guide's


class PatchFeatures:
    """Principal components of patches, their mean colours, and the length of what the components leave out.

    Without the last, flat patches would fit every texture.
    """

    def __init__(self, picture: Tensor, usable: Tensor, radius: int, generator: torch.Generator) -> None:
        """``picture (h, w, 3)`` 0..255; ``usable (h * w,)``: centres of the patches components are found from."""
        self.radius, side = radius, 2 * radius + 1
        places = usable.nonzero()[:, 0]
        chosen = torch.randint(len(places), (min(SAMPLES, len(places)),), generator=generator).to(places.device)
        reach = torch.arange(-radius, radius + 1, device=places.device)
        index = places[chosen, None] + (reach[:, None] * picture.shape[1] + reach).flatten()
        windows = picture.reshape(-1, 3)[index].transpose(1, 2).double()  # (n, 3, side * side)
        flat = (windows - windows.mean(2, keepdim=True)).flatten(1)
        _, vectors = torch.linalg.eigh(flat.T @ flat)
        basis = vectors[:, -COMPONENTS:].T.float().reshape(-1, 3, side * side)
        basis = basis - basis.mean(2, keepdim=True)
        means = torch.eye(3, device=picture.device)[:, :, None].expand(3, 3, side * side) / side
        self._kernels = torch.cat([basis, means]).reshape(-1, 3, side, side)

    def __call__(self, picture: Tensor) -> Tensor:
        """``(h, w, 3)`` -> ``(h * w, K)``; the last three are the mean colours times the patch's side."""
        side = 2 * self.radius + 1
        planes = padded(picture, self.radius)[None]
        parts = F.conv2d(planes, self._kernels)[0]
        energy = F.avg_pool2d(planes.square().sum(1, keepdim=True), side, 1)[0] * side**2
        rest = (energy - parts.square().sum(0)).clamp_min(0).sqrt()
        return torch.cat([rest, parts]).flatten(1).T.contiguous()


def padded(picture: Tensor, radius: int) -> Tensor:
    """``(h, w, C)`` -> ``(C, h + 2 radius, w + 2 radius)``, its edge pixels repeated."""
    return F.pad(picture.permute(2, 0, 1)[None], (radius,) * 4, mode="replicate")[0]


def guide_features(guide: Tensor, radius: int, weights: Weights) -> Tensor:
    """``guide (h, w, 3 or 4)`` 0..255 -> ``(h * w, 9 or 10)``: its colours about a pixel, their slopes, its energy.

    Of nine places ``radius`` pixels apart: what is lost by not comparing each is little, for guides are smooth.
    """
    height, width = guide.shape[:2]
    planes = padded(guide, radius)
    around = [
        [planes[:, a * radius : a * radius + height, b * radius : b * radius + width] for b in range(3)]
        for a in range(3)
    ]
    total = torch.stack([plane for row in around for plane in row]).sum(0)
    down = torch.stack([around[2][b] - around[0][b] for b in range(3)]).sum(0)
    right = torch.stack([around[a][2] - around[a][0] for a in range(3)]).sum(0)
    scale = (2 * radius + 1) / 3  # nine places stand for all of the patch
    colour = [
        plane[:3] * (scale * weights.guide**0.5 / norm) for plane, norm in ((total, 3), (down, 6**0.5), (right, 6**0.5))
    ]
    return torch.cat([*colour, total[3:] * (scale * weights.energy**0.5 / 3)]).flatten(1).T.contiguous()


@dataclass(frozen=True)
class Guide:
    """The guide of one level, made for every pixel: its features, its colours, and how far it is trusted."""

    source: Tensor  # (h * w, G) features of the picture as the guide shows it
    wanted: Tensor  # (h * w, G) features of the guide
    source_colour: Tensor  # (h * w, 3)
    wanted_colour: Tensor  # (h * w, 3)
    trust: Tensor  # (h * w,) 0..1
