"""Samples: what a layout's hints say of a hole, and what was there; kept in a folder of slices, and varied when used.

A patch fill takes most of the time, some tenths of a second a sample, so samples are made by processes of their own and
used many times, each time turned, mirrored and recoloured differently. Slice ``n`` is a function of the seed and ``n``:
any number of processes may make them side by side.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inference.fill import structured_patch_fill
from inference.layout import Hints, hints_of, in_cells
from inference.runtime import never
from training.config import PrepareLayoutsConfig
from training.layouts.holes import draw_hole
from training.layouts.pictures import Crops, held_out
from training.layouts.scenes import Scenes

SLICE = 8  # samples of a file
SIDE, WINDOW = 160, 128  # pixels of what fills see, and of what a network is given in its middle
RADIUS = 3  # of the patch fill, as in the program
CELLS = WINDOW // 4
NAMES = ("truth", "patches", "edges", "share", "energy", "coherence")


@dataclass(frozen=True)
class Samples:
    """``truth (B, 3, n, n)`` in [-1, 1], and the hints of its hole."""

    truth: Tensor
    hints: Hints

    @classmethod
    def of(cls, tensors: dict[str, Tensor]) -> Samples:
        values = {name: tensors[name].float() for name in NAMES}
        truth = values.pop("truth")
        return cls(truth, Hints(**values))

    def tensors(self) -> dict[str, Tensor]:
        return dict(zip(NAMES, (self.truth, *self.hints.tensors()), strict=True))


def make_slice(crops: Crops, scenes: Scenes, scene_share: float, seed: int, number: int) -> Samples:
    """:data:`SLICE` samples: photographs and drawn scenes with a hole each, its patch fill, its fill along edges."""
    margin = (SIDE - WINDOW) // 2
    pictures, patched, holes = [], [], []
    for index in range(SLICE):
        rng = np.random.default_rng([seed, number, index])
        source = scenes if rng.random() < scene_share else crops
        picture, hole = source.draw(SIDE, rng), np.zeros((SIDE, SIDE), bool)
        middle = slice(margin, margin + WINDOW)
        hole[middle, middle] = draw_hole(np.ascontiguousarray(picture[middle, middle]), rng)
        damaged = np.where(hole[..., None], 127, picture).astype(np.uint8)
        pictures.append(picture)
        holes.append(hole[..., None])
        seed_of_fill = int(rng.integers(1 << 30))
        patched.append(structured_patch_fill(damaged, hole, radius=RADIUS, seed=seed_of_fill, check=never))
    truth, fills, unknown = (_stacked(arrays) for arrays in (pictures, patched, holes))
    hints = hints_of(torch.where(unknown > 0, torch.zeros_like(truth), truth), fills, unknown)
    first, last = margin // 4, margin // 4 + CELLS
    tensors = Samples(in_cells(truth), hints).tensors()
    return Samples.of({name: values[..., first:last, first:last] for name, values in tensors.items()})


def _stacked(arrays: list[NDArray[np.uint8]] | list[NDArray[np.bool_]]) -> Tensor:
    return torch.from_numpy(np.stack(arrays)).permute(0, 3, 1, 2).float()


def prepare_layouts(config: PrepareLayoutsConfig) -> int:
    """Write the slices that are not there yet; returns how many were made."""
    torch.set_num_threads(1)
    config.out.mkdir(parents=True, exist_ok=True)
    crops = Crops(config.photos, held_out())
    scenes, made = Scenes(crops), 0
    for number in range(config.first, config.slices, config.every):
        path = config.out / f"{number:06d}.npz"
        if path.exists():
            continue
        samples = make_slice(crops, scenes, config.scene_share, config.seed, number)
        partial = path.with_suffix(f".{config.first}.partial")
        arrays: dict[str, Any] = {name: values.half().numpy() for name, values in samples.tensors().items()}
        with partial.open("wb") as file:
            np.savez(file, **arrays)
        partial.replace(path)
        made += 1
    print(f"{made} slices made, {config.out}")
    return made


class Pool:
    """All samples of a folder, those that come later too."""

    def __init__(self, folder: Path, device: torch.device) -> None:
        self.folder, self.device = folder, device
        self.slices: dict[str, dict[str, Tensor]] = {}
        self.refresh()
        if not self.slices:
            raise ValueError(f"there are no samples in {folder}: make some with prepare-layouts")

    def refresh(self) -> None:
        """Read the slices written since."""
        for path in sorted(self.folder.glob("*.npz")):
            if path.name not in self.slices:
                with np.load(path) as kept:
                    self.slices[path.name] = {name: torch.from_numpy(kept[name]).to(self.device) for name in NAMES}

    def __len__(self) -> int:
        return len(self.slices) * SLICE

    def all(self) -> Samples:
        kept = list(self.slices.values())
        return Samples.of({name: torch.cat([one[name] for one in kept]) for name in NAMES})

    def draw(self, count: int, generator: torch.Generator) -> Samples:
        """Any ``count`` samples, as they are."""
        kept = list(self.slices.values())
        chosen = torch.randint(len(self), (count,), generator=generator).tolist()
        return Samples.of({name: torch.stack([kept[n // SLICE][name][n % SLICE] for n in chosen]) for name in NAMES})


def varied(samples: Samples, generator: torch.Generator) -> Samples:
    """In one of eight positions; colours of every sample exchanged, inverted, brighter or darker; all tensors alike."""
    count = len(samples.truth)

    def uniform(*shape: int) -> Tensor:
        return torch.rand(count, *shape, generator=generator)

    turned, mirrored, upside_down = (torch.rand(3, generator=generator) < 0.5).tolist()
    order = torch.argsort(uniform(3), 1)[:, :, None, None]
    kept, inverted = uniform(1, 1, 1) < 0.6, uniform(1, 1, 1) < 0.15
    gain = (0.75 + 0.45 * uniform(1, 1, 1)) * torch.where(inverted, -1.0, 1.0)
    shift = 0.3 * (uniform(3, 1, 1) - 0.5)

    def vary(values: Tensor) -> Tensor:
        values = values.transpose(2, 3) if turned else values
        values = values.flip(3) if mirrored else values
        values = values.flip(2) if upside_down else values
        if values.shape[1] != 3:
            return values
        exchanged = torch.gather(values, 1, order.to(values.device).expand_as(values))
        values = torch.where(kept.to(values.device), values, exchanged)
        return values * gain.to(values) + shift.to(values)

    return Samples.of({name: vary(values) for name, values in samples.tensors().items()})
