"""Growing a mask towards one side, as far as the shadow or the reflection of a thing goes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from app.document.pixels import Box, bounds, crop, intersect, is_empty, pieces, union

FARTHEST = 4000
"""The most pixels a mask can be grown by towards one side."""

_TILE = 512


def grow_towards(mask: NDArray[np.uint8], dx: float, dy: float) -> Iterator[tuple[Box, NDArray[np.uint8]]]:
    """The mask drawn along an arrow of (dx, dy) pixels: everything it covers on its way from here to there.

    Yields boxes with their new content. Takes log2 of the length in steps, each over what the mask
    passes. Raises ``ValueError`` for an arrow longer than ``FARTHEST`` or not finite.
    """
    length = float(np.hypot(dx, dy))
    if not length <= FARTHEST:
        raise ValueError(f"({dx}, {dy}) is not an arrow up to {FARTHEST} pixels long")
    start = bounds(mask)
    if is_empty(start) or length < 0.5:
        return
    x, y = round(dx), round(dy)
    end = start[0] + x, start[1] + y, start[2] + x, start[3] + y
    window = intersect(union(start, end), (0, 0, mask.shape[1], mask.shape[0]))
    drawn = crop(mask, window).copy()
    # Drawn along ``done`` of ``steps`` single steps; itself moved on doubles that.
    steps, done = max(abs(x), abs(y)), 0
    at = 0, 0
    while done < steps:
        more = min(done + 1, steps - done)
        goal = round(dx * (done + more) / steps), round(dy * (done + more) / steps)
        _lay_moved(drawn, goal[0] - at[0], goal[1] - at[1])
        at, done = goal, done + more
    for piece in pieces(window, _TILE):
        inner = piece[0] - window[0], piece[1] - window[1], piece[2] - window[0], piece[3] - window[1]
        yield piece, crop(drawn, inner)


def _lay_moved(plane: NDArray[np.uint8], dx: int, dy: int) -> None:
    """The larger of an array and itself moved, in place."""
    height, width = plane.shape
    if abs(dx) >= width or abs(dy) >= height:
        return
    source = plane[max(-dy, 0) : height - max(dy, 0), max(-dx, 0) : width - max(dx, 0)].copy()
    goal = plane[max(dy, 0) : height - max(-dy, 0), max(dx, 0) : width - max(-dx, 0)]
    np.maximum(goal, source, out=goal)
