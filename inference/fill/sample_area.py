"""The fill of a region that may copy from a marked area only, wherever in the picture that is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from inference.fill.large import LARGEST, Fill, fill_box
from inference.fill.resizing import resize
from inference.runtime import Check

_ENOUGH = 2.0  # pixels to copy from for each pixel of the hole: then the region's surroundings do

Box = tuple[int, int, int, int]


def fill_from(
    image: NDArray[np.uint8],
    source: NDArray[np.bool_],
    inside: Box,
    box: Box,
    hole: NDArray[np.bool_],
    *,
    thickness: float,
    radius: int,
    seed: int,
    check: Check,
    edges: bool = True,
) -> Fill:
    """Fill ``hole (y1 - y0, x1 - x0)`` within ``box`` of ``image (H, W, 3)``, copying only where ``source (H, W)``.

    ``inside``: the part of the picture that the region sees. Where too little of the source is in it, what is looked
    at is grown to hold all of the source. The answer's ``reduced`` is of ``inside``, as :func:`fill_box` makes it.
    """
    x0, y0, x1, y1 = inside
    seen = _looked_at(inside, source, hole)
    left, top = seen[:2]
    own = box[0] - left, box[1] - top, box[2] - left, box[3] - top
    part = image[top : seen[3], left : seen[2]]
    allowed = source[top : seen[3], left : seen[2]]
    fill = fill_box(
        part,
        own,
        hole,
        thickness=thickness,
        radius=radius,
        seed=seed,
        check=check,
        source=np.ascontiguousarray(allowed),
        edges=edges,
    )
    if seen == inside:
        return fill
    filled = image[y0:y1, x0:x1].copy()
    filled[box[1] - y0 : box[3] - y0, box[0] - x0 : box[2] - x0] = fill.rgb
    scale = min(1.0, LARGEST / max(filled.shape[:2]))
    size = max(1, round(filled.shape[0] * scale)), max(1, round(filled.shape[1] * scale))
    return replace(fill, reduced=np.ascontiguousarray(resize(filled, size)))


def _looked_at(inside: Box, source: NDArray[np.bool_], hole: NDArray[np.bool_]) -> Box:
    """``inside``, or the box around that and ``source (H, W)``, where too little of it for the hole is inside."""
    x0, y0, x1, y1 = inside
    enough = np.count_nonzero(source[y0:y1, x0:x1]) >= _ENOUGH * np.count_nonzero(hole)
    return inside if enough else _around(inside, source)


def _around(inside: Box, source: NDArray[np.bool_]) -> Box:
    """The box around ``inside`` and all of the source."""
    rows, columns = np.flatnonzero(source.any(axis=1)), np.flatnonzero(source.any(axis=0))
    if not rows.size:
        return inside
    return (
        min(inside[0], int(columns[0])),
        min(inside[1], int(rows[0])),
        max(inside[2], int(columns[-1]) + 1),
        max(inside[3], int(rows[-1]) + 1),
    )
