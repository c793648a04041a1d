"""The part of a hole that edges run through, filled by continuing them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.fill.edges.ends import EdgeEnd, edge_ends, fitted
from inference.fill.edges.geometry import Points, arc, hermite, lengths, normals, resampled, smoothed, tangents
from inference.fill.edges.gradients import Gradients, at, distance, gradients
from inference.fill.edges.matching import Pair, paired
from inference.fill.edges.strips import Strip, straightened
from inference.runtime import Check

SIGMA = 1.3  # pixels over which gradients are taken
THICKNESS = 48.0  # of the thickest hole, in pixels, above which edges are looked for in a reduced picture
SMALLEST = 24  # side in pixels of pictures in which edges are looked for
MOST = 24  # edges continued, the surest ones


@dataclass(frozen=True)
class Continued:
    """A picture with what edges carry on, and what of its hole is still open."""

    rgb: NDArray[np.uint8]  # (H, W, 3)
    hole: NDArray[np.bool_]  # (H, W)
    pairs: tuple[Pair, ...]  # the edges, in pixels of the picture


def continue_edges(
    rgb: NDArray[np.uint8],
    hole: NDArray[np.bool_],
    *,
    seed: int,
    check: Check,
    source: NDArray[np.bool_] | None = None,
) -> Continued:
    """Fill what lies along the edges that enter ``hole (H, W)`` at one place and leave it at another.

    ``rgb (H, W, 3)``; ``source (H, W)``: where may be copied from, None: everywhere outside the hole. Where no edges
    fit together nothing is filled. Known pixels stay as they are; the same seed gives the same bytes. What ``check``
    raises ends it.
    """
    nothing = Continued(rgb, hole, ())
    if not hole.any() or hole.all():
        return nothing
    thickness = 2 * float(distance(np.pad(hole, 1)).max())
    unit = max(1.0, thickness / THICKNESS)
    pairs = _pairs(rgb, hole, unit, check)
    unknown = hole if source is None else hole | ~source
    strips: list[Strip] = []
    for index, pair in enumerate(pairs):
        strip = straightened(rgb, unknown, pair, unit=unit, seed=seed + index, check=check)
        if strip is not None:
            strips.append(strip)
    return _put_back(rgb, hole, strips, pairs) if strips else nothing


def _pairs(rgb: NDArray[np.uint8], hole: NDArray[np.bool_], unit: float, check: Check) -> list[Pair]:
    """The edges through the hole, found at a size at which it is thin, then placed exactly."""
    height, width = hole.shape
    size = max(1, round(width / unit)), max(1, round(height / unit))
    if min(size) < SMALLEST:
        return []
    if unit == 1:
        seen = gradients(rgb, hole, SIGMA)
        return paired(edge_ends(hole, seen, check), hole)[:MOST]
    known = (~hole).astype(np.float32)
    share = np.asarray(cv2.resize(known, size, interpolation=cv2.INTER_AREA))
    colours = np.asarray(cv2.resize(rgb * known[..., None], size, interpolation=cv2.INTER_AREA))
    small = np.clip(np.rint(colours / np.maximum(share, 1e-3)[..., None]), 0, 255).astype(np.uint8)
    covered = share < 0.5
    found = paired(edge_ends(covered, gradients(small, covered, SIGMA), check), covered)[:MOST]
    if not found:
        return []
    check()
    seen = gradients(rgb, hole, SIGMA * unit / 2)
    scale = np.array([width / size[0], height / size[1]])
    placed = []
    for pair in found:
        first = _placed(pair.first, scale, unit, seen)
        if first is None:
            continue
        if pair.second is None:
            length = float(lengths(pair.curve)[-1]) * unit
            curve = arc(first.place, first.direction, pair.first.curvature / unit, length)
            placed.append(replace(pair, first=first, curve=curve))
            continue
        second = _placed(pair.second, scale, unit, seen)
        if second is not None:
            curve = hermite(first.place, first.direction, second.place, -second.direction)
            placed.append(replace(pair, first=first, second=second, curve=curve))
    return placed


def _placed(end: EdgeEnd, scale: NDArray[np.float64], unit: float, seen: Gradients) -> EdgeEnd | None:
    """An end found in a reduced picture, at its exact place: where the gradient is strongest across its course."""
    trace: Points = resampled((end.trace + 0.5) * scale - 0.5)
    across = normals(tangents(trace))
    away = np.arange(-np.ceil(unit), np.ceil(unit) + 1)
    places = trace[:, None] + away[None, :, None] * across[:, None]
    strength = at(seen.strength, places.reshape(-1, 2)).reshape(places.shape[:2])
    strength = strength * np.exp(-((away / (1.5 * unit)) ** 2) / 2)
    shift = away[strength.argmax(1)]
    return fitted(smoothed(trace + shift[:, None] * across, 2 * unit), seen, unit)


def _put_back(
    rgb: NDArray[np.uint8], hole: NDArray[np.bool_], strips: Sequence[Strip], pairs: Sequence[Pair]
) -> Continued:
    """The strips' pixels where they belong; where two overlap the nearer edge counts more, by far."""
    total, weight = np.zeros((*hole.shape, 3), np.float32), np.zeros(hole.shape, np.float32)
    through = np.zeros(hole.shape, np.uint8)
    for pair in pairs:
        if pair.second is not None:
            cv2.polylines(through, [np.rint(pair.curve).astype(np.int32)], False, 1, 2)
    for strip in strips:
        # An edge that ends at another lies behind it: nothing of it on the other side
        _add(strip, hole if strip.whole else hole & ~_beyond(strip, hole, through), total, weight)
    reached = weight > 0
    made = rgb.copy()
    made[reached] = np.clip(np.rint(total[reached] / weight[reached][:, None]), 0, 255).astype(np.uint8)
    return Continued(made, hole & ~reached, tuple(pairs))


def _beyond(strip: Strip, hole: NDArray[np.bool_], through: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """``(H, W)``: what of the hole the edges that go ``through`` it part from where the strip's edge enters."""
    parts = cv2.connectedComponents((hole & (through == 0)).astype(np.uint8), connectivity=4)[1]
    nodes = np.rint(strip.points).astype(int)
    nodes = nodes[((nodes >= 0) & (nodes < hole.shape[::-1])).all(1)]
    met = parts[nodes[:, 1], nodes[:, 0]]
    first = met[met > 0][:1]
    return np.asarray(parts != first[0]) if first.size else np.ones_like(hole)


def _add(strip: Strip, hole: NDArray[np.bool_], total: NDArray[np.float32], weight: NDArray[np.float32]) -> None:
    """One strip's share of ``total (H, W, 3)`` and ``weight (H, W)``, added in place."""
    height, width = hole.shape
    far = max(strip.reach) + 2
    low = np.maximum(np.floor(strip.points.min(0)).astype(int) - far, 0)
    high = np.minimum(np.ceil(strip.points.max(0)).astype(int) + far + 1, (width, height))
    if (high <= low).any():
        return
    box = slice(low[1], high[1]), slice(low[0], high[0])
    # The nearest of the edge's points, found on the pixels that it goes through
    nodes = np.rint(strip.points).astype(int) - low
    inside = ((nodes >= 0) & (nodes < high - low)).all(1)
    clear = np.ones((high - low)[::-1], np.uint8)
    clear[nodes[inside, 1], nodes[inside, 0]] = 0
    if clear.all():
        return
    _, labels = cv2.distanceTransformWithLabels(clear, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    nearest = np.zeros(int(labels.max()) + 1, int)
    nearest[labels[nodes[inside, 1], nodes[inside, 0]]] = np.flatnonzero(inside)
    ys, xs = np.nonzero(hole[box])
    index, pixels = nearest[labels[ys, xs]], np.stack([xs, ys], 1) + low
    for _ in range(2):  # OpenCV's distances, and with them the nearest points, are not quite exact
        ahead = ((pixels - strip.points[index]) * strip.along[index]).sum(1)
        index = np.clip(index + np.rint(ahead).astype(int), 0, len(strip.points) - 1)
    away = pixels - strip.points[index]
    across = (away * normals(strip.along)[index]).sum(1)
    forward = (away * strip.along[index]).sum(1)
    reach = np.where(across > 0, *strip.reach) + 0.5
    own = (np.abs(across) <= reach) & (np.abs(forward) <= 1.5)
    ys, xs, across, place = ys[own], xs[own], across[own], (index + forward)[own]
    if not ys.size:
        return
    x, y = place.astype(np.float32)[None], (across + strip.width).astype(np.float32)[None]
    values = cv2.remap(strip.filled, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[0]
    share = 1 / (np.abs(across) + 0.7) ** 4
    rows, columns = ys + low[1], xs + low[0]
    total[rows, columns] += values * share[:, None].astype(np.float32)
    weight[rows, columns] += share.astype(np.float32)
