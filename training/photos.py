"""Photographs held in memory, and random crops of them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]  # (H, W, 3) RGB
SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp"}


def read_folder(folder: Path, flag: int = cv2.IMREAD_COLOR) -> list[NDArray[np.uint8]]:
    """Every readable picture below ``folder``, sorted by name; others are skipped with a line."""
    pictures = []
    for path in sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES):
        picture = cv2.imread(str(path), flag)
        if picture is None:
            print(f"skipped {path}: not a readable picture")
            continue
        order = cv2.COLOR_BGRA2RGBA if picture.shape[-1] == 4 else cv2.COLOR_BGR2RGB
        pictures.append(np.asarray(cv2.cvtColor(picture, order), dtype=np.uint8))
    return pictures


class Photographs:
    """Random square crops of a list of photographs; larger ones are drawn more often."""

    def __init__(self, pictures: list[Picture], smallest: int) -> None:
        self.pictures = [p for p in pictures if min(p.shape[:2]) >= smallest]
        if not self.pictures:
            raise ValueError(f"no photograph of at least {smallest} pixels")
        weights = np.array([(p.shape[0] * p.shape[1]) ** 0.5 for p in self.pictures])
        self.weights = weights / weights.sum()

    def crop(self, size: int, rng: np.random.Generator, *, least_shrink: float = 1.0) -> Picture:
        """``(size, size, 3)``: a crop of side ``size * least_shrink`` or more, shrunk, turned or mirrored."""
        picture = self.pictures[rng.choice(len(self.pictures), p=self.weights)]
        height, width = picture.shape[:2]
        most = min(height, width)
        least = min(int(size * least_shrink), most)
        side = int(np.exp(rng.uniform(np.log(least), np.log(max(least, min(most, 4 * size))))))
        y, x = rng.integers(height - side + 1), rng.integers(width - side + 1)
        crop = picture[y : y + side, x : x + side]
        if side != size:
            method = cv2.INTER_AREA if side > size else cv2.INTER_CUBIC
            crop = np.asarray(cv2.resize(crop, (size, size), interpolation=method), dtype=np.uint8)
        if rng.random() < 0.5:
            crop = crop[:, ::-1]
        if rng.random() < 0.1:
            crop = np.rot90(crop, int(rng.integers(1, 4)))
        return np.ascontiguousarray(crop)
