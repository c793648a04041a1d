"""Dust and scratches of scans: small spots and thin streaks that stand out from smooth surroundings."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from app.document.mask.segments import Segment, segment_of
from app.document.pixels import Box, Pixels, crop, grown, pieces

MOST_SPECKS = 2000
"""As many are answered at most, the clearest first."""

_TILE = 2048
_OVERLAP = 96  # px around a tile that are looked at, too
_MEDIAN = 21  # px: larger spots are things
_AROUND = 61  # px over which a picture's own grain is measured
_CLEAR = 14.0  # of 255 levels a speck differs by, at least
_ABOVE_GRAIN = 6.0
_LARGEST = 60  # px, the longer side of a spot
_THINNEST = 5.0  # px a streak is wide on average, at most
_MARGIN = 2  # px around a speck: what lies beside it is tinted by it
_SMOOTHER = 3.5  # times as clear as its surroundings vary
_RING = 5  # px around that, which must be smooth


def find_specks(pixels: Pixels) -> list[Segment]:
    """Spots up to 60 px and streaks up to 5 px wide that differ from smooth surroundings, the clearest first.

    ``pixels`` is (H, W, 3 or 4) uint8 or uint16. In texture, where specks are not seen either, nothing is found.
    """
    height, width = pixels.shape[:2]
    found: list[tuple[float, Segment]] = []
    for tile in pieces((0, 0, width, height), _TILE):
        wide = grown(tile, _OVERLAP, (width, height))
        part = crop(pixels, wide)[..., :3]
        rgb = np.ascontiguousarray(part if part.dtype == np.uint8 else (part >> 8).astype(np.uint8))
        found += [(clear, speck) for clear, speck in _in_tile(rgb, wide) if _middle_in(speck.box, tile)]
    found.sort(key=lambda one: -one[0])
    return [speck for _, speck in found[:MOST_SPECKS]]


def _in_tile(rgb: NDArray[np.uint8], at: Box) -> Iterator[tuple[float, Segment]]:
    """How clear each speck is, and the speck, in the picture's pixels."""
    height, width = rgb.shape[:2]
    smooth = cv2.medianBlur(rgb, _MEDIAN)
    apart = np.asarray(cv2.absdiff(rgb, smooth), np.uint8).max(axis=2)
    grain = np.asarray(cv2.blur(apart.astype(np.float32), (_AROUND, _AROUND)))
    spots = (apart > np.maximum(_CLEAR, _ABOVE_GRAIN * grain)).astype(np.uint8)
    spots = np.asarray(cv2.morphologyEx(spots, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)), np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(spots, connectivity=8)
    for number in range(1, count):
        x, y, across, high, size = (int(value) for value in stats[number])
        diagonal = float(np.hypot(across, high))
        if size < 3 or (max(across, high) > _LARGEST and size / diagonal > _THINNEST):
            continue
        box = grown((x, y, x + across, y + high), _MARGIN + _RING, (width, height))
        own = (crop(labels, box) == number).astype(np.uint8)
        covered = np.asarray(cv2.dilate(own, _disc(_MARGIN)), np.uint8)
        ring = (np.asarray(cv2.dilate(covered, _disc(_RING))) > 0) & (covered == 0)
        # Beside a thing's edge or in texture it is no speck.
        inside = crop(apart, box)
        clear = float(inside[own > 0].mean())
        rough = float(crop(rgb, box)[ring].std(axis=0).max()) if ring.any() else 0.0
        if rough * _SMOOTHER > clear:
            continue
        speck = segment_of(covered * np.uint8(255), (box[0] + at[0], box[1] + at[1], box[2] + at[0], box[3] + at[1]))
        if speck is not None:
            yield clear * float(np.sqrt(size)), speck


def _middle_in(box: Box, tile: Box) -> bool:
    x, y = (box[0] + box[2]) // 2, (box[1] + box[3]) // 2
    return tile[0] <= x < tile[2] and tile[1] <= y < tile[3]


def _disc(radius: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1)), np.uint8)
