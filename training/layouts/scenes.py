"""Drawn scenes: shapes over each other, shaded, striped or filled from photographs, with long unbroken edges.

Half planes bent and straight, poles and curves, discs, rings and boxes ("dead leaves"), with hard and soft edges and
shadows. They teach what photographs show too seldom: that a line goes on behind whatever hides a part of it.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from inference.layout import CELLS, PIXELS, gradient_energy, log_energy
from training.layouts.holes import grid
from training.layouts.pictures import PictureLayouts

SHAPES = 9
SIZE = 2 * CELLS  # they are drawn at; cells are means of 2 x 2


class Scenes:
    """Draws scenes with fillings from ``pictures``."""

    def __init__(self, pictures: PictureLayouts) -> None:
        self.pictures, self.device = pictures, pictures.device
        self.y, self.x = grid(SIZE, self.device)

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """``(count, 4, 64, 64)``."""

        def uniform(*shape: int) -> Tensor:
            return torch.rand(count, *shape, generator=generator, device=self.device)

        image = self._filling(count, generator)
        for _ in range(SHAPES):
            outside = self._shape(count, generator)[:, None]
            soft = torch.where(
                uniform(1, 1, 1) < 0.3, 0.06 * uniform(1, 1, 1) + 0.004, torch.tensor(0.004, device=self.device)
            )
            cover = torch.sigmoid(-outside / soft * 4) * (uniform(1, 1, 1) < 0.8)
            shadow = torch.sigmoid((0.03 - outside) / 0.03) * 0.5 * uniform(1, 1, 1) * (uniform(1, 1, 1) < 0.3)
            image = (image + 1) * (1 - shadow) - 1
            image = image + (self._filling(count, generator) - image) * cover
        # Neighbours are twice as far apart as a photograph's
        energy = F.avg_pool2d(gradient_energy((image + 1) * 127.5), SIZE // CELLS) * (SIZE / (CELLS * PIXELS)) ** 2
        return torch.cat([F.avg_pool2d(image, SIZE // CELLS).clamp(-1, 1), log_energy(energy)], 1)

    def _shape(self, count: int, generator: torch.Generator) -> Tensor:
        """Signed distances to the edge of one shape a scene, in sides; negative inside: ``(count, SIZE, SIZE)``."""

        def uniform() -> Tensor:
            return torch.rand(count, 1, 1, generator=generator, device=self.device)

        centre_y, centre_x = 1.2 * uniform() - 0.1, 1.2 * uniform() - 0.1
        angle, radius = uniform() * 2 * torch.pi, 0.05 * 12 ** uniform()
        u = angle.cos() * (self.x - centre_x) + angle.sin() * (self.y - centre_y)
        v = -angle.sin() * (self.x - centre_x) + angle.cos() * (self.y - centre_y)
        aspect, half = 0.3 + 0.7 * uniform(), radius * (0.06 + 0.35 * uniform())
        radial = (u * u + (v / aspect).square() + 1e-9).sqrt() - radius
        bent = u + 4 * (uniform() - 0.5) * v * v
        shapes = torch.stack(
            [
                radial,
                radial.abs() - half,
                bent,
                bent.abs() - half,
                torch.maximum(u.abs() - radius, v.abs() - radius * aspect),
            ]
        )
        kind = (uniform()[:, 0, 0] * len(shapes)).long()
        return shapes[kind, torch.arange(count, device=self.device)]

    def _filling(self, count: int, generator: torch.Generator) -> Tensor:
        """Gradients, stripes or parts of photographs, ``(count, 3, SIZE, SIZE)``."""

        def uniform(*shape: int) -> Tensor:
            return torch.rand(count, *shape, generator=generator, device=self.device)

        first, last = 2 * uniform(3, 1, 1) - 1, 2 * uniform(3, 1, 1) - 1
        angle, steep = uniform(1, 1, 1) * 2 * torch.pi, 0.2 + 1.3 * uniform(1, 1, 1)
        along = (angle.cos() * (self.x - 0.5) + angle.sin() * (self.y - 0.5)) * steep
        plain = first + (last - first) * (along + 0.5).clamp(0, 1)
        turn, frequency = uniform(1, 1, 1) * torch.pi, 4 + 20 * uniform(1, 1, 1)
        wave = torch.sin(2 * torch.pi * frequency * (turn.cos() * self.x + turn.sin() * self.y))
        striped = torch.where(wave > uniform(1, 1, 1) - 0.5, plain, 2 * uniform(3, 1, 1) - 1)
        photograph = F.interpolate(
            self.pictures.draw(count, generator)[:, :3], scale_factor=SIZE / CELLS, mode="bilinear", align_corners=False
        )
        which = uniform(1, 1, 1)
        return torch.where(which < 0.45, plain, torch.where(which < 0.6, striped, photograph))
