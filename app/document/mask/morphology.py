"""Growing, shrinking and softening a mask, in bands so that memory stays small on any picture.

Every function is a generator of boxes and their new content. It reads the mask as it was
before even while the caller writes each box as it comes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from app.document.pixels import Box, bounds, crop, grown, is_empty, pieces

MAX_REACH = 1000
"""The most pixels a mask's edge can be moved or softened by at once."""

Mask: TypeAlias = NDArray[np.uint8]
Content: TypeAlias = Iterator[tuple[Box, Mask]]

_SIDE = 512  # of the tiles worked on, at least
_EXACT = 20  # px up to which a Gaussian is quick enough


def grow(mask: Mask, px: int) -> Content:
    """Full coverage up to ``px`` pixels (Euclidean, between centres) from what is above 127.

    One pixel farther it has faded to nothing; nothing gets less than it was. Exact distances
    (Felzenszwalb and Huttenlocher, "Distance transforms of sampled functions", 2012).
    """
    _check(px)
    size = (mask.shape[1], mask.shape[0])

    def near(around: Mask, inner: Box) -> Mask:
        old = crop(around, inner)
        away = np.where(around > 127, np.uint8(0), np.uint8(1))
        if away.all():
            return old.copy()
        distance = crop(cv2.distanceTransform(away, cv2.DIST_L2, cv2.DIST_MASK_PRECISE), inner)
        return np.maximum(old, _edge(px + 1 - distance))

    return _local(mask, grown(bounds(mask, 127), px + 1, size), px + 1, near)


def shrink(mask: Mask, px: int) -> Content:
    """What ``grow`` does to the mask, done to the rest of the picture: 255 - grow(255 - mask).

    Outside the picture counts as masked.
    """
    _check(px)

    def far(around: Mask, inner: Box) -> Mask:
        old = crop(around, inner)
        within = np.where(around > 127, np.uint8(1), np.uint8(0))
        if within.all():
            return old.copy()
        distance = crop(cv2.distanceTransform(within, cv2.DIST_L2, cv2.DIST_MASK_PRECISE), inner)
        return np.minimum(old, 255 - _edge(px + 1 - distance))

    return _local(mask, bounds(mask), px + 1, far)


def feather(mask: Mask, px: int) -> Content:
    """The mask blurred by a Gaussian of sigma ``px`` / 2; the picture's outermost pixels go on outside it.

    A wide one is three means over squares, whose cost does not grow with it and which differ
    by some levels at most (Kovesi, "Fast almost-Gaussian filtering", 2010).
    """
    _check(px)
    size = (mask.shape[1], mask.shape[0])
    if px > _EXACT:
        sides = _mean_sides(px / 2)
        return _local(mask, grown(bounds(mask), sum(sides) // 2, size), sum(sides) // 2, partial(_means, sides))
    reach = math.ceil(1.5 * px)  # three sigma
    kernel = (2 * reach + 1, 2 * reach + 1)

    def blurred(around: Mask, inner: Box) -> Mask:
        soft = np.asarray(cv2.GaussianBlur(around, kernel, px / 2, borderType=cv2.BORDER_REPLICATE), np.uint8)
        return crop(soft, inner).copy()

    return _local(mask, grown(bounds(mask), reach, size), reach, blurred)


def _mean_sides(sigma: float) -> list[int]:
    """The odd sides of three squares, the means over which together have about this sigma."""
    lower = int(math.sqrt(4 * sigma**2 + 1))
    lower -= 1 - lower % 2
    count = round((12 * sigma**2 - 3 * lower**2 - 12 * lower - 9) / (-4 * lower - 4))
    return [lower if number < count else lower + 2 for number in range(3)]


def _means(sides: list[int], around: Mask, inner: Box) -> Mask:
    # All that is seen beyond the picture's edge at once: means of means would see something else there.
    reach = sum(sides) // 2
    soft = np.asarray(cv2.copyMakeBorder(around, reach, reach, reach, reach, cv2.BORDER_REPLICATE), np.uint8)
    # In 16 bits: three roundings would show as bands.
    soft = np.multiply(soft, 257, dtype=np.uint16)
    for side in sides:
        soft = np.asarray(cv2.blur(soft, (side, side), borderType=cv2.BORDER_REPLICATE), np.uint16)
    box = (inner[0] + reach, inner[1] + reach, inner[2] + reach, inner[3] + reach)
    found: Mask = np.rint(crop(soft, box) / np.float32(257)).astype(np.uint8)
    return found


def _check(px: int) -> None:
    if not 1 <= px <= MAX_REACH:
        raise ValueError(f"{px} pixels is not within 1..{MAX_REACH}")


def _edge(amount: NDArray[Any]) -> Mask:
    edge: Mask = np.rint(np.clip(amount, 0, 1) * 255).astype(np.uint8)
    return edge


def _local(mask: Mask, box: Box, reach: int, work: Callable[[Mask, Box], Mask]) -> Content:
    """New content of a box by work that looks no farther than ``reach``.

    ``work`` gets a part of the mask and the box inside it to answer. Each row of tiles is
    handed out when the next is done, which needs its content of before.
    """
    if is_empty(box):
        return
    side = max(_SIDE, -(-4 * reach // _SIDE) * _SIDE)  # else the overlap costs more than the tiles
    waiting: list[tuple[Box, Mask]] = []
    row = -1
    done: list[tuple[Box, Mask]] = []
    for piece in pieces(box, side):
        if piece[1] // side != row:
            yield from waiting
            row, waiting, done = piece[1] // side, done, []
        wide = grown(piece, reach, (mask.shape[1], mask.shape[0]))
        around = crop(mask, wide)
        # Far from every edge nothing changes: this is most of a large mask.
        if (around != around[0, 0]).any():
            inner = (piece[0] - wide[0], piece[1] - wide[1], piece[2] - wide[0], piece[3] - wide[1])
            done.append((piece, work(around, inner)))
    yield from waiting
    yield from done
