"""Random masks, after the released training settings; lengths there are for 512 px and scale with the size."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.uint8]  # (size, size), 0 keep, 255 hole


def strokes(size: int, rng: np.random.Generator, count: tuple[int, int], width: int, length: int) -> Mask:
    """``count`` broken lines of up to ``width`` px and segments of up to ``length`` px (at 512)."""
    mask = np.zeros((size, size), np.uint8)
    scale = size / 512
    for _ in range(rng.integers(count[0], count[1] + 1)):
        point = rng.uniform(0, size, 2)
        thick = max(1, round(rng.uniform(0.15, 1) * width * scale))
        angle = rng.uniform(0, 2 * np.pi)
        for _ in range(rng.integers(1, 5)):
            angle += rng.normal(0, 0.9)
            end = point + rng.uniform(0.1, 1) * length * scale * np.array([np.cos(angle), np.sin(angle)])
            cv2.line(mask, tuple(map(int, point)), tuple(map(int, end)), 255, thick, cv2.LINE_8)
            cv2.circle(mask, tuple(map(int, end)), thick // 2, 255, -1)
            point = np.clip(end, 0, size)
    return mask


def boxes(size: int, rng: np.random.Generator, count: tuple[int, int], sides: tuple[int, int]) -> Mask:
    mask = np.zeros((size, size), np.uint8)
    scale = size / 512
    for _ in range(rng.integers(count[0], count[1] + 1)):
        height, width = (rng.integers(sides[0], sides[1] + 1, 2) * scale).astype(int)
        y, x = rng.integers(0, size, 2)
        mask[max(0, y - height // 2) : y + height // 2 + 1, max(0, x - width // 2) : x + width // 2 + 1] = 255
    return mask


def random_mask(size: int, rng: np.random.Generator) -> Mask:
    """Brush strokes, thin or thick ones, or boxes; between 1% and 50% of the square."""
    while True:
        kind = rng.random()
        if kind < 0.5:
            mask = strokes(size, rng, (1, 6), 100, 200)
            if rng.random() < 0.3:
                mask |= boxes(size, rng, (1, 2), (30, 150))
        elif kind < 0.6:
            mask = strokes(size, rng, (4, 30), 20, 200)
        elif kind < 0.85:
            mask = strokes(size, rng, (1, 2), 250, 120)
        else:
            mask = boxes(size, rng, (1, 3), (60, 300))
        if 0.01 <= (mask > 0).mean() <= 0.5:
            return mask


def object_mask(alpha: NDArray[np.uint8], rng: np.random.Generator) -> Mask:
    """The hole somebody would brush over an object: its silhouette, grown unevenly."""
    reach = int(rng.integers(2, 9))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    hole = cv2.dilate(np.where(alpha > 20, 255, 0).astype(np.uint8), kernel)
    if rng.random() < 0.5:
        hole = cv2.morphologyEx(hole, cv2.MORPH_CLOSE, np.ones((15, 15), np.uint8))
    return np.asarray(hole, dtype=np.uint8)
