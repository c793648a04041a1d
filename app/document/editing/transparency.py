"""Pictures on transparent ground: what cannot be seen is no source, and alpha is filled as colours are."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from app.document.pixels import Box, Picture, Pixels, bounds, crop, grown, srgb_pixels

_REACH = 64  # pixels around the hole that a model looks at in any case
_RADIUS = 3  # pixels from which alpha is continued
_MOST = 1 << 20  # pixels: larger ones are filled at a reduced size


def model_view(
    picture: Picture, mask: NDArray[np.uint8], source: NDArray[np.uint8] | None = None
) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None]:
    """What a model gets of a picture: (H, W, 3) sRGB, and where the fill may copy from, (H, W) or None: everywhere.

    Colours under zero alpha are nobody's: around the hole of ``mask`` (H, W) the nearest visible ones take their
    place, and nothing is copied from there. ``source``: where else it may not be copied from.
    """
    rgb = srgb_pixels(picture)
    if not picture.has_alpha:
        return rgb, source
    visible = picture.pixels[..., 3] > 0
    if visible.all():
        return rgb, source
    hole = bounds(mask)
    reach = max(_REACH, hole[2] - hole[0], hole[3] - hole[1])
    box = grown(hole, reach, picture.size)
    _cover(crop(rgb, box), crop(visible, box))
    allowed = visible if source is None else visible & (source > 127)
    # With nothing visible around there is nothing to keep from being copied either.
    if not (allowed & (mask == 0)).any():
        return rgb, source
    return rgb, allowed.astype(np.uint8) * np.uint8(255)


def _cover(rgb: NDArray[np.uint8], visible: NDArray[np.bool_]) -> None:
    """Write the nearest visible colour to every pixel that is not, in place."""
    if visible.all() or not visible.any():
        return
    hidden = (~visible).astype(np.uint8)
    _, labels = cv2.distanceTransformWithLabels(hidden, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    colours = np.zeros((int(labels.max()) + 1, 3), np.uint8)
    colours[labels[visible]] = rgb[visible]
    rgb[~visible] = colours[labels[~visible]]


def filled_alpha(alpha: Pixels, unknown: NDArray[np.bool_]) -> Pixels:
    """``alpha`` (h, w), its ``unknown`` pixels continued from the others; itself where none is known.

    A hole with one value all around takes that, others are filled by Telea's method ("An image inpainting technique
    based on the fast marching method", 2004).
    """
    if unknown.all() or not unknown.any():
        return alpha
    out, mixed = _uniform(alpha, unknown)
    if not mixed.any():
        return out
    scale = min(1.0, (_MOST / alpha.size) ** 0.5)
    size = max(1, round(alpha.shape[1] * scale)), max(1, round(alpha.shape[0] * scale))
    small: Any = cv2.resize(out, size, interpolation=cv2.INTER_NEAREST)
    hole: Any = cv2.resize(mixed.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    made = cv2.inpaint(np.ascontiguousarray(small), np.ascontiguousarray(hole), _RADIUS, cv2.INPAINT_TELEA)
    made = cv2.resize(made, alpha.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.where(mixed, made, out).astype(alpha.dtype)


def _uniform(alpha: Pixels, unknown: NDArray[np.bool_]) -> tuple[Pixels, NDArray[np.bool_]]:
    """``alpha`` with the holes filled that have one value all around, and where the others are."""
    count, labels = cv2.connectedComponents(unknown.astype(np.uint8), connectivity=8)
    around = cv2.dilate(labels.astype(np.float32), np.ones((3, 3), np.uint8)).astype(np.int32)
    ring = (around > 0) & ~unknown
    low, high = np.full(count, np.iinfo(alpha.dtype).max, alpha.dtype), np.zeros(count, alpha.dtype)
    np.minimum.at(low, around[ring], alpha[ring])
    np.maximum.at(high, around[ring], alpha[ring])
    same = low == high
    same[0] = False
    filled = same[labels]
    return np.where(filled, low[labels], alpha), unknown & ~filled


def composed_alpha(picture: Picture, box: Box, hole: NDArray[np.bool_], share: NDArray[np.float32]) -> Pixels | None:
    """The alpha (h, w) in ``box`` with what was erased gone from ``hole`` (h, w), as much as ``share`` (h, w) says.

    None where nothing is transparent there.
    """
    if not picture.has_alpha:
        return None
    own = np.ascontiguousarray(crop(picture.pixels, box)[..., 3])
    if bool((own == np.iinfo(own.dtype).max).all()):
        return None
    filled = filled_alpha(own, hole).astype(np.float32)
    blended = own + (filled - own) * share
    return np.where(hole, np.rint(blended), own).astype(own.dtype)
