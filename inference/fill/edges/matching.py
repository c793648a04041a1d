"""Which edges that enter a hole belong together: good continuation, and the same colours on the same sides.

Co-circularity as the measure of continuation: Parent and Zucker, "Trace inference, curvature consistency, and curve
detection" (1989).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.fill.edges.ends import EdgeEnd
from inference.fill.edges.geometry import Points, arc, cross, hermite, tangents, turn
from inference.fill.edges.gradients import at, distance

DEAREST = 1.45  # cost up to which two ends are taken for one edge
STEEPEST = 1.25  # radians between an end and the straight line to the other
BEND, EXPECTED, UNEVEN = 0.6, 2.0, 0.3  # radians that cost a half: of a turn, of one that the edge's own curvature
# foretells, and of how far two ends are from one arc
NEAREST = 5.0  # pixels between two ends
SURELY = 0.38  # cost up to which it does not matter what surrounds two ends
BOUNDED = 7.0  # pixels along a hole's outline up to which an edge bounds what ends there
OUTSIDE = 6.5  # pixels that the way between them may lead out of the hole
SURE, LONG = 12.0, 16  # contrast and length of trace that an end needs to be continued without another
BEHIND = 48  # pixels that it is continued at most
SLANTED = 0.4  # radians at least between it and the edge that it ends at


@dataclass(frozen=True)
class Pair:
    """Two ends of one edge, and its way through the hole from the first to the second."""

    first: EdgeEnd
    second: EdgeEnd | None  # None: the edge ends at another, behind which it goes on
    curve: Points
    cost: float


def paired(ends: Sequence[EdgeEnd], hole: NDArray[np.bool_]) -> list[Pair]:
    """The pairs of least cost: no end is in two of them and no two cross. ``hole (H, W)``."""
    outside = distance(~hole)
    candidates = [
        (cost, i, j)
        for i, first in enumerate(ends)
        for j, second in enumerate(ends[:i])
        if (cost := _cost(first, second)) <= DEAREST
    ]
    chosen: list[Pair] = []
    taken: set[int] = set()
    for cost, i, j in sorted(candidates):
        if i in taken or j in taken:
            continue
        first, second = ends[i], ends[j]
        if cost > SURELY and _two_things(first, second, ends):
            continue
        curve = hermite(first.place, first.direction, second.place, -second.direction)
        if not _within(curve, outside) or any(cross(curve, pair.curve) for pair in chosen):
            continue
        taken |= {i, j}
        chosen.append(Pair(first, second, curve, cost))
    left = [end for index, end in enumerate(ends) if index not in taken]
    return chosen + [halted for end in left if (halted := _halted(end, chosen, outside)) is not None]


def _two_things(first: EdgeEnd, second: EdgeEnd, ends: Sequence[EdgeEnd]) -> bool:
    """Whether two ends are the outlines of two things beside the hole, as of two bags in a row.

    What they surround ends at both along the hole's outline, and at one of them no edge goes in there to bound it.
    """
    places = np.array([end.place for end in ends])
    for one, other in ((first.left_closes, second.right_closes), (first.right_closes, second.left_closes)):
        if one is not None and other is not None:
            distances = [np.linalg.norm(places - closing, axis=1).min() for closing in (one, other)]
            if max(distances) > BOUNDED:
                return True
    return False


def _halted(end: EdgeEnd, chosen: Sequence[Pair], outside: NDArray[np.float32]) -> Pair | None:
    """An end without another, continued to the first of the chosen edges that it meets; None where it meets none."""
    if end.contrast < SURE or len(end.trace) < LONG:
        return None
    course = arc(end.place, end.direction, end.curvature, min(BEHIND, 1.5 * len(end.trace)))
    for stop in range(6, len(course), 3):
        met = [pair for pair in chosen if cross(course[: stop + 1], pair.curve)]
        if not met:
            continue
        curve = course[: stop + 1]
        nearest = int(((met[0].curve - curve[-1]) ** 2).sum(1).argmin())
        angle = abs(turn(tangents(curve)[-1], tangents(met[0].curve)[nearest]))
        if min(angle, math.pi - angle) < SLANTED or not _within(curve, outside):
            return None
        return Pair(end, None, curve, 0.0)
    return None


def _cost(first: EdgeEnd, second: EdgeEnd) -> float:
    """How unlikely it is that two ends are of one edge; infinite where that can't be."""
    chord = second.place - first.place
    length = float(np.linalg.norm(chord))
    if length < NEAREST:
        return math.inf
    turns = turn(first.direction, chord), turn(second.direction, -chord)
    if max(map(abs, turns)) > STEEPEST:
        return math.inf
    # Seen from the other end left is right
    step, other = first.left - first.right, second.right - second.left
    contrasts = float(np.linalg.norm(step)), float(np.linalg.norm(other))
    if float(step @ other) < 0.5 * contrasts[0] * contrasts[1]:
        return math.inf
    # An arc turns as much at one end as at the other, the other way round
    bending = _bending(turns[0], first, length) + _bending(turns[1], second, length)
    bending += (turns[0] + turns[1]) ** 2 / (2 * UNEVEN**2)
    sides = sorted((float(np.linalg.norm(first.left - second.right)), float(np.linalg.norm(first.right - second.left))))
    # What lies behind an edge may change along it: the side that agrees better counts more
    colour = (sides[0] ** 2 + 0.4 * sides[1] ** 2) / (2 * (8 + 0.25 * max(contrasts)) ** 2)
    ratio = math.log((contrasts[0] + 3) / (contrasts[1] + 3))
    far = length / (len(first.trace) + len(second.trace))
    return bending + colour + 0.8 * ratio**2 + 0.15 * far**2


def _bending(turned: float, end: EdgeEnd, length: float) -> float:
    """What an end's turn towards the other costs: little where it only goes on turning as it did."""
    foretold = 0.65 * end.curvature * length  # an arc turns by half its curvature times its chord
    excess = turned - min(max(turned, min(foretold, 0.0)), max(foretold, 0.0))
    return float(excess**2 / (2 * BEND**2) + (turned - excess) ** 2 / (2 * EXPECTED**2))


def _within(curve: Points, outside: NDArray[np.float32]) -> bool:
    """Whether a way stays within the hole, but for its ends, and within the picture."""
    height, width = outside.shape
    if ((curve < -2) | (curve > (width + 1, height + 1))).any():
        return False
    away = at(outside, curve)
    return float(away.max()) <= OUTSIDE and float((away > 4.2).mean()) <= 0.1
