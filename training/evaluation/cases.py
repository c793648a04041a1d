"""Cases: pictures with holes whose truth is known, given with their masks or drawn with fixed seeds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.config import EvaluateConfig
from training.data import (
    KINDS,
    Photographs,
    PictureFiles,
    Unreadable,
    find_pictures,
    object_mask,
    paste,
    random_mask,
    read_cutouts,
    read_picture,
)
from training.evaluation.metrics import Hole, Picture
from training.evaluation.structures import Structure, structures


@dataclass(frozen=True)
class Case:
    """One picture with a hole."""

    name: str
    truth: Picture
    hole: Hole
    seed: int  # of every method's noise

    @property
    def damaged(self) -> Picture:
        """The truth with its hole grey."""
        return np.where(self.hole[..., None], 127, self.truth).astype(np.uint8)

    @property
    def mask(self) -> NDArray[np.uint8]:
        return np.where(self.hole, 255, 0).astype(np.uint8)


def make_cases(config: EvaluateConfig) -> Iterator[Case]:
    """At most ``config.count`` cases; the same settings give the same ones."""
    if config.masks is not None:
        return _given(config)
    return _structures(config) if config.kind == "structure" else _drawn(config)


def _drawn(config: EvaluateConfig) -> Iterator[Case]:
    source = Photographs(PictureFiles(config.photos, names=config.held_out), smallest=config.size)
    things = read_cutouts(config.cutouts)
    if config.kind == "objects" and not things:
        raise ValueError("masks in the shape of objects need cut-outs: --cutouts FOLDER")
    kinds = [*KINDS, *(["objects"] if things else [])]
    for index in range(config.count):
        rng = np.random.default_rng([config.seed, index])
        truth = np.ascontiguousarray(source.crop(config.size, rng)[..., :3])
        kind = kinds[index % len(kinds)] if config.kind == "mixed" else config.kind
        if kind == "objects":
            mask = object_mask(paste(truth, things[rng.integers(len(things))], rng)[1], rng)
        else:
            mask = random_mask(config.size, rng, kind)
        yield Case(f"{index:03d}", truth, mask > 127, config.seed + index)
    for line in source.skipped:
        print(f"skipped {line}")


def _structures(config: EvaluateConfig) -> Iterator[Case]:
    """Strokes across edges: the clearest of every photograph first, then the second ones, and so on."""
    pictures = PictureFiles(config.photos, names=config.held_out)
    found: list[tuple[int, int, str, Structure]] = []
    for index, path in enumerate(pictures.paths):
        rng = np.random.default_rng([config.seed, index])
        try:
            cut = structures(pictures[index][..., :3], config.size, rng)
        except Unreadable as error:
            pictures.skipped.append(str(error))
            continue
        found += [(rank, index, f"{path.stem}-{rank}", one) for rank, one in enumerate(cut)]
    for line in pictures.skipped:
        print(f"skipped {line}")
    if not found:
        raise ValueError(f"no photograph of {config.photos} has an edge that goes on for a stroke to cross")
    for number, (_, _, name, one) in enumerate(sorted(found, key=lambda entry: entry[:2])[: config.count]):
        yield Case(name, one.truth, one.hole, config.seed + number)


def _given(config: EvaluateConfig) -> Iterator[Case]:
    assert config.masks is not None
    masks = {path.stem: path for path in find_pictures(config.masks)}
    found = 0
    for path in find_pictures(config.photos):
        if found == config.count:
            return
        if path.stem not in masks:
            print(f"skipped {path}: it has no mask in {config.masks}")
            continue
        try:
            truth, hole = read_picture(path), read_picture(masks[path.stem]).max(2) > 127
        except Unreadable as error:
            print(f"skipped {error}")
            continue
        if hole.shape != truth.shape[:2] or not hole.any() or hole.all():
            print(f"skipped {path}: its mask is of another size, empty, or full")
            continue
        truth, hole = _around(truth, hole, config.size)
        yield Case(path.stem, truth, hole, config.seed + found)
        found += 1
    if not found:
        raise ValueError(f"no picture of {config.photos} has a usable mask of its name in {config.masks}")


def _around(truth: Picture, hole: Hole, size: int) -> tuple[Picture, Hole]:
    """A square of ``size`` about the hole's middle, as far as the picture has one; 0: the picture whole."""
    if size == 0 or max(hole.shape) <= size:
        return truth, hole
    cut = []
    for axis, length in enumerate(hole.shape):
        middle = int(np.median(np.nonzero(hole)[axis]))
        first = int(np.clip(middle - size // 2, 0, max(length - size, 0)))
        cut.append(slice(first, min(first + size, length)))
    return np.ascontiguousarray(truth[cut[0], cut[1]]), np.ascontiguousarray(hole[cut[0], cut[1]])
