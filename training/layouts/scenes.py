"""Drawn scenes: shapes over each other, shaded, striped or filled from photographs, with long unbroken edges.

Half planes bent and straight, poles and curves, discs, rings and boxes ("dead leaves"), with hard and soft edges and
shadows. They teach what photographs show too seldom: that a line goes on behind whatever hides a part of it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from training.layouts.pictures import Crops

SHAPES = 9
Plane = NDArray[np.float32]


class Scenes:
    """Draws scenes with fillings from ``crops``."""

    def __init__(self, crops: Crops) -> None:
        self.crops = crops

    def draw(self, side: int, rng: np.random.Generator) -> NDArray[np.uint8]:
        """``(side, side, 3)``."""
        line = ((np.arange(side) + 0.5) / side).astype(np.float32)
        x, y = np.meshgrid(line, line)
        image = self._filling(x, y, rng)
        for _ in range(SHAPES):
            outside = _shape(x, y, rng)[..., None]
            soft = 0.004 + (0.06 * rng.random() if rng.random() < 0.3 else 0.0)
            cover = 1 / (1 + np.exp(np.clip(4 * outside / soft, -60, 60)))
            if rng.random() < 0.3:
                image = image * (1 - 0.5 * rng.random() / (1 + np.exp(np.clip(outside / 0.03 - 1, -60, 60))))
            if rng.random() < 0.8:
                image = image + (self._filling(x, y, rng) - image) * cover
        return np.asarray(np.clip(np.rint(image), 0, 255), dtype=np.uint8)

    def _filling(self, x: Plane, y: Plane, rng: np.random.Generator) -> Plane:
        """Gradients, stripes or parts of photographs, ``(side, side, 3)`` 0..255."""
        which = rng.random()
        if which >= 0.6:
            return self.crops.draw(len(x), rng).astype(np.float32)
        first, last, other = 255 * rng.random((3, 3))
        angle, steep = 2 * np.pi * rng.random(), 0.2 + 1.3 * rng.random()
        along = (np.cos(angle) * (x - 0.5) + np.sin(angle) * (y - 0.5)) * steep
        plain = first + (last - first) * np.clip(along + 0.5, 0, 1)[..., None]
        if which >= 0.45:
            turn, frequency = np.pi * rng.random(), 4 + 20 * rng.random()
            wave = np.sin(2 * np.pi * frequency * (np.cos(turn) * x + np.sin(turn) * y))
            plain = np.where((wave > rng.random() - 0.5)[..., None], plain, other)
        return np.asarray(plain, dtype=np.float32)


def _shape(x: Plane, y: Plane, rng: np.random.Generator) -> Plane:
    """Signed distances to the edge of a shape, in sides; negative inside."""
    centre_x, centre_y = 1.2 * rng.random(2) - 0.1
    angle, radius = 2 * np.pi * rng.random(), 0.05 * 12 ** rng.random()
    u = np.cos(angle) * (x - centre_x) + np.sin(angle) * (y - centre_y)
    v = -np.sin(angle) * (x - centre_x) + np.cos(angle) * (y - centre_y)
    aspect, half, bend = 0.3 + 0.7 * rng.random(), radius * (0.06 + 0.35 * rng.random()), 4 * (rng.random() - 0.5)
    kind = rng.integers(5)
    if kind < 2:
        radial = np.sqrt(u * u + (v / aspect) ** 2) - radius
        return np.asarray(radial if kind == 0 else np.abs(radial) - half, dtype=np.float32)
    if kind < 4:
        bent = u + bend * v * v
        return np.asarray(bent if kind == 2 else np.abs(bent) - half, dtype=np.float32)
    return np.asarray(np.maximum(np.abs(u) - radius, np.abs(v) - radius * aspect), dtype=np.float32)
