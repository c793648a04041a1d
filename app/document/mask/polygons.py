"""Polygons as coverage: the exact area of every pixel that a closed outline holds.

Signed areas summed along rows, as font rasterisers do it (Levien, "font-rs", 2015): every
piece of the outline inside one pixel adds what it covers to the right of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from app.document.pixels import Box, Point

_TILE = 256
_FAR = 1e7  # as for strokes: far outside any picture, and finite
_GRID = 1 << 12


def polygon_coverage(points: Sequence[Point], size: tuple[int, int]) -> Iterator[tuple[Box, NDArray[np.uint8]]]:
    """Coverage of a closed polygon in a picture of (width, height), tile by tile.

    Yields boxes inside the picture that the polygon touches, each with coverage 0..255 of the
    box's shape; boxes do not overlap. Windings that are not zero are inside. Cost follows the
    outline and the tiles touched. Raises ``ValueError`` for positions that are not finite.
    """
    for point in points:
        if not (math.isfinite(point[0]) and math.isfinite(point[1])):
            raise ValueError(f"{point} is not a position")
    if len(points) < 3:
        return iter(())
    # On a grid no eye can see, so that no slope is beyond what numbers hold.
    corners = np.rint(np.clip(np.array(points, np.float64), -_FAR, _FAR) * _GRID) / _GRID
    return _tiles(corners, size)


def _tiles(corners: NDArray[np.float64], size: tuple[int, int]) -> Iterator[tuple[Box, NDArray[np.uint8]]]:
    width, height = size
    rows, columns, cover, area = _cells(corners, width, height)
    order = np.argsort(rows // _TILE, kind="stable")
    rows, columns, cover, area = rows[order], columns[order], cover[order], area[order]
    bands = rows // _TILE
    for band in np.unique(bands):
        inside = slice(*np.searchsorted(bands, [band, band + 1]))
        top = int(band) * _TILE
        bottom = min(top + _TILE, height)
        yield from _band((rows[inside] - top, columns[inside], cover[inside], area[inside]), top, bottom, width)


def _band(
    cells: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]],
    top: int,
    bottom: int,
    width: int,
) -> Iterator[tuple[Box, NDArray[np.uint8]]]:
    rows, columns, cover, area = cells
    order = np.argsort(columns // _TILE, kind="stable")
    rows, columns, cover, area = rows[order], columns[order], cover[order], area[order]
    numbers = columns // _TILE
    height = bottom - top
    winding = np.zeros(height)  # at the left edge of the tile
    for number in range(-(-width // _TILE)):
        left = number * _TILE
        right = min(left + _TILE, width)
        inside = slice(*np.searchsorted(numbers, [number, number + 1]))
        box = (left, top, right, bottom)
        if inside.start == inside.stop:
            # No outline in the tile: every row is wholly in or out.
            full = np.rint(255 * np.minimum(np.abs(winding), 1)).astype(np.uint8)
            if full.any():
                yield box, np.repeat(full[:, None], right - left, axis=1)
            continue
        change = np.zeros((height, _TILE + 1))
        at = rows[inside] * (_TILE + 1) + columns[inside] - left
        flat = change.reshape(-1)
        # What a piece covers counts in full right of its pixel, inside its pixel by the area.
        flat += np.bincount(at, area[inside], flat.size)
        flat += np.bincount(at + 1, cover[inside] - area[inside], flat.size)
        sums = np.cumsum(change, axis=1)
        sums += winding[:, None]
        winding = sums[:, -1].copy()
        inner = np.abs(sums[:, : right - left])
        yield box, np.rint(255 * np.minimum(inner, 1)).astype(np.uint8)


def _cells(
    corners: NDArray[np.float64], width: int, height: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """The outline cut at the pixels' edges: row, column, signed height and signed area right of each piece."""
    edges = np.concatenate([corners, np.roll(corners, -1, axis=0)], axis=1)  # (n, 4): ax, ay, bx, by
    edges = _cut(edges, 1, 0, height)
    edges = edges[(np.maximum(edges[:, 1], edges[:, 3]) > 0) & (np.minimum(edges[:, 1], edges[:, 3]) < height)]
    # An outline left of the picture still changes what is inside; one right of it does not.
    edges = _cut(edges, 0, 0, width)
    edges[:, 0::2] = np.clip(edges[:, 0::2], 0, width)
    edges = edges[np.minimum(edges[:, 0], edges[:, 2]) < width]
    rows = np.clip(np.floor((edges[:, 1] + edges[:, 3]) / 2), 0, height - 1).astype(np.int64)
    middles = (edges[:, 0] + edges[:, 2]) / 2
    columns = np.clip(np.floor(middles), 0, width - 1).astype(np.int64)
    cover = edges[:, 3] - edges[:, 1]
    return rows, columns, cover, cover * (columns + 1 - middles)


def _cut(edges: NDArray[np.float64], axis: int, low: int, high: int) -> NDArray[np.float64]:
    """Cut (n, 4) edges at every whole number within low..high of an axis (0: x, 1: y), in order."""
    start, end = edges[:, axis], edges[:, axis + 2]
    bottom, top = np.minimum(start, end), np.maximum(start, end)
    first = np.clip(np.floor(bottom) + 1, low, high + 1)  # the first line cut at
    last = np.clip(np.ceil(top) - 1, low - 1, high)
    cuts = np.maximum(last - first + 1, 0).astype(np.int64)
    owner = np.repeat(np.arange(len(edges)), cuts + 1)
    number = np.arange(owner.size) - np.repeat(np.cumsum(cuts + 1) - (cuts + 1), cuts + 1)
    # Piece k runs from line k - 1 to line k; the outer ends are the edge's own.
    lower = np.where(number == 0, bottom[owner], first[owner] + number - 1)
    upper = np.where(number == cuts[owner], top[owner], first[owner] + number)
    span = (end - start)[owner]
    pieces = np.empty((owner.size, 4))
    other = 1 - axis
    slope = np.divide((edges[:, other + 2] - edges[:, other])[owner], span, out=np.zeros(owner.size), where=span != 0)
    up = span >= 0
    from_, to = np.where(up, lower, upper), np.where(up, upper, lower)
    pieces[:, axis], pieces[:, axis + 2] = from_, to
    base, at = start[owner], edges[owner, other]
    whole = (number == 0) & (cuts[owner] == 0)  # uncut edges stay exactly as they are
    pieces[:, other] = np.where(whole, at, at + slope * (from_ - base))
    pieces[:, other + 2] = np.where(whole, edges[owner, other + 2], at + slope * (to - base))
    return pieces
