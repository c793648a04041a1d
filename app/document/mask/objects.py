"""The object under a rough stroke or in a box, by its colours and edges.

Graph cut between two mixtures of colours (Rother, Kolmogorov and Blake, "GrabCut", 2004), on a
reduced copy of the surroundings, its outline then brought to the edges of the full-sized picture by
a guided filter (He, Sun and Tang, "Guided image filtering", 2010).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from app.document.mask.segments import Segment, segment_of, stroke_segment
from app.document.pixels import Box, Pixels, Point, bounds, crop, grown, intersect, is_empty, pieces

Mask = NDArray[np.uint8]

_SIDE = 400  # px, the longest side the colours are told apart at
_AROUND = 0.25  # of what was brushed: how much of the surroundings shows what is not the object
_RIDGE = 0.6  # of the distance to the stroke's edge found near by: what lies deeper is the object for certain
_CORE = 0.5  # the same of the greatest distance; of a box, more
_CORE_OF_BOX = 0.7
_ROUNDS = 2
_CLOSED = 0.02  # of the stroke's longest side: gaps up to twice this are closed
_TILE = 256
_LOGITS_SIDE = 1024  # px, the longest side a model's answer is enlarged to
_REDUCED_LABELS = 2048  # px, the longest side parts of a mask are told apart at


def object_in(pixels: Pixels, brushed: Segment, *, box: bool = False) -> Segment | None:
    """The object that was brushed over roughly, a little wider than it is; None where nothing was brushed.

    ``pixels`` is (H, W, 3 or 4) uint8 or uint16, alpha does not count. ``box``: the object was
    framed, and reaches its sides. What is left out of an object shows after an erase, so the
    middle of every part of a stroke counts as the object and its holes are closed; it does not
    reach beyond what was brushed by more than its margin, one pixel at the size colours were told apart at.
    """
    height, width = pixels.shape[:2]
    inner = intersect(brushed.box, (0, 0, width, height))
    if is_empty(inner) or int(brushed.coverage.max()) <= 127:
        return None
    longest = max(inner[2] - inner[0], inner[3] - inner[1])
    window = grown(inner, round(_AROUND * longest) + 8, (width, height))
    stroke = np.zeros((window[3] - window[1], window[2] - window[0]), np.uint8)
    crop(stroke, _shifted(inner, window))[...] = crop(brushed.coverage, _shifted(inner, brushed.box))
    around = crop(pixels, window)[..., :3]
    scale = max(1.0, max(stroke.shape) / _SIDE)
    small = _small(around, scale)
    small_stroke = np.asarray(cv2.resize(stroke, _size(small), interpolation=cv2.INTER_AREA), np.uint8) > 127
    if not small_stroke.any():  # thinner than a pixel of the reduced copy
        small_stroke = np.asarray(cv2.resize(stroke, _size(small), interpolation=cv2.INTER_AREA), np.uint8) > 0
    found = _cut(small, small_stroke, _CORE_OF_BOX if box else _CORE, None if box else _RIDGE)
    mask = found * np.uint8(255) if scale == 1.0 else _refined(around, found, scale)
    return segment_of(_with_margin(mask, scale), window)


def object_of_logits(pixels: Pixels, logits: NDArray[np.float32]) -> Segment | None:
    """The object where ``logits`` (h, w), which span all of the picture, are above 0; None where that is nowhere.

    ``pixels`` as of :func:`object_in`; its outline is brought to their edges, and it has the same margin.
    """
    height, width = pixels.shape[:2]
    scale = max(1.0, max(height, width) / _LOGITS_SIDE)
    size = max(1, round(width / scale)), max(1, round(height / scale))
    found = (np.asarray(cv2.resize(logits, size, interpolation=cv2.INTER_LINEAR)) > 0).astype(np.uint8)
    inner = bounds(found)
    if is_empty(inner):
        return None
    cells = grown(inner, 2, size)
    across, down = width / size[0], height / size[1]
    window = round(cells[0] * across), round(cells[1] * down), round(cells[2] * across), round(cells[3] * down)
    part = np.ascontiguousarray(crop(found, cells))
    mask = part * np.uint8(255) if scale == 1.0 else _refined(crop(pixels, window)[..., :3], part, scale)
    return segment_of(_with_margin(mask, scale), window)


def _with_margin(mask: Mask, scale: float) -> Mask:
    """What erasing an object needs around it: half a pixel of the reduced copy, at least one, and a soft edge."""
    margin = max(1, round(scale / 2))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * margin + 1, 2 * margin + 1))
    return np.asarray(cv2.GaussianBlur(cv2.dilate(mask, kernel), (3, 3), 0), np.uint8)


def brushed_over(points: Sequence[Point], size: float, picture: tuple[int, int]) -> Segment | None:
    """What a brush of ``size`` px has gone over or around; None: nothing of the picture."""
    stroke = stroke_segment(points, size, picture)
    if stroke is None:
        return None
    lines, _ = cv2.findContours((stroke.coverage > 127).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    coverage = stroke.coverage.copy()
    cv2.drawContours(coverage, list(lines), -1, (255,), cv2.FILLED)
    return Segment(stroke.box, coverage)


def framed(a: Point, b: Point, picture: tuple[int, int]) -> Segment | None:
    """The box between two corners, as far as the picture of (width, height) goes; None where that holds nothing."""
    columns, rows = sorted((a[0], b[0])), sorted((a[1], b[1]))
    box = math.floor(columns[0]), math.floor(rows[0]), math.ceil(columns[1]), math.ceil(rows[1])
    box = intersect(box, (0, 0, *picture))
    return None if is_empty(box) else Segment(box, np.full((box[3] - box[1], box[2] - box[0]), 255, np.uint8))


def snapped(pixels: Pixels, mask: Mask) -> Iterator[tuple[Segment, Segment]]:
    """Every connected part of a mask (H, W) with the object it was brushed over; parts without one are left out."""
    for part in _parts(mask):
        found = object_in(pixels, part)
        if found is not None:
            yield part, found


def _cut(rgb: NDArray[np.uint8], stroke: NDArray[np.bool_], core: float, ridge: float | None) -> Mask:
    """The object as 0 or 1, at the size of ``rgb``."""
    if stroke.all():  # nothing shows what is not the object
        return np.ones(stroke.shape, np.uint8)
    distance = cv2.distanceTransform(stroke.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    deepest = float(distance.max())
    marks = np.where(stroke, cv2.GC_PR_FGD, cv2.GC_BGD).astype(np.uint8)
    marks[distance >= core * deepest] = cv2.GC_FGD
    if ridge is not None:
        side = 2 * int(deepest / 2) + 1
        near = cv2.dilate(distance, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))
        marks[(distance >= ridge * near) & (distance > 0.12 * deepest)] = cv2.GC_FGD
    certain = marks == cv2.GC_FGD
    if (marks == cv2.GC_PR_FGD).any():
        cv2.setRNGSeed(0)  # the mixtures begin with random centres
        models = np.zeros((1, 65)), np.zeros((1, 65))
        cv2.grabCut(rgb, marks, (0, 0, 0, 0), *models, _ROUNDS, cv2.GC_INIT_WITH_MASK)
        found = (marks & 1).astype(np.uint8)
    else:
        found = stroke.astype(np.uint8)
    box = bounds(stroke)
    gap = max(1, round(_CLOSED * max(box[2] - box[0], box[3] - box[1])))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * gap + 1, 2 * gap + 1))
    wide = cv2.copyMakeBorder(found, gap, gap, gap, gap, cv2.BORDER_CONSTANT)
    found = np.asarray(cv2.morphologyEx(wide, cv2.MORPH_CLOSE, kernel)[gap:-gap, gap:-gap], np.uint8)
    lines, _ = cv2.findContours(found, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    whole = np.zeros_like(found)
    cv2.drawContours(whole, list(lines), -1, (1,), cv2.FILLED)
    # Only what is connected with the middle of the stroke.
    _, labels = cv2.connectedComponents(whole)
    kept = np.unique(labels[certain & (whole > 0)])
    return np.isin(labels, kept[kept > 0]).astype(np.uint8)


def _refined(around: Pixels, found: Mask, scale: float) -> Mask:
    """The outline at the full size, 0 or 255, moved to the edges within about a pixel of the reduced copy."""
    height, width = around.shape[:2]
    reach = max(2, round(1.5 * scale))
    result = np.zeros((height, width), np.uint8)
    for tile in pieces((0, 0, width, height), _TILE):
        wide = grown(tile, 4 * reach, (width, height))
        rough = _enlarged(found, wide, (width, height))
        inner = _shifted(tile, wide)
        core = crop(rough, inner)
        if float(core.min()) == float(core.max()):
            crop(result, tile)[...] = 255 if float(core.max()) > 0.5 else 0
            continue
        guide = _eight_bits(crop(around, wide)).astype(np.float32) / 255
        soft = np.mean([_guided(guide[..., k], rough, reach) for k in range(3)], axis=0)
        crop(result, tile)[...] = np.where(crop(soft, inner) > 0.5, 255, 0)
    return result


def _guided(guide: NDArray[Any], what: NDArray[Any], reach: int) -> NDArray[Any]:
    side = (2 * reach + 1, 2 * reach + 1)

    def mean(values: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(cv2.blur(values, side, borderType=cv2.BORDER_REFLECT))

    guide_mean, what_mean = mean(guide), mean(what)
    slope = (mean(guide * what) - guide_mean * what_mean) / (mean(guide * guide) - guide_mean**2 + 1e-3)
    answer: NDArray[Any] = mean(slope) * guide + mean(what_mean - slope * guide_mean)
    return answer


def _enlarged(found: Mask, box: Box, size: tuple[int, int]) -> NDArray[Any]:
    """A box of the full-sized mask, interpolated from the reduced one; 0 to 1."""
    down, across = found.shape[0] / size[1], found.shape[1] / size[0]
    shift = (box[0] + 0.5) * across - 0.5, (box[1] + 0.5) * down - 0.5
    matrix = np.array([[across, 0, shift[0]], [0, down, shift[1]]], np.float64)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    goal = (box[2] - box[0], box[3] - box[1])
    source = found.astype(np.float32)
    return np.asarray(cv2.warpAffine(source, matrix, goal, flags=flags, borderMode=cv2.BORDER_REPLICATE))


def _parts(mask: Mask) -> list[Segment]:
    height, width = mask.shape
    scale = max(1, -(-max(height, width) // _REDUCED_LABELS))
    # By maxima: no part is lost, parts closer than a reduced pixel are one.
    rows = np.maximum.reduceat(mask, np.arange(0, height, scale), axis=0)
    small = np.maximum.reduceat(rows, np.arange(0, width, scale), axis=1)
    count, labels, stats, _ = cv2.connectedComponentsWithStats((small > 127).astype(np.uint8))
    parts = []
    for number in range(1, count):
        x, y, across, down = (int(value) for value in stats[number, :4])
        box = intersect((x * scale, y * scale, (x + across) * scale, (y + down) * scale), (0, 0, width, height))
        own = (labels[y : y + down, x : x + across] == number).astype(np.uint8)
        own = np.repeat(np.repeat(own, scale, axis=0), scale, axis=1)[: box[3] - box[1], : box[2] - box[0]]
        part = segment_of(crop(mask, box) * own, box)
        if part is not None:
            parts.append(part)
    return parts


def _small(around: Pixels, scale: float) -> NDArray[np.uint8]:
    if scale == 1.0:
        return np.ascontiguousarray(_eight_bits(around))
    size = max(1, round(around.shape[1] / scale)), max(1, round(around.shape[0] / scale))
    return _eight_bits(np.asarray(cv2.resize(around, size, interpolation=cv2.INTER_AREA)))


def _eight_bits(pixels: Pixels) -> NDArray[np.uint8]:
    return pixels if pixels.dtype == np.uint8 else (pixels >> 8).astype(np.uint8)


def _size(array: NDArray[Any]) -> tuple[int, int]:
    return array.shape[1], array.shape[0]


def _shifted(box: Box, by: Box) -> Box:
    x, y = by[:2]
    return box[0] - x, box[1] - y, box[2] - x, box[3] - y
