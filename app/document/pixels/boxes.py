"""Boxes in picture pixels: (x0, y0, x1, y1), half open, x to the right and y down; and points."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

Box: TypeAlias = tuple[int, int, int, int]
Point: TypeAlias = tuple[float, float]
Number = TypeVar("Number", bound=np.generic)

EMPTY: Box = (0, 0, 0, 0)
"""The box that holds no pixel; every operation that touched nothing answers it."""


def is_empty(box: Box) -> bool:
    """Whether a box holds no pixel."""
    return box[0] >= box[2] or box[1] >= box[3]


def area(box: Box) -> int:
    """Pixels in a box."""
    return max(box[2] - box[0], 0) * max(box[3] - box[1], 0)


def intersect(a: Box, b: Box) -> Box:
    """The pixels in both boxes, ``EMPTY`` when there are none."""
    box = (max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3]))
    return EMPTY if is_empty(box) else box


def union(a: Box, b: Box) -> Box:
    """The smallest box that holds both boxes; an empty one adds nothing."""
    if is_empty(a):
        return EMPTY if is_empty(b) else b
    if is_empty(b):
        return a
    return (min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3]))


def grown(box: Box, by: int, size: tuple[int, int]) -> Box:
    """The box with ``by`` more pixels on every side, inside a picture of (width, height); empty stays empty."""
    if is_empty(box):
        return EMPTY
    return intersect((box[0] - by, box[1] - by, box[2] + by, box[3] + by), (0, 0, *size))


def crop(array: NDArray[Number], box: Box) -> NDArray[Number]:
    """A view of what an (H, W, ...) array holds in a box."""
    return array[box[1] : box[3], box[0] : box[2]]


def bounds(mask: NDArray[Any], above: int = 0) -> Box:
    """The box around everything above a level, found by maxima: quick at any picture size."""
    rows = np.flatnonzero(mask.max(axis=1) > above)
    if rows.size == 0:
        return EMPTY
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    columns = np.flatnonzero(mask[top:bottom].max(axis=0) > above)
    return int(columns[0]), top, int(columns[-1]) + 1, bottom


def tiles(box: Box, side: int) -> Iterator[tuple[int, int]]:
    """The (column, row) of every ``side`` x ``side`` tile that a box touches."""
    if is_empty(box):
        return
    for row in range(box[1] // side, (box[3] - 1) // side + 1):
        for column in range(box[0] // side, (box[2] - 1) // side + 1):
            yield column, row


def pieces(box: Box, side: int) -> Iterator[Box]:
    """A box cut along the grid of ``side`` x ``side`` tiles, row by row."""
    for column, row in tiles(box, side):
        x, y = column * side, row * side
        yield intersect(box, (x, y, x + side, y + side))
