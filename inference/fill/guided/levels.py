"""A picture with a hole, its guide, and what may be copied, at the sizes that synthesis goes through."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from inference.fill.classical import push_pull
from inference.fill.guided.energy import energy_of_cells, resized
from inference.fill.guided.features import Guide, Weights, guide_features

Float = NDArray[np.float32]
Mask = NDArray[np.bool_]

RADIUS = 3  # of patches
COARSEST = 32  # pixels: least short side of a level
LEAST_SOURCES = 0.05  # share of a reduced level's pixels that must be centres of sources
WHOLE = 0.999  # share of a reduced pixel that must be free for it to be copied
LEAST_TOLD = 0.3  # share of a cell's pixels that must tell its energy


@dataclass(frozen=True)
class Cells:
    """The guide on its own grid, beside the picture as the guide's maker would have seen it."""

    seen: Float  # (h, w, 3 or 4) 0..255
    wanted: Float  # (h, w, 3 or 4) 0..255, ``seen`` outside the hole
    trust: Float  # (h, w) or (H, W), 0..1

    @classmethod
    def of(
        cls, picture: Float, hole: Mask, guide: Float, energy: Float | None, trust: Float | None, blur: float
    ) -> Cells:
        """``picture (H, W, 3)``, ``hole (H, W)``, ``guide (h, w, 3)``, ``energy (h, w)``; ``blur`` in cells."""
        size = guide.shape[0], guide.shape[1]
        touched = resized(hole.astype(np.float32), size)[..., None] > 0
        seen = resized(np.where(hole[..., None], resized(guide, hole.shape), picture), size)
        if blur > 0:
            seen = np.asarray(cv2.GaussianBlur(seen, (0, 0), blur), dtype=np.float32)
        wanted = np.where(touched, guide, seen)
        if energy is not None:
            told, share = energy_of_cells(picture, ~hole, size)
            smooth = push_pull(told[..., None].repeat(3, 2), (share > LEAST_TOLD).astype(np.float32))[..., :1]
            seen = np.concatenate([seen, smooth], 2)
            wanted = np.concatenate([wanted, np.where(touched, energy[..., None], smooth)], 2)
        return cls(seen, wanted.astype(np.float32), np.ones(size, np.float32) if trust is None else trust)

    def at(self, size: tuple[int, int], radius: int, weights: Weights, device: torch.device) -> Guide:
        """The guide of a level of ``size``."""
        seen, wanted = (torch.from_numpy(resized(cells, size)).to(device) for cells in (self.seen, self.wanted))
        trust = torch.from_numpy(np.clip(resized(self.trust, size), 0, 1)).to(device)
        return Guide(
            guide_features(seen, radius, weights),
            guide_features(wanted, radius, weights),
            seen[..., :3].reshape(-1, 3).contiguous(),
            wanted[..., :3].reshape(-1, 3).contiguous(),
            trust.flatten(),
        )


@dataclass(frozen=True)
class Level:
    """The picture at one size, patches of ``radius``."""

    picture: Float  # (h, w, 3) 0..255
    hole: Mask
    usable: Mask  # centres of patches that may be copied whole
    target: Mask  # pixels whose patch touches the hole
    radius: int


def sizes(size: tuple[int, int]) -> list[tuple[int, int]]:
    """``size`` and its halves, down to the least."""
    found = [size]
    while min(found[-1]) / 2 >= COARSEST:
        found.append(((found[-1][0] + 1) // 2, (found[-1][1] + 1) // 2))
    return found


def make_level(picture: Float, hole: Mask, free: Mask, size: tuple[int, int]) -> Level | None:
    """The level of that ``size``, or None where too little may be copied to make one.

    ``free (H, W)``: what may be copied, outside the hole. On the picture's own size smaller patches are taken where
    none of the usual size is free.
    """
    whole = size == hole.shape
    if not whole:
        share, free_share = (resized(mask.astype(np.float32), size) for mask in (~hole, free))
        mean = resized(picture * (~hole)[..., None], size) / np.maximum(share, 1e-3)[..., None]
        picture, hole, free = mean.astype(np.float32), share < 0.5, free_share > WHOLE
    for radius in range(RADIUS, 0 if whole else RADIUS - 1, -1):
        kernel = np.ones((2 * radius + 1,) * 2, np.uint8)
        usable = cv2.erode(np.pad(free & ~hole, radius).astype(np.uint8), kernel)[radius:-radius, radius:-radius] > 0
        usable[:radius] = usable[-radius:] = usable[:, :radius] = usable[:, -radius:] = False
        if usable.any() and (whole or usable.mean() >= LEAST_SOURCES):
            target = np.asarray(cv2.dilate(hole.astype(np.uint8), kernel) > 0)
            return Level(np.ascontiguousarray(picture, np.float32), hole, np.asarray(usable), target, radius)
    return None
