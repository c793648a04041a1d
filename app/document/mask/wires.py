"""Long thin lines found in a picture by themselves: wires, masts, ropes."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from app.document.mask.live_wire import line_segment
from app.document.mask.ridges import grey_of, ridge_strength, sampled
from app.document.mask.segments import Segment
from app.document.pixels import Pixels

MOST_WIRES = 200
"""As many are answered at most, the longest first."""

_SIDE = 1600  # px, the longest side lines are looked for at
_SIGMAS = (1.0, 2.0, 3.5)
_WEAKEST, _CLEAREST = 2.5, 6.0  # levels of lightness a ridge must have, and one pixel of it at least
_STANDS_OUT = 2.5  # times as strong as what is around: leaves and grass are ridges everywhere
_AROUND = 41  # px
_SHORTEST_PIECE = 20  # px
_SHORTEST = 0.1  # of the picture's longer side
_END = 40  # points at an end that show where a piece leads
_TURN = np.radians(9)  # between pieces of one wire
_ASIDE = 2.5  # px that one piece may lie beside where another leads, and 6 % of the gap
_WHOLE = 0.5  # of a wire must be seen
_ROUGHEST = 1.6  # px, root mean square beside a smooth curve
_SIDES_ALIKE = 0.35  # the lesser step at a side over the larger one: below, it is an edge


@dataclass(eq=False)
class _Piece:
    points: NDArray[np.float64]  # (N, 2) in order along the piece
    direction: NDArray[np.float64]  # of unit length
    length: float

    @property
    def ends(self) -> NDArray[np.float64]:
        return self.points[[0, -1]]

    def heading(self, end: int) -> NDArray[np.float64]:
        """The way it goes at an end (0 or 1), of unit length."""
        near = self.points[:_END] if end == 0 else self.points[-_END:]
        way = near[-1] - near[0]
        return np.asarray(way / max(float(np.hypot(*way)), 1e-9))


def find_wires(pixels: Pixels) -> list[Segment]:
    """Long, thin, smoothly bent lines that stand out, the longest first; each as wide as it is found to be.

    ``pixels`` is (H, W, 3 or 4) uint8 or uint16. Looked for at 1600 px, so that a line thinner than about
    a 5000th of the picture's side may be missed. Pieces in line with one another are one wire.
    """
    height, width = pixels.shape[:2]
    scale = max(1.0, max(height, width) / _SIDE)
    small = pixels
    if scale > 1:
        size = (max(1, round(width / scale)), max(1, round(height / scale)))
        small = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))
    if min(small.shape[:2]) < 8:
        return []
    grey = grey_of(small)
    pieces = _pieces(grey)
    found = []
    for group in _joined(pieces):
        path = _curve(group, _SHORTEST * max(grey.shape))
        if path is not None and _is_line(grey, path):
            found.append(path)
    found.sort(key=len, reverse=True)
    stretch = np.array([width / grey.shape[1], height / grey.shape[0]])
    segments = (line_segment(pixels, [(float(x), float(y)) for x, y in path * stretch]) for path in found[:MOST_WIRES])
    return [segment for segment in segments if segment is not None]


def _pieces(grey: NDArray[np.float32]) -> list[_Piece]:
    """Parts of lines without a gap, in the reduced picture's px."""
    strength, angle = ridge_strength(grey, _SIGMAS)
    y, x = np.mgrid[: grey.shape[0], : grey.shape[1]].astype(np.float32) + np.float32(0.5)
    aside, down = -np.sin(angle), np.cos(angle)
    crest = (strength >= sampled(strength, x + aside, y + down)) & (strength > sampled(strength, x - aside, y - down))
    around = np.asarray(cv2.blur(strength, (_AROUND, _AROUND)))
    crest &= (strength > _WEAKEST) & (strength > _STANDS_OUT * around)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(crest.astype(np.uint8), connectivity=8)
    clearest = np.zeros(len(stats), np.float32)
    np.maximum.at(clearest, np.asarray(labels, np.int32), strength)
    pieces = []
    for number in range(1, len(stats)):
        left, top, across, high, count = (int(value) for value in stats[number])
        if max(across, high) < _SHORTEST_PIECE or clearest[number] < _CLEAREST:
            continue
        rows, columns = np.nonzero(labels[top : top + high, left : left + across] == number)
        points = np.stack([columns + left + 0.5, rows + top + 0.5], axis=1)
        _, spread, axes = np.linalg.svd(points - points.mean(axis=0), full_matrices=False)
        along = (points - points.mean(axis=0)) @ axes[0]
        length = float(np.ptp(along))
        if length < _SHORTEST_PIECE or count > 2 * length or spread[1] / np.sqrt(count) > max(1.5, 0.03 * length):
            continue
        pieces.append(_Piece(points[np.argsort(along)], axes[0], length))
    return sorted(pieces, key=lambda piece: -piece.length)[:1500]


def _joined(pieces: list[_Piece]) -> list[NDArray[np.float64]]:
    """The points of pieces that lead into one another, together."""
    owner = list(range(len(pieces)))

    def root(number: int) -> int:
        while owner[number] != number:
            number = owner[number]
        return number

    for i, one in enumerate(pieces):
        for k in range(i + 1, len(pieces)):
            if root(i) != root(k) and _leads(one, pieces[k]):
                owner[root(k)] = root(i)
    groups: dict[int, list[NDArray[np.float64]]] = {}
    for number, piece in enumerate(pieces):
        groups.setdefault(root(number), []).append(piece.points)
    return [np.concatenate(group) for group in groups.values()]


def _leads(one: _Piece, other: _Piece) -> bool:
    """Whether a piece goes on where another ends."""
    gaps = other.ends[:, None] - one.ends[None]  # (2, 2, xy)
    far = np.hypot(gaps[..., 0], gaps[..., 1])
    near = np.unravel_index(int(np.argmin(far)), far.shape)
    gap, size = gaps[near], float(far[near])
    if size > max(15.0, 0.5 * min(one.length, other.length)):
        return False
    ways = one.heading(int(near[1])), other.heading(int(near[0]))
    if abs(float(ways[0] @ ways[1])) < np.cos(_TURN):
        return False
    # Side by side they are two wires.
    if any(abs(float(way[0] * gap[1] - way[1] * gap[0])) > _ASIDE + 0.06 * size for way in ways):
        return False
    spans = [np.sort(piece.ends @ one.direction) for piece in (one, other)]
    shared = min(spans[0][1], spans[1][1]) - max(spans[0][0], spans[1][0])
    return bool(shared < 0.2 * min(one.length, other.length))


def _curve(points: NDArray[np.float64], shortest: float) -> NDArray[np.float64] | None:
    """A smooth path (N, 2) with a point about every pixel; None where the points are not on one that long."""
    middle = points.mean(axis=0)
    axes = np.linalg.svd(points - middle, full_matrices=False)[2]
    along, aside = (points - middle) @ axes[0], (points - middle) @ axes[1]
    length = float(np.ptp(along))
    if length < shortest or len(np.unique(np.round(along))) < _WHOLE * length:
        return None
    bend = np.polynomial.Polynomial.fit(along, aside, 3)
    if float(np.sqrt(np.mean((aside - bend(along)) ** 2))) > _ROUGHEST:
        return None
    at = np.linspace(float(along.min()), float(along.max()), max(2, int(length)))
    path: NDArray[np.float64] = middle + at[:, None] * axes[0] + bend(at)[:, None] * axes[1]
    return path


def _is_line(grey: NDArray[np.float32], path: NDArray[np.float64]) -> bool:
    """Whether both sides differ from the middle in the same sense, most of the way; at an edge one does not."""
    ahead = np.gradient(path, axis=0)
    across = np.stack([-ahead[:, 1], ahead[:, 0]], axis=1) / np.maximum(np.hypot(*ahead.T), 1e-9)[:, None]
    away = np.arange(-7.0, 7.5, 1.0)
    x, y = (path[:, k : k + 1] + across[:, k : k + 1] * away for k in range(2))
    seen = np.asarray(sampled(grey, x, y))
    seen = np.asarray(cv2.blur(seen.astype(np.float32), (1, 15), borderType=cv2.BORDER_REPLICATE))
    left, middle, right = seen[:, :4].mean(axis=1), seen[:, 6:9], seen[:, -4:].mean(axis=1)
    ground = (left + right) / 2
    peak = middle[np.arange(len(middle)), np.abs(middle - ground[:, None]).argmax(axis=1)]
    steps = np.sort(np.abs(np.stack([peak - left, peak - right])), axis=0)
    alike = ((peak - left) * (peak - right) > 0) & (steps[0] > _SIDES_ALIKE * steps[1]) & (steps[0] > 1.5)
    return bool(alike.mean() > 0.6)
