"""Random masks, after the released training settings; lengths there are for 512 px and scale with the size."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.uint8]  # (size, size), 0 keep, 255 hole

STROKE_WIDTH = 26, 44  # of a stroke across an edge, in pixels
LEAST, MOST = 0.01, 0.5  # share of the square that is hole


@dataclass(frozen=True)
class MaskKind:
    """Strokes, and boxes with some probability; lengths in pixels at 512."""

    strokes: tuple[int, int]  # fewest and most
    width: int  # widest
    length: int  # longest segment
    box_share: float  # how often boxes are added
    boxes: tuple[int, int]  # fewest and most
    sides: tuple[int, int]  # shortest and longest


KINDS = {
    "medium": MaskKind((4, 10), 100, 200, 0.3, (1, 3), (30, 150)),
    "thin": MaskKind((4, 70), 20, 200, 0.0, (0, 0), (0, 0)),
    "thick": MaskKind((1, 5), 250, 200, 0.3, (1, 3), (30, 300)),
    "boxes": MaskKind((0, 0), 1, 1, 1.0, (1, 4), (30, 300)),
}
# How often each is drawn in training
SHARES = {"medium": 0.5, "thin": 0.15, "thick": 0.2, "boxes": 0.15}


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


def stroke(
    size: int, through: tuple[float, float], angle: float, length: tuple[float, float], rng: np.random.Generator
) -> NDArray[np.bool_]:
    """One bent stroke of 26 to 44 pixels through a point ``(y, x)``, about in the direction ``angle``.

    ``length``: shortest and longest, in pixels.
    """
    y, x = through
    angle += np.radians(rng.uniform(-25, 25))
    width, half, bend = int(rng.integers(*STROKE_WIDTH)), rng.uniform(*length) / 2, rng.uniform(-18, 18)
    t = np.linspace(-1, 1, 17)
    across, along = bend * t**2, half * t
    points = np.stack(
        [x + along * np.cos(angle) - across * np.sin(angle), y + along * np.sin(angle) + across * np.cos(angle)], 1
    )
    mask = np.zeros((size, size), np.uint8)
    cv2.polylines(mask, [np.rint(points).astype(np.int32)], False, 255, width)
    return np.asarray(mask > 0)


def boxes(size: int, rng: np.random.Generator, count: tuple[int, int], sides: tuple[int, int]) -> Mask:
    """``count`` upright boxes with sides of ``sides`` px (at 512), centred anywhere."""
    mask = np.zeros((size, size), np.uint8)
    scale = size / 512
    for _ in range(rng.integers(count[0], count[1] + 1)):
        height, width = (rng.integers(sides[0], sides[1] + 1, 2) * scale).astype(int)
        y, x = rng.integers(0, size, 2)
        mask[max(0, y - height // 2) : y + height // 2 + 1, max(0, x - width // 2) : x + width // 2 + 1] = 255
    return mask


def random_mask(size: int, rng: np.random.Generator, kind: str | None = None) -> Mask:
    """A mask of one of :data:`KINDS`, or of any of them; between 1% and 50% of the square."""
    while True:
        drawn = kind or str(rng.choice(list(SHARES), p=list(SHARES.values())))
        rule = KINDS[drawn]
        mask = strokes(size, rng, rule.strokes, rule.width, rule.length)
        if rng.random() < rule.box_share:
            mask |= boxes(size, rng, rule.boxes, rule.sides)
        if LEAST <= (mask > 0).mean() <= MOST:
            return mask


def object_mask(alpha: NDArray[np.uint8], rng: np.random.Generator) -> Mask:
    """The hole somebody would brush over an object: its silhouette, grown unevenly."""
    reach = int(rng.integers(2, 9))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    hole = cv2.dilate(np.where(alpha > 20, 255, 0).astype(np.uint8), kernel)
    if rng.random() < 0.5:
        hole = cv2.morphologyEx(hole, cv2.MORPH_CLOSE, np.ones((15, 15), np.uint8))
    return np.asarray(hole, dtype=np.uint8)


def one_object(segments: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8] | None:
    """One connected object of ``segments (H, W)``, 255 where it is; None where there is none of 0.5% to 50%."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats((segments > 127).astype(np.uint8))
    areas = stats[:, cv2.CC_STAT_AREA] / segments.size
    fitting = [index for index in range(1, count) if 0.005 <= areas[index] <= MOST]
    if not fitting:
        return None
    return np.where(labels == rng.choice(fitting), 255, 0).astype(np.uint8)
