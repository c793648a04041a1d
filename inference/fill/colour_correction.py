"""A patch fill corrected by what was denoised: its texture, with the colours and edges of a guide.

Where a picture is smooth around the hole and the fill along edges is to be believed, that takes the place of the copied
patches: there is no texture to lose, and an edge goes on in one piece. Elsewhere patches stay and only their low-passed
colours are moved towards the guide, and not all the way: what is likely on average is smoother than any picture.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.fill.detail import sample

Float = NDArray[np.float32]

GAIN = 0.6  # of the low-passed change towards the guide
SIGMA = 3.0  # pixels of the square
BELIEVED = (0.35, 0.65)  # between these shares of the fill along edges it begins to take the patches' place
SMOOTH = (-0.3, -0.6)  # the same of the logarithm of gradient energy around the hole, as in a layout
BAND = 256  # rows made at once


@dataclass(frozen=True)
class Guide:
    """What belongs in the hole of a square, all of the square's size and 0 or of no account outside the hole."""

    colours: Float  # (n, n, 3) 0..255: what was denoised
    edges: Float  # (n, n, 3) 0..255: the fill along edges
    believed: Float  # (n, n) 0..1: how much that is to be believed
    texture: Float  # (n, n) -1..1: the gradient energy of what is known nearby


def smoothstep(start: float, end: float, values: Float) -> Float:
    """0 at ``start``, 1 at ``end``, smoothly between."""
    part = np.clip((values - start) / (end - start), 0, 1)
    return np.asarray(part * part * (3 - 2 * part), dtype=np.float32)


def correction(guide: Guide, patched: Float, hole: NDArray[np.bool_]) -> Float:
    """``patched (n, n, 3)`` 0..255, the square with the patch fill -> ``(n, n, 4)``.

    The last channel is the share of the patch fill that gives way, the others are what is added to the rest of it.
    """
    inside = hole[..., None].astype(np.float32)
    gives = smoothstep(*BELIEVED, guide.believed) * smoothstep(*SMOOTH, guide.texture)
    gives = gives[..., None] * inside
    replaced = gives * (guide.edges - patched)
    left = (guide.colours - patched - replaced) * inside
    moved = cv2.GaussianBlur(np.ascontiguousarray(left), (0, 0), SIGMA, borderType=cv2.BORDER_REFLECT)
    added = gives * guide.edges + GAIN * np.asarray(moved) * inside
    return np.concatenate([added, gives], 2).astype(np.float32)


def corrected(
    patched: NDArray[np.uint8], change: Float, matrix: NDArray[np.float64], box: tuple[int, int, int, int]
) -> NDArray[np.uint8]:
    """``patched (y1 - y0, x1 - x0, 3)``, the pixels of ``box``, changed by what :func:`correction` answered.

    ``matrix (2, 3)`` maps the picture's pixels to the square's, as of :func:`inference.fill.sample`.
    """
    x0, y0, x1, y1 = box
    result = np.empty_like(patched)
    for top in range(y0, y1, BAND):
        bottom = min(top + BAND, y1)
        rows = slice(top - y0, bottom - y0)
        values = sample(change, matrix, (x0, top, x1, bottom))
        made = patched[rows] * (1 - values[..., 3:]) + values[..., :3]
        result[rows] = np.clip(np.rint(made), 0, 255)
    return result
