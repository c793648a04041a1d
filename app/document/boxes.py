"""Boxes in picture pixels: (x0, y0, x1, y1), half open, x to the right and y down."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

Box: TypeAlias = tuple[int, int, int, int]

EMPTY: Box = (0, 0, 0, 0)
"""The box that holds no pixel; every operation that touched nothing answers it."""


def is_empty(box: Box) -> bool:
    """Whether a box holds no pixel."""
    return box[0] >= box[2] or box[1] >= box[3]


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


def tiles(box: Box, side: int) -> Iterator[tuple[int, int]]:
    """The (column, row) of every ``side`` x ``side`` tile that a box touches."""
    if is_empty(box):
        return
    for row in range(box[1] // side, (box[3] - 1) // side + 1):
        for column in range(box[0] // side, (box[2] - 1) // side + 1):
            yield column, row
