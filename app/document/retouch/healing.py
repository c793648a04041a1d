"""The membranes of a heal stroke: a quick one under the brush, and the exact one of the whole stroke."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from app.document.pixels import Box, Pixels, crop, intersect, is_empty
from app.document.retouch.brush import RetouchBrush
from app.document.retouch.membrane import membrane

Float = NDArray[np.float32]
Read = Callable[[Box], Pixels]

QUICK = 40  # cells of the longer side of the grid that the quick membrane is solved on
LARGEST = 4_000_000  # pixels solved at once; more is solved in windows, from a reduced solution
_WINDOW, _OVERLAP, _ROUNDS = 768, 128, 2
_EXACT = 1e-4  # of the range
_SAMPLES = 3  # per cell and direction


def quick_membrane(
    pixels: Pixels, coverage: NDArray[np.uint8], box: Box, retouch: RetouchBrush, reach: Box
) -> Callable[[Box], Float]:
    """What answers about the membrane in parts of ``box``, (h, w, 3), from samples of what surrounds the brush.

    ``coverage`` is above 0 where the stroke has painted; the membrane continues what is around that. ``reach`` is
    where there is something to copy.
    """
    margin = max(8, round(retouch.brush.size / 4))
    x0, y0, x1, y1 = intersect((box[0] - margin, box[1] - margin, box[2] + margin, box[3] + margin), reach)
    side = max(x1 - x0, y1 - y0)
    step = max(1, side // (QUICK * _SAMPLES))
    dx, dy = retouch.offset
    down, across = slice(y0, y1, step), slice(x0, x1, step)
    own = pixels[down, across, :3]
    copy = pixels[y0 + dy : y1 + dy : step, x0 + dx : x1 + dx : step, :3]
    known = (coverage[down, across] == 0).astype(np.float32)
    difference = cv2.subtract(np.ascontiguousarray(own), np.ascontiguousarray(copy), dtype=cv2.CV_32F)
    difference = cv2.multiply(difference, cv2.merge([known, known, known]))
    scale = min(1.0, QUICK / max(known.shape))
    size = max(1, round(known.shape[1] * scale)), max(1, round(known.shape[0] * scale))
    weight = np.asarray(cv2.resize(known, size, interpolation=cv2.INTER_AREA)).reshape(size[::-1])
    values = np.asarray(cv2.resize(difference, size, interpolation=cv2.INTER_AREA)).reshape(*size[::-1], 3)
    values = values / np.maximum(weight, 1e-6)[..., None]
    solved = membrane(values.astype(np.float32), weight < 0.05, 0.0, cycles=2)
    # Along the rows at once, as they are few; down the columns band by band, in the processor's cache.
    rows = np.asarray(cv2.resize(solved, (x1 - x0, size[1]), interpolation=cv2.INTER_LINEAR), np.float32)
    rows = rows.reshape(size[1], x1 - x0, 3)
    return lambda part: _interpolated(rows, size[1] / (y1 - y0), (x0, y0), part)


def _interpolated(rows: Float, scale: float, corner: tuple[int, int], part: Box) -> Float:
    """``part`` of values whose rows, from a ``corner``, are reduced to ``scale`` of them."""
    places = ((np.arange(part[1], part[3]) - corner[1] + 0.5) * scale - 0.5).clip(0, len(rows) - 1)
    above = np.floor(places).astype(int)
    first = int(above[0])
    last = min(int(above[-1]) + 2, len(rows))
    weights = np.zeros((len(places), last - first), np.float32)
    lines, share = np.arange(len(places)), (places - above).astype(np.float32)
    weights[lines, above - first] = 1 - share
    weights[lines, np.minimum(above + 1, len(rows) - 1) - first] += share
    used = rows[first:last, part[0] - corner[0] : part[2] - corner[0]]
    flat = weights @ used.reshape(last - first, -1)
    return np.asarray(flat, np.float32).reshape(len(places), part[2] - part[0], 3)


def _enlarged(values: Float, scale: tuple[float, float], corner: tuple[int, int], part: Box) -> Float:
    """``part`` of reduced values that begin at a ``corner``; ``scale`` (x, y) is their cells per pixel."""
    first = [(part[axis] - corner[axis] + 0.5) * scale[axis] - 0.5 for axis in (0, 1)]
    way = np.array([[scale[0], 0, first[0]], [0, scale[1], first[1]]])
    flags, shape = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, (part[2] - part[0], part[3] - part[1])
    return np.asarray(cv2.warpAffine(values, way, shape, flags=flags, borderMode=cv2.BORDER_REPLICATE), np.float32)


def exact_membrane(
    before: Read, coverage: NDArray[np.uint8], box: Box, offset: tuple[int, int], reach: Box
) -> Callable[[Box], Float]:
    """What answers the membrane of a stroke within any box of ``reach``, exact to a ten-thousandth of the range.

    ``before`` reads pixels as they were, ``coverage`` is above 0 where the stroke is, all of it in ``box``. A stroke
    that spans more than ``LARGEST`` pixels is solved reduced, then in windows that overlap: there the membrane is
    exact at its edge and nearly so inside.
    """
    wide = intersect((box[0] - 1, box[1] - 1, box[2] + 1, box[3] + 1), reach)
    if is_empty(wide):
        return lambda part: np.zeros((part[3] - part[1], part[2] - part[0], 3), np.float32)

    def difference(part: Box) -> tuple[Float, NDArray[np.bool_]]:
        dx, dy = offset
        own = np.ascontiguousarray(before(part)[..., :3])
        copy = np.ascontiguousarray(before((part[0] + dx, part[1] + dy, part[2] + dx, part[3] + dy))[..., :3])
        return np.asarray(cv2.subtract(own, copy, dtype=cv2.CV_32F)), crop(coverage, part) > 0

    tolerance = _EXACT * float(np.iinfo(before((0, 0, 1, 1)).dtype).max)
    height, width = wide[3] - wide[1], wide[2] - wide[0]
    if height * width <= LARGEST:
        whole = membrane(*difference(wide), tolerance)
        return lambda part: _read(whole, wide, part)
    return _Windows(difference, coverage, wide, tolerance).read


def _read(values: Float, at: Box, part: Box) -> Float:
    """``part`` of values that lie ``at`` a box; 0 beyond it, where no stroke is."""
    inner = intersect(part, at)
    out = np.zeros((part[3] - part[1], part[2] - part[0], 3), np.float32)
    if not is_empty(inner):
        place = inner[0] - part[0], inner[1] - part[1], inner[2] - part[0], inner[3] - part[1]
        crop(out, place)[...] = crop(values, (inner[0] - at[0], inner[1] - at[1], inner[2] - at[0], inner[3] - at[1]))
    return out


class _Windows:
    """A membrane over a long stroke: reduced at first, then solved window by window (Schwarz's alternating method)."""

    def __init__(
        self,
        difference: Callable[[Box], tuple[Float, NDArray[np.bool_]]],
        coverage: NDArray[np.uint8],
        wide: Box,
        tolerance: float,
    ) -> None:
        self._difference, self._wide = difference, wide
        self._cells: dict[Box, Float] = {}
        x0, y0, x1, y1 = wide
        cells = [
            (x, y, min(x + _WINDOW, x1), min(y + _WINDOW, y1))
            for y in range(y0, y1, _WINDOW)
            for x in range(x0, x1, _WINDOW)
        ]
        cells = [cell for cell in cells if crop(coverage, cell).any()]
        scale = max(x1 - x0, y1 - y0) / 1024
        size = max(1, round((x1 - x0) / scale)), max(1, round((y1 - y0) / scale))
        values, weight = np.zeros((size[1], size[0], 3), np.float32), np.zeros((size[1], size[0]), np.float32)
        for cell in cells:  # only what is near the stroke is looked at
            part, unknown = self._difference(cell)
            ys = ((np.arange(cell[1], cell[3]) - y0) / scale).astype(int).clip(0, size[1] - 1)
            xs = ((np.arange(cell[0], cell[2]) - x0) / scale).astype(int).clip(0, size[0] - 1)
            flat = (ys[:, None] * size[0] + xs[None])[~unknown]
            for channel in range(3):
                sums = np.bincount(flat, part[..., channel][~unknown], size[0] * size[1])
                values[..., channel] += sums.reshape(size[::-1])
            weight += np.bincount(flat, minlength=size[0] * size[1]).reshape(size[::-1])
        known = weight > 0
        values /= np.maximum(weight, 1)[..., None]
        reduced = membrane(values, ~known, tolerance)
        for cell in cells:
            self._cells[cell] = _enlarged(reduced, (1 / scale, 1 / scale), (x0, y0), cell)
        for _ in range(_ROUNDS):
            for cell in cells:
                self._solve(cell, tolerance)

    def read(self, part: Box) -> Float:
        """The membrane in a box."""
        out = np.zeros((part[3] - part[1], part[2] - part[0], 3), np.float32)
        for cell, values in self._cells.items():
            inner = intersect(part, cell)
            if not is_empty(inner):
                place = inner[0] - part[0], inner[1] - part[1], inner[2] - part[0], inner[3] - part[1]
                crop(out, place)[...] = _read(values, cell, inner)
        return out

    def _solve(self, cell: Box, tolerance: float) -> None:
        """Solve in a window around a cell, from what its neighbours have at the window's rim."""
        grown = (cell[0] - _OVERLAP, cell[1] - _OVERLAP, cell[2] + _OVERLAP, cell[3] + _OVERLAP)
        window = intersect(grown, self._wide)
        values, unknown = self._difference(window)
        now = self.read(window)
        rim = np.zeros_like(unknown)
        for axis, (first, last) in enumerate(((window[0], window[2]), (window[1], window[3]))):
            lines = rim.T if axis == 0 else rim
            if first > self._wide[axis]:
                lines[0] = True
            if last < self._wide[axis + 2]:
                lines[-1] = True
        held = rim & unknown & (now != 0).any(axis=2)
        values[held] = now[held]
        solved = membrane(values, unknown & ~held, tolerance)
        inner = cell[0] - window[0], cell[1] - window[1], cell[2] - window[0], cell[3] - window[1]
        self._cells[cell] = crop(solved, inner).copy()
