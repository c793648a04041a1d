"""Traces: what of a thing lies beside a mask that was brushed tightly, a few pixels of its outline.

A fill continues what is left, so a sliver of a red coat becomes a red smear. A pixel beside the hole is a trace where
its colour is among those of the thing, just within the hole, and far from every colour beyond: what the background
has somewhere near by is no trace, nor is anything where the mask was brushed widely.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.erase.geometry.fading import grown
from inference.erase.geometry.planning import holes_of
from inference.erase.geometry.regions import Box, window
from inference.runtime import Check

REACH = 0.075  # of a hole's thickness: how far beside it traces are looked for
LEAST, MOST = 3.0, 0.024  # pixels of that at least; of the picture's longer side at most, as of 1000 pixels
THINNEST = 8.0  # pixels of a hole's thickness: a line or a speck is grown enough as it is
SIDE = 8.0  # pixels of the reach at most, at the size at which colours are compared
UNLIKE = 12.0  # CIELAB: how far a trace is from every colour beyond it
LIKE = 0.35  # of that distance: how far from a colour of the thing at most
LOWER = 0.6  # of UNLIKE: enough where it is connected with a trace
LIKELY = 0.7  # of the distance there
TOGETHER = 5  # of the nine pixels in and around a trace that are one
MARGIN = 2  # reduced pixels beyond a trace that go with it: its own soft edge
BLOCK = 32  # reduced pixels of a side that are compared with their own surroundings
COMPARED, FEWEST = 500, 8  # colours of either side that a block is compared with, about

Bools = NDArray[np.bool_]
Float = NDArray[np.float32]


def reach_of(thickness: float, size: tuple[int, int]) -> float:
    """Pixels beside a hole of ``thickness`` in which traces are looked for, in a picture of ``size (H, W)``."""
    return 0.0 if thickness < THINNEST else min(max(REACH * thickness, LEAST), MOST * max(1000, *size))


def furthest(thickness: float, size: tuple[int, int]) -> float:
    """Pixels by which a hole can get wider by its traces."""
    reach = reach_of(thickness, size)
    return reach + (MARGIN + 2) * max(1.0, reach / SIDE) if reach else 0.0


def with_traces(picture: NDArray[np.uint8], hole: Bools, check: Check) -> Bools:
    """``hole (H, W)`` and what belongs to it beside it.

    ``picture (H, W, 3)`` RGB, looked at in the hole too; returns ``hole`` itself where there is nothing. ``check`` may
    raise to stop.
    """
    size = hole.shape[0], hole.shape[1]
    result = hole
    for box, thickness in holes_of(hole):
        reach = reach_of(thickness, size)
        if not reach:
            continue
        part = window(_around(box, round(4 * reach + 4), size))
        traces = _traces(picture[part], hole[part], reach, check)
        if traces is None:
            continue
        if result is hole:
            result = hole.copy()
        result[part] |= traces & grown(hole[part], furthest(thickness, size))
    return result


def room_for_traces(hole: Bools) -> Bools:
    """``hole (H, W)`` and wherever :func:`with_traces` might find something, whatever is in the picture."""
    size = hole.shape[0], hole.shape[1]
    result = hole.copy()
    for box, thickness in holes_of(hole):
        if reach := furthest(thickness, size):
            part = window(_around(box, round(reach) + 1, size))
            result[part] |= grown(hole[part], reach)
    return result


def _around(box: Box, pixels: int, size: tuple[int, int]) -> Box:
    x0, y0, x1, y1 = box
    return max(x0 - pixels, 0), max(y0 - pixels, 0), min(x1 + pixels, size[1]), min(y1 + pixels, size[0])


def _traces(picture: NDArray[np.uint8], hole: Bools, reach: float, check: Check) -> Bools | None:
    scale = max(1.0, reach / SIDE)
    height, width = hole.shape
    size = max(1, round(width / scale)), max(1, round(height / scale))
    share = cv2.resize(hole.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    colours = cv2.GaussianBlur(cv2.cvtColor(small, cv2.COLOR_RGB2LAB), (0, 0), 0.7)  # of grain as little as can be
    sure, likely = _unlike_beyond(np.asarray(colours, np.float32), np.asarray(share, np.float32), reach / scale, check)
    sure &= cv2.boxFilter(sure.astype(np.float32), -1, (3, 3), normalize=False) > TOGETHER - 0.5
    found = likely & _connected(likely, sure & _connected(sure | (share > 0), share > 0))
    if not found.any():
        return None
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * MARGIN + 1, 2 * MARGIN + 1))
    wide = cv2.dilate(found.astype(np.float32), kernel)
    return np.asarray(cv2.resize(wide, (width, height), interpolation=cv2.INTER_LINEAR) > 0.5)


def _connected(where: Bools, begun: Bools) -> Bools:
    """The parts of ``where`` that hold something of ``begun``."""
    count, labels = cv2.connectedComponents(where.astype(np.uint8))
    kept = np.zeros(count, bool)
    kept[labels[begun & where]] = True
    return np.asarray(kept[labels] & where)


def _unlike_beyond(colours: Float, share: Float, reach: float, check: Check) -> tuple[Bools, Bools]:
    """Pixels within ``reach`` of the hole that look like what is in it, and like nothing beyond: surely, and likely."""
    beside = _distance(share <= 0)
    depth = _distance(share > 0.5)
    band = (beside > 0) & (beside <= reach)
    beyond = (beside > reach + 1) & (beside <= 3 * reach + 2)
    within = (depth > 1) & (depth <= reach + 1)
    sure, likely = np.zeros(band.shape, bool), np.zeros(band.shape, bool)
    margin = int(3 * reach + 2)
    for y in range(0, band.shape[0], BLOCK):
        for x in range(0, band.shape[1], BLOCK):
            block = slice(y, y + BLOCK), slice(x, x + BLOCK)
            own = band[block]
            if not own.any():
                continue
            check()
            near = slice(max(0, y - margin), y + BLOCK + margin), slice(max(0, x - margin), x + BLOCK + margin)
            others, thing = colours[near][beyond[near]], colours[near][within[near]]
            if min(len(others), len(thing)) < FEWEST:
                continue
            unlike = _nearest(colours[block][own], others)
            like = _nearest(colours[block][own], thing)
            sure[block][own] = (unlike > UNLIKE) & (like < LIKE * unlike)
            likely[block][own] = (unlike > LOWER * UNLIKE) & (like < LIKELY * unlike)
    return sure, likely


def _distance(where: Bools) -> Float:
    return np.asarray(cv2.distanceTransform(where.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE), np.float32)


def _nearest(colours: Float, others: Float) -> Float:
    """``(n,)``: distances of ``colours (n, 3)`` to the nearest of ``others (m, 3)``."""
    others = others[:: max(1, len(others) // COMPARED)]
    products = colours @ others.T
    squared = (colours**2).sum(1)[:, None] + (others**2).sum(1)[None] - 2 * products
    return np.asarray(np.sqrt(np.maximum(squared.min(1), 0)), np.float32)
