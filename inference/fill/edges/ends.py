"""Where edges enter a hole: strong, coherent ones, followed outwards as far as they can be."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.fill.edges.geometry import Points, Vector, lengths, normals, tangents
from inference.fill.edges.gradients import Gradients, at, blurred, distance
from inference.runtime import Check

RING = 3  # pixels from the hole at which edges are looked for
WEAKEST = 5.0  # gradient in CIELAB units a pixel
COHERENT = 0.5
LONGEST, SHORTEST = 32, 10  # pixels that an edge is followed, at most and at least
STRAY = 1.0  # pixels that it may deviate from a parabola
THING = 32  # pixels of the outline up to which it is looked whether what lies on one side of an edge ends there
SAME = 0.35  # of the way between the colours of an edge's sides: up to which a colour is that of one of them
BORDER = 3  # pixels at the picture's border in which nothing is looked for
_ACROSS = np.linspace(-1.5, 1.5, 7)  # pixels beside an edge's course where it may go on


@dataclass(frozen=True)
class EdgeEnd:
    """An edge's last known piece."""

    place: Vector  # where it is at the hole
    direction: Vector  # unit, into the hole
    curvature: float  # radians a pixel that it turns on its way there, clockwise
    trace: Points  # its points from there outwards, about a pixel apart
    left: NDArray[np.float32]  # CIELAB of both sides, seen along the direction
    right: NDArray[np.float32]
    # Where, along the hole's outline, what is left or right of it ends, and what is on the other side is back again
    left_closes: Vector | None = None
    right_closes: Vector | None = None

    @property
    def contrast(self) -> float:
        return float(np.linalg.norm(self.left - self.right))


def edge_ends(hole: NDArray[np.bool_], seen: Gradients, check: Check) -> list[EdgeEnd]:
    """All around ``hole (H, W)``. What ``check`` raises ends it."""
    if hole.all():
        return []
    outside, inside = distance(~hole), distance(hole)
    down, across = (np.asarray(slope) for slope in np.gradient(blurred(outside - inside, 2)))
    made = []
    for outline, index in _crossings(hole, seen):
        check()
        place = outline[index]
        away = np.array([across[place[1], place[0]], down[place[1], place[0]]])
        angle = seen.angle(place.astype(float))
        along = np.array([-math.sin(angle), math.cos(angle)])
        aligned = float(along @ away) / (float(np.linalg.norm(away)) + 1e-6)
        if abs(aligned) < 0.35:  # it runs along the hole's outline, not into it
            continue
        end = fitted(_followed(place.astype(float), along * np.sign(aligned), seen, outside), seen)
        if end is not None:
            made.append(_closed(end, outline, index, seen))
    return made


def _closed(end: EdgeEnd, outline: NDArray[np.int32], index: int, seen: Gradients) -> EdgeEnd:
    """``end`` with where its sides end along ``outline (n, 2)``, which it crosses at ``index``."""
    found: list[Vector | None] = [None, None]
    for step in (1, -1):
        points = outline[(index + step * np.arange(min(THING, len(outline)))) % len(outline)]
        away = points[min(4, len(points) - 1)] - points[0]
        right = float(-end.direction[1] * away[0] + end.direction[0] * away[1]) > 0
        own, other = (end.right, end.left) if right else (end.left, end.right)
        colours = seen.lab[points[:, 1], points[:, 0]]
        across = (colours - own) @ (other - own) / end.contrast**2  # 0: as its own side, 1: as the other, or more so
        back = across > 1 - SAME
        lasting = np.flatnonzero(back[2:] & back[1:-1] & back[:-2])
        begun = np.flatnonzero(across < SAME)[:1]
        if begun.size and (lasting > begun[0]).any():
            found[right] = points[lasting[lasting > begun[0]][0]].astype(float)
    return replace(end, left_closes=found[0], right_closes=found[1])


def _crossings(hole: NDArray[np.bool_], seen: Gradients) -> Iterator[tuple[NDArray[np.int32], int]]:
    """Points on the outline ``(n, 2)`` of the grown hole where edges cross it: maxima of the gradient along it."""
    height, width = hole.shape
    size = (2 * RING + 1, 2 * RING + 1)
    grown = cv2.dilate(hole.astype(np.uint8), cv2.getStructuringElement(cv2.MORPH_ELLIPSE, size))
    outlines, _ = cv2.findContours(grown, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    for outline in outlines:
        points = np.asarray(outline, np.int32)[:, 0]
        if len(points) < 8:
            continue
        x, y = points.T
        free = (x >= BORDER) & (y >= BORDER) & (x < width - BORDER) & (y < height - BORDER)
        strength = np.where(free, seen.strength[y, x], 0)
        greatest = np.stack([np.roll(strength, shift) for shift in range(-5, 6)]).max(0)
        crossed = (strength == greatest) & (strength > WEAKEST) & (seen.coherence[y, x] > COHERENT)
        yield from ((points, int(index)) for index in np.flatnonzero(crossed))


def _followed(place: Vector, along: Vector, seen: Gradients, outside: NDArray[np.float32]) -> Points:
    """The edge's points from ``place`` along the ridge of the gradient, until it fades, turns or meets a hole."""
    height, width = outside.shape
    trace, beginning = [place], float(at(seen.strength, place[None])[0])
    while len(trace) <= LONGEST:
        ahead = trace[-1] + along
        sideways = np.array([-along[1], along[0]])
        found = at(seen.strength, ahead + _ACROSS[:, None] * sideways)
        best = int(np.argmax(found - 0.02 * beginning * np.abs(_ACROSS)))
        ahead = ahead + 0.6 * _ACROSS[best] * sideways
        if not (BORDER <= ahead[0] + 1 < width - 1 and BORDER <= ahead[1] + 1 < height - 1):
            break
        angle = seen.angle(ahead)
        course = np.array([-math.sin(angle), math.cos(angle)])
        course = course if course @ along >= 0 else -course
        if course @ along < 0.85 or found[best] < max(0.35 * beginning, 0.6 * WEAKEST):
            break
        if at(outside, ahead[None])[0] < 1.5:
            break
        along = 0.6 * along + 0.4 * course
        along = along / np.linalg.norm(along)
        trace.append(ahead)
    return np.stack(trace)


def fitted(trace: Points, seen: Gradients, unit: float = 1.0) -> EdgeEnd | None:
    """An edge by its points from the hole outwards, None where they are too few, too crooked, or its sides alike.

    ``unit``: pixels that the constants of this module count as one.
    """
    if len(trace) < SHORTEST * unit:
        return None
    along = lengths(trace)
    weight = np.exp(-along / (24 * unit))
    weight[along < 2 * unit] *= 0.5  # nearest the hole the gradient is of one side only
    degree = 2 if len(trace) >= SHORTEST * 1.6 * unit else 1
    curves = [np.polyfit(along, trace[:, axis], degree, w=weight) for axis in (0, 1)]
    course = np.stack([np.polyval(curve, along) for curve in curves], 1)
    stray = math.sqrt(float((((course - trace) ** 2).sum(1) * weight).sum() / weight.sum()))
    if stray > STRAY * unit:
        return None
    outwards = np.array([np.polyval(np.polyder(curve), 0.0) for curve in curves])
    bending = np.array([2 * curve[0] if degree == 2 else 0.0 for curve in curves])
    speed = float(np.linalg.norm(outwards))
    curvature = -float(outwards[0] * bending[1] - outwards[1] * bending[0]) / speed**3
    near = trace[: max(4, round(SHORTEST * 1.6 * unit))]
    across = normals(tangents(near))

    def side(sign: int) -> NDArray[np.float32]:
        beside = [at(seen.lab, near + sign * far * unit * across) for far in (3, 4)]
        return np.asarray(np.median(np.concatenate(beside), axis=0), np.float32)

    end = EdgeEnd(course[0], -outwards / speed, curvature, trace, side(1), side(-1))
    return end if end.contrast >= 0.8 * WEAKEST else None
