"""Training samples for the U-Net: a picture, its hole, and a category.

"Background" samples have a hole to be filled with background: random holes that leave objects alone, and holes in
the shape of an object over a clean picture. In "foreground" samples the hole covers an object that must be
reconstructed. Objects are known from segmentation masks where given, and from pasted cut-outs.
"""

from __future__ import annotations

import time
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.config import PrepareConfig
from training.data.masks import LEAST, MOST, object_mask, one_object, random_mask
from training.data.photos import Photographs, Picture, PictureFiles, read_cutouts

BACKGROUND, FOREGROUND = 0, 1
SHARD = 64
KEYS = ("picture", "mask", "label")

Sample = dict[str, NDArray[np.uint8]]


def paste(picture: Picture, cutout: NDArray[np.uint8], rng: np.random.Generator) -> tuple[Picture, NDArray[np.uint8]]:
    """Lay an RGBA cut-out somewhere over ``picture``; returns the new picture and the alpha ``(H, W)``."""
    size = picture.shape[0]
    side = max(24, int(size * rng.uniform(0.2, 0.62)))
    scale = side / max(cutout.shape[:2])
    shape = (max(8, int(cutout.shape[1] * scale)), max(8, int(cutout.shape[0] * scale)))
    thing = cv2.resize(cutout, shape, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    if rng.random() < 0.5:
        thing = thing[:, ::-1]
    height, width = thing.shape[:2]
    y, x = rng.integers(0, size - height + 1), rng.integers(0, size - width + 1)
    alpha = np.zeros((size, size), np.uint8)
    alpha[y : y + height, x : x + width] = thing[..., 3]
    layer = np.zeros_like(picture)
    layer[y : y + height, x : x + width] = thing[..., :3]
    share = alpha[..., None].astype(np.float32) / 255
    return np.rint(picture * (1 - share) + layer * share).astype(np.uint8), alpha


def _from_segments(
    segments: NDArray[np.uint8], size: int, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], int] | None:
    """A hole over one of a picture's own objects, or beside all of them; None where neither works out."""
    thing = one_object(segments, rng)
    if thing is not None and rng.random() < 0.4:
        mask = object_mask(thing, rng)
        if rng.random() < 0.5:  # a part of the object stays in sight
            mask &= random_mask(size, rng)
        return mask, FOREGROUND
    if thing is not None and rng.random() < 0.5:  # an object's shape, where no object is
        mask = np.roll(object_mask(thing, rng), rng.integers(size, size=2), (0, 1))
    else:
        mask = random_mask(size, rng)
    return np.where(segments > 127, 0, mask).astype(np.uint8), BACKGROUND


def make_sample(
    photos: Photographs,
    cutouts: list[NDArray[np.uint8]],
    size: int,
    rng: np.random.Generator,
) -> Sample:
    """One sample: ``picture (size, size, 3)``, ``mask (size, size)``, ``label ()``."""
    while True:
        crop = photos.crop(size, rng)
        picture, segments = np.ascontiguousarray(crop[..., :3]), crop[..., 3:]
        kind, label = rng.random(), BACKGROUND
        if segments.size and (segments > 127).any():
            drawn = _from_segments(segments[..., 0], size, rng)
            if drawn is None:
                continue
            mask, label = drawn
        elif cutouts and kind < 0.25:
            picture, alpha = paste(picture, cutouts[rng.integers(len(cutouts))], rng)
            mask, label = object_mask(alpha, rng), FOREGROUND
            if rng.random() < 0.5:  # a part of the object stays in sight
                mask &= random_mask(size, rng)
        elif cutouts and kind < 0.6:
            _, alpha = paste(picture, cutouts[rng.integers(len(cutouts))], rng)
            mask = object_mask(alpha, rng)
        else:
            mask = random_mask(size, rng)
        if LEAST / 2 < (mask > 0).mean() <= MOST:
            break
    return {"picture": picture, "mask": mask, "label": np.asarray(label, np.uint8)}


def vary(sample: Sample, size: int, rng: np.random.Generator) -> Sample:
    """The sample turned, mirrored, its colours scaled; a smaller ``size`` is cropped where there is a hole."""
    planes = {key: sample[key] for key in ("picture", "mask")}
    mask = sample["mask"]
    if size < len(mask):
        ys, xs = np.nonzero(mask)
        for _ in range(4):  # rather a crop that is not mostly hole
            at = rng.integers(len(ys))
            y = int(np.clip(ys[at] - rng.integers(size), 0, len(mask) - size)) // 8 * 8
            x = int(np.clip(xs[at] - rng.integers(size), 0, len(mask) - size)) // 8 * 8
            if (mask[y : y + size, x : x + size] > 0).mean() < 0.55:
                break
        planes = {key: plane[y : y + size, x : x + size] for key, plane in planes.items()}
    mirrored, flipped, turned = rng.random(3) < 0.5
    if mirrored:
        planes = {key: plane[:, ::-1] for key, plane in planes.items()}
    if flipped:
        planes = {key: plane[::-1] for key, plane in planes.items()}
    if turned:
        planes = {key: plane.swapaxes(0, 1) for key, plane in planes.items()}
    varied = {**{key: np.ascontiguousarray(plane) for key, plane in planes.items()}, "label": sample["label"]}
    return recoloured(varied, rng)


def recoloured(sample: Sample, rng: np.random.Generator) -> Sample:
    """Every other sample with its colours scaled, and every other with its channels exchanged."""
    channels = rng.permutation(3) if rng.random() < 0.5 else np.arange(3)
    gain = np.ones(3)
    if rng.random() < 0.5:
        gain = rng.uniform(0.75, 1.2) * rng.uniform(0.92, 1.08, 3)
    table = np.clip(np.arange(256)[:, None] * gain, 0, 255).astype(np.uint8)  # (256, 3)
    return {**sample, "picture": np.stack([table[sample["picture"][..., c], c] for c in channels], -1)}


def shrunk(sample: Sample, factor: int) -> Sample:
    """Every ``factor`` pixels made one; a hole is what a pixel of the hole is in."""
    if factor == 1:
        return sample
    side = len(sample["mask"]) // factor
    mask = sample["mask"].reshape(side, factor, side, factor).max((1, 3))
    picture = cv2.resize(sample["picture"], (side, side), interpolation=cv2.INTER_AREA)
    return {"picture": np.asarray(picture, dtype=np.uint8), "mask": mask, "label": sample["label"]}


def prepare(config: PrepareConfig) -> None:
    """Write shards of 64 samples to ``config.out``; those already there are kept.

    A shard is a function of the seed and its number alone. Files that can't be read are listed in ``skipped.txt``.
    """
    if config.photos is None:
        raise ValueError("prepare needs photographs: --photos FOLDER")
    kept = config.kept or config.size
    if config.size % kept:
        raise ValueError(f"samples of {config.size} px can't be kept at {kept} px: it is no divisor")
    source = Photographs(PictureFiles(config.photos, config.segments), smallest=config.size)
    things = read_cutouts(config.cutouts)
    config.out.mkdir(parents=True, exist_ok=True)
    cv2.setNumThreads(1)
    for index in range(config.shards):
        path = config.out / f"{config.seed:02d}-{index:04d}.npz"
        if path.exists():
            continue
        start = time.monotonic()
        rng = np.random.default_rng([config.seed, index])
        samples = [shrunk(make_sample(source, things, config.size, rng), config.size // kept) for _ in range(SHARD)]
        _write(path, samples)
        rate = SHARD / (time.monotonic() - start)
        left = (config.shards - index - 1) * SHARD / rate / 60
        print(f"{path.name}: {rate:.1f} samples/s, {left:.0f} min left", flush=True)
    if source.skipped:
        (config.out / "skipped.txt").write_text("\n".join(source.skipped) + "\n", encoding="utf-8")
        print(f"skipped {len(source.skipped)} files, listed in {config.out / 'skipped.txt'}:")
        print("\n".join(f"  {line}" for line in source.skipped[:10]))


def _write(path: Path, samples: list[Sample]) -> None:
    temporary = path.with_suffix(".partial")
    with temporary.open("wb") as file:
        np.savez(file, allow_pickle=False, **{k: np.stack([s[k] for s in samples]) for k in samples[0]})
    temporary.replace(path)
