"""Training samples for the U-Net: a picture, its hole, the hole filled with patches, and a category.

"Background" samples have a hole to be filled with background (random holes, and holes in the shape of an
object over a clean picture); in "foreground" samples the hole covers an object that must be reconstructed.
Patch fills take half a second each, so samples are made once, kept in shards, and varied when drawn.
"""

from __future__ import annotations

import time
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.fill import patch_fill, smooth_fill
from training.masks import object_mask, random_mask
from training.photos import Photographs, Picture, read_folder

BACKGROUND, FOREGROUND = 0, 1
SHARD = 64


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


def make_sample(
    photos: Photographs, cutouts: list[NDArray[np.uint8]], size: int, rng: np.random.Generator
) -> dict[str, NDArray[np.uint8]]:
    """One sample: ``picture``, ``fill`` (size, size, 3), ``mask`` (size, size), ``label`` ()."""
    while True:
        picture = photos.crop(size, rng)
        kind, label = rng.random(), BACKGROUND
        if cutouts and kind < 0.25:
            picture, alpha = paste(picture, cutouts[rng.integers(len(cutouts))], rng)
            mask, label = object_mask(alpha, rng), FOREGROUND
            if rng.random() < 0.5:  # a part of the object stays in sight
                mask &= random_mask(size, rng)
        elif cutouts and kind < 0.6:
            _, alpha = paste(picture, cutouts[rng.integers(len(cutouts))], rng)
            mask = object_mask(alpha, rng)
        else:
            mask = random_mask(size, rng)
        if 0.005 < (mask > 0).mean() <= 0.5:
            break
    hole = mask > 0
    fill = patch_fill(picture, hole, radius=int(rng.integers(2, 6)), seed=int(rng.integers(1 << 31)))
    if rng.random() < 0.1:  # a smooth fill now and then, so that the model does not rely on texture
        fill = smooth_fill(picture, hole)
    return {"picture": picture, "fill": fill, "mask": mask, "label": np.uint8(label)}  # type: ignore[dict-item]


def prepare(photos: Path, cutouts: Path, out: Path, *, shards: int, size: int = 256, seed: int = 0) -> None:
    """Write ``shards`` files of 64 samples each to ``out``; those already there are kept."""
    source = Photographs(read_folder(photos), smallest=size)
    things = read_folder(cutouts, cv2.IMREAD_UNCHANGED)
    things = [t for t in things if t.shape[-1] == 4]
    out.mkdir(parents=True, exist_ok=True)
    cv2.setNumThreads(1)
    for index in range(shards):
        path = out / f"{seed:02d}-{index:04d}.npz"
        if path.exists():
            continue
        start = time.monotonic()
        rng = np.random.default_rng([seed, index])
        samples = [make_sample(source, things, size, rng) for _ in range(SHARD)]
        temporary = path.with_suffix(".partial")
        with temporary.open("wb") as file:
            np.savez(file, **{k: np.stack([s[k] for s in samples]) for k in samples[0]})  # type: ignore[arg-type]
        temporary.replace(path)
        print(f"{path.name}: {SHARD / (time.monotonic() - start):.1f} samples/s", flush=True)


class Pool:
    """Draws varied batches from the shards present; looks for new ones as it goes."""

    def __init__(self, folder: Path, rng: np.random.Generator) -> None:
        self.folder, self.rng = folder, rng
        self.names: set[str] = set()
        self.samples: list[tuple[NDArray[np.uint8], ...]] = []

    def refresh(self) -> int:
        """Read shards not yet held; returns the number of samples held."""
        for path in sorted(self.folder.glob("*.npz")):
            if path.name not in self.names:
                with np.load(path) as shard:
                    arrays = [shard[key] for key in ("picture", "fill", "mask", "label")]
                self.samples.extend(zip(*arrays, strict=True))
                self.names.add(path.name)
        return len(self.samples)

    def draw(self, count: int, size: int | None = None) -> tuple[NDArray[np.uint8], ...]:
        """``picture``, ``fill (B, size, size, 3)``, ``mask (B, size, size)``, ``label (B,)``.

        Turned, mirrored, colours scaled and swapped; a smaller ``size`` is cropped where there is a hole.
        """
        drawn = [self._vary(self.samples[i], size) for i in self.rng.integers(len(self.samples), size=count)]
        return tuple(np.stack(parts) for parts in zip(*drawn, strict=True))

    def _vary(self, sample: tuple[NDArray[np.uint8], ...], size: int | None) -> tuple[NDArray[np.uint8], ...]:
        picture, fill, mask, label = sample
        rng = self.rng
        if size is not None and size < len(mask):
            ys, xs = np.nonzero(mask)
            for _ in range(4):  # rather a crop that is not mostly hole
                at = rng.integers(len(ys))
                y = int(np.clip(ys[at] - rng.integers(size), 0, len(mask) - size)) // 8 * 8
                x = int(np.clip(xs[at] - rng.integers(size), 0, len(mask) - size)) // 8 * 8
                if (mask[y : y + size, x : x + size] > 0).mean() < 0.55:
                    break
            picture, fill, mask = (a[y : y + size, x : x + size] for a in (picture, fill, mask))
        if rng.random() < 0.5:
            picture, fill, mask = picture[:, ::-1], fill[:, ::-1], mask[:, ::-1]
        if rng.random() < 0.25:
            picture, fill, mask = (a.swapaxes(0, 1) for a in (picture, fill, mask))
        if rng.random() < 0.5:
            gain = rng.uniform(0.75, 1.2) * rng.uniform(0.92, 1.08, 3)
            table = np.clip(np.arange(256)[:, None] * gain, 0, 255).astype(np.uint8)  # (256, 3)
            picture, fill = (np.stack([table[a[..., c], c] for c in range(3)], -1) for a in (picture, fill))
        return picture, fill, mask, label
