"""Samples: a layout, its hole, and the fills that are its hints; drawn freshly, and varied whenever they are used.

On a graphics card every sample is used once. On a processor a sample's hints cost several times what learning from it
does, so each is used ``reuse`` times, turned, mirrored and recoloured differently: a ring of the last slices is kept,
and a batch drawn from it. What a step sees is a function of the seed and the step, as everywhere in a training.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import torch
from torch import Tensor

from inference.layout import edge_fill, harmonic_fill, patch_fill_layouts
from training.layouts.holes import draw_holes
from training.layouts.pictures import PictureLayouts
from training.layouts.scenes import Scenes

CHUNK = 64  # layouts whose hints are made at once
RING = 48  # slices that batches are drawn from


@dataclass(frozen=True)
class Samples:
    """``layout (B, 4, n, n)``, ``hole (B, 1, n, n)``; fills of the layout: ``smooth``, ``edges``, ``patches``."""

    layout: Tensor
    hole: Tensor
    smooth: Tensor
    edges: Tensor
    patches: Tensor

    def tensors(self) -> tuple[Tensor, ...]:
        return self.layout, self.hole, self.smooth, self.edges, self.patches


def filled(layout: Tensor, hole: Tensor) -> Samples:
    """A sample of every layout and hole, with its fills."""
    parts = []
    for first in range(0, len(layout), CHUNK):
        some, holes = layout[first : first + CHUNK], hole[first : first + CHUNK]
        edges = edge_fill(some, holes)
        parts.append((some, holes, harmonic_fill(some, holes), edges, patch_fill_layouts(some, holes, edges)))
    return Samples(*(torch.cat(tensors) for tensors in zip(*parts, strict=True)))


def varied(samples: Samples, generator: torch.Generator) -> Samples:
    """Every sample in one of eight positions, its colours exchanged, brighter or darker; all its tensors alike."""
    layout = samples.layout
    count, device = len(layout), layout.device

    def coin(share: float) -> Tensor:
        return (torch.rand(count, generator=generator, device=device) < share)[:, None, None, None]

    turned, mirrored, upside_down, exchanged, toned = coin(0.3), coin(0.5), coin(0.25), coin(0.3), coin(0.5)
    order = torch.argsort(torch.rand(count, 3, generator=generator, device=device), 1)[:, :, None, None]
    gain = 0.7 + 0.5 * torch.rand(count, 1, 1, 1, generator=generator, device=device)
    shift = 0.3 * (torch.rand(count, 3, 1, 1, generator=generator, device=device) - 0.5)

    def vary(values: Tensor) -> Tensor:
        values = torch.where(turned, values.transpose(2, 3), values)
        values = torch.where(mirrored, values.flip(3), values)
        values = torch.where(upside_down, values.flip(2), values)
        if values.shape[1] == 1:
            return values
        colours = values[:, :3]
        colours = torch.where(exchanged, torch.gather(colours, 1, order.expand_as(colours)), colours)
        colours = torch.where(toned, colours * gain + shift, colours)
        return torch.cat([colours, values[:, 3:]], 1)

    return Samples(*(vary(values) for values in samples.tensors()))


class Stream:
    """The samples of a training's steps."""

    def __init__(
        self, pictures: PictureLayouts, scenes: Scenes, *, batch: int, scene_share: float, reuse: int, seed: int
    ) -> None:
        if batch % reuse:
            raise ValueError(f"a batch of {batch} is no multiple of the {reuse} times that samples are used")
        self.pictures, self.scenes, self.seed = pictures, scenes, seed
        self.batch, self.fresh, self.reuse, self.scene_share = batch, batch // reuse, reuse, scene_share
        self.ring: deque[tuple[int, Samples]] = deque(maxlen=RING if reuse > 1 else 1)

    def _generator(self, kind: int, step: int) -> torch.Generator:
        generator = torch.Generator(self.pictures.device)
        return generator.manual_seed((self.seed * 2 + kind) * 1_000_003 + step)

    def _slice(self, step: int) -> Samples:
        generator = self._generator(0, step)
        drawn = int((torch.rand(self.fresh, generator=generator, device=self.pictures.device) < self.scene_share).sum())
        parts = [self.pictures.draw(self.fresh - drawn, generator)] if drawn < self.fresh else []
        if drawn:
            parts.append(self.scenes.draw(drawn, generator))
        return filled(torch.cat(parts), draw_holes(self.fresh, self.pictures.device, generator))

    def draw(self, step: int) -> tuple[Samples, torch.Generator]:
        """The batch of ``step``, and the generator for all else that is random in it; steps are asked for in order."""
        depth = self.ring.maxlen or 1
        last = self.ring[-1][0] if self.ring else -1
        for missing in range(max(last + 1, step - depth + 1, 0), step + 1):
            self.ring.append((missing, self._slice(missing)))
        generator = self._generator(1, step)
        if self.reuse == 1:
            return varied(self.ring[-1][1], generator), generator
        held = [torch.cat(tensors) for tensors in zip(*(s.tensors() for _, s in self.ring), strict=True)]
        count = len(held[0])
        chosen = torch.randperm(count, generator=generator, device=held[0].device)
        chosen = chosen.repeat(-(-self.batch // count))[: self.batch]
        return varied(Samples(*(tensor[chosen] for tensor in held)), generator), generator
