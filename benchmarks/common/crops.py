"""Holes whose true content is known, for benchmarks that compare settings."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

SAMPLES = Path(__file__).resolve().parents[2] / "resources" / "samples"
Crop = tuple[NDArray[np.uint8], NDArray[np.uint8]]


def crops(photos: Path, count: int, side: int) -> list[Crop]:
    """``count`` squares of ``side`` pixels with a hole of a disc and a stroke each, at fixed places.

    Pictures are taken in turns from the folder ``photos``; raises ``SystemExit`` for one that can't be read.
    """
    files = sorted(p for p in photos.iterdir() if p.suffix in (".jpg", ".png") and "mask" not in p.name)
    made: list[Crop] = []
    for index in range(count):
        rng = np.random.default_rng(index)
        read = cv2.imread(str(files[index % len(files)]))
        if read is None:
            raise SystemExit(f"{files[index % len(files)]} can't be read")
        y, x = (int(rng.integers(0, max(length - side, 0) + 1)) for length in read.shape[:2])
        square = np.ascontiguousarray(read[y : y + side, x : x + side, ::-1], np.uint8)
        mask = np.zeros(square.shape[:2], np.uint8)
        a, b = ([int(v) for v in rng.integers(side // 6, side - side // 6, 2)] for _ in range(2))
        cv2.circle(mask, a, side // 10, 255, -1)
        cv2.line(mask, a, b, 255, side // 22)
        made.append((square, mask))
    return made
