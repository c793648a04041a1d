"""Large holes at the model's native size: overlapping tiles over an enlarged coarse result."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

OVERLAP = 0.25  # share of a tile's side that it has in common with the next
MOST = 48  # tiles; where more would be needed they are laid over a smaller picture


def axis_starts(low: int, high: int, side: int, limit: int) -> list[int]:
    """Starts of spans of ``side`` that cover ``low..high`` evenly within ``0..limit``, overlapping.

    ``side`` is at most ``limit``. The spans overlap by a quarter of their side or more.
    """
    length = high - low
    if length <= side:
        start = (low + high - side) // 2
        return [min(max(start, 0), limit - side)]
    count = int(np.ceil((length - side * OVERLAP) / (side * (1 - OVERLAP))))
    starts = np.linspace(low, high - side, max(count, 2)).round().astype(int)
    return [int(min(max(start, 0), limit - side)) for start in starts]


def plan_tiles(hole: NDArray[np.bool_], side: int) -> list[tuple[int, int]]:
    """Corners ``(y, x)`` of tiles of ``side`` pixels that cover ``hole (H, W)``; ``side`` is at most H and W.

    Tiles without a part of the hole are left out. Row by row.
    """
    rows, columns = np.flatnonzero(hole.any(1)), np.flatnonzero(hole.any(0))
    if not len(rows):
        return []
    ys = axis_starts(int(rows[0]), int(rows[-1]) + 1, side, hole.shape[0])
    xs = axis_starts(int(columns[0]), int(columns[-1]) + 1, side, hole.shape[1])
    return [(y, x) for y in ys for x in xs if hole[y : y + side, x : x + side].any()]


def tiled_side(box: tuple[int, int], full: int, native: int) -> int:
    """The side to which a square of ``full`` pixels is brought so that at most ``MOST`` tiles cover its hole.

    ``box (h, w)``: the hole's bounds in pixels of the full square.
    """
    side = full
    while True:
        scale = side / full
        counts = [len(axis_starts(0, max(1, round(n * scale)), native, max(side, native))) for n in box]
        if counts[0] * counts[1] <= MOST or side <= native:
            return max(side, native)
        side = side * 9 // 10


def feather(side: int, at_edge: tuple[bool, bool, bool, bool]) -> NDArray[np.float32]:
    """``(side, side)`` weights: 1 in the middle, falling to 0 over an eighth of the side.

    ``at_edge``: whether the tile's top, bottom, left and right lie at the picture's edge, where none falls.
    """
    ramp = np.clip((np.arange(side) + 0.5) / (side / 8), 0, 1)
    ramp = ramp * ramp * (3 - 2 * ramp)
    top, bottom, left, right = at_edge
    one = np.ones(side)
    down = np.minimum(one if top else ramp, one if bottom else ramp[::-1])
    across = np.minimum(one if left else ramp, one if right else ramp[::-1])
    return np.asarray(down[:, None] * across[None], dtype=np.float32)
