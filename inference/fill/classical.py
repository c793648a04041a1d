"""Classical fills of a hole: copied patches, and a smooth one. They need no model."""

from __future__ import annotations

import logging
import threading

import cv2
import numpy as np
from numpy.typing import NDArray

try:
    import patchmatch as _patchmatch

    _available = bool(_patchmatch.patchmatch_available)
except ImportError:  # no wheel for this platform
    _available = False

FLOW = 4  # pixels per side that become one for the smooth continuation of colours

_log = logging.getLogger(__name__)
_one_at_a_time = threading.Lock()  # the library's random state is global to the process


def smooth_fill(rgb: NDArray[np.uint8], hole: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Fill by push-pull interpolation: averages of what is known at ever coarser scales.

    ``rgb (H, W, 3)``, ``hole (H, W)`` True where unknown -> ``(H, W, 3)``, known pixels unchanged. A
    picture without known pixels becomes mid-grey. Gortler et al., "The Lumigraph" (1996), section 5.
    """
    filled = push_pull(rgb.astype(np.float32), (~hole).astype(np.float32), 127.5)
    return np.where(hole[..., None], np.clip(np.rint(filled), 0, 255), rgb).astype(np.uint8)


def push_pull(values: NDArray[np.float32], weight: NDArray[np.float32], default: float = 0.0) -> NDArray[np.float32]:
    """Interpolate ``values (H, W, 3)`` smoothly to where ``weight (H, W)`` in 0..1 is 0; same shape.

    Where nothing at all has weight the answer is ``default``.
    """
    return _pull(values * weight[..., None], weight, default)


def _pull(weighted: NDArray[np.float32], weight: NDArray[np.float32], default: float) -> NDArray[np.float32]:
    height, width = weight.shape
    own = weighted / np.maximum(weight, 1e-6)[..., None]
    if height <= 1 and width <= 1:
        return np.where(weight[..., None] > 0, own, default).astype(np.float32)
    half = ((width + 1) // 2, (height + 1) // 2)
    coarse = _pull(_resize(weighted, half, cv2.INTER_AREA), _resize(weight, half, cv2.INTER_AREA), default)
    pulled = _resize(coarse, (width, height), cv2.INTER_LINEAR)
    trust = np.minimum(weight, 1)[..., None]
    return (trust * own + (1 - trust) * pulled).astype(np.float32)


def _resize(array: NDArray[np.float32], size: tuple[int, int], method: int) -> NDArray[np.float32]:
    resized = np.asarray(cv2.resize(array, size, interpolation=method), dtype=np.float32)
    return resized.reshape(size[1], size[0], *array.shape[2:])


def flow_fill(rgb: NDArray[np.uint8], hole: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Fill by continuing lines of equal brightness, at a quarter of the size: colours without texture.

    ``rgb (H, W, 3)``, ``hole (H, W)`` -> ``(H, W, 3)``, known pixels unchanged. Bertalmio et al., "Navier-Stokes,
    fluid dynamics, and image and video inpainting" (2001), as in OpenCV.
    """
    height, width = hole.shape
    size = max(1, width // FLOW), max(1, height // FLOW)
    small = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA))
    unknown = np.asarray(cv2.resize(hole.astype(np.float32), size, interpolation=cv2.INTER_AREA)) > 0
    # OpenCV reads beyond a picture of one row or column: there is a border of one pixel for it.
    padded = np.pad(np.where(unknown[..., None], 127, small).astype(np.uint8), ((1, 1), (1, 1), (0, 0)), mode="edge")
    filled = cv2.inpaint(padded, np.pad(unknown.astype(np.uint8), 1, mode="edge"), 3, cv2.INPAINT_NS)[1:-1, 1:-1]
    enlarged = cv2.resize(filled, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.where(hole[..., None], enlarged, rgb).astype(np.uint8)


def patch_fill(
    rgb: NDArray[np.uint8],
    hole: NDArray[np.bool_],
    *,
    radius: int = 5,
    seed: int = 0,
    source: NDArray[np.bool_] | None = None,
) -> NDArray[np.uint8]:
    """Fill by copying patches of ``2 * radius + 1`` pixels from the rest of the picture.

    ``rgb (H, W, 3)``, ``hole (H, W)`` -> ``(H, W, 3)``, known pixels unchanged; the same seed gives the
    same bytes. ``source (H, W)``: where patches may be copied from, None: everywhere outside the hole. Barnes et al.,
    "PatchMatch" (2009). Where its library can't be used, or nothing as large as a patch is known, OpenCV's Telea fill
    takes its place.
    """
    if not hole.any():
        return rgb.copy()
    barred = None if source is None else ~(source | hole)
    if _available and min(rgb.shape[:2]) > 4 * radius and _has_patch(hole if barred is None else hole | barred, radius):
        try:
            with _one_at_a_time:
                _patchmatch.set_random_seed(seed)
                return _copied(rgb, hole, radius, barred)
        except RuntimeError as error:
            _log.info("patch fill failed, Telea's takes its place: %s", error)
    # OpenCV reads beyond a picture of one row or column: there is a border of one pixel for it.
    padded = np.pad(rgb, ((1, 1), (1, 1), (0, 0)), mode="edge")
    unknown = np.pad(hole.astype(np.uint8), 1, mode="edge")
    filled = np.asarray(cv2.inpaint(padded, unknown, 5, cv2.INPAINT_TELEA))[1:-1, 1:-1]
    return np.where(hole[..., None], filled, rgb).astype(np.uint8)


def _copied(
    rgb: NDArray[np.uint8], hole: NDArray[np.bool_], radius: int, barred: NDArray[np.bool_] | None
) -> NDArray[np.uint8]:
    """The library's fill, on a canvas on which it reaches the whole hole; nothing is copied from what is ``barred``.

    Where a hole is deeper than the canvas's short side, the library leaves its inside black: such a picture
    is mirrored at its long edges first.
    """
    distance = cv2.distanceTransform(hole.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    deepest = int(np.ceil(distance.max()))
    pads = [(missing // 2, missing - missing // 2) for missing in (max(deepest - side, 0) for side in hole.shape)]
    known = np.maximum(rgb, 1)  # so that a black area means: not reached
    canvas = np.pad(known, [*pads, (0, 0)], mode="symmetric")
    unknown = np.pad(hole, pads, mode="symmetric").astype(np.uint8)
    unused = None if barred is None else np.pad(barred, pads, mode="symmetric").astype(np.uint8)
    filled = _patchmatch.inpaint(canvas, unknown, global_mask=unused, patch_size=radius)
    top, left = pads[0][0], pads[1][0]
    own = np.asarray(filled)[top : top + hole.shape[0], left : left + hole.shape[1]]
    black = (hole & (own.max(2) == 0)).astype(np.uint8)
    if cv2.erode(black, np.ones((2 * radius + 1, 2 * radius + 1), np.uint8)).any():
        raise RuntimeError("too little is known around a hole this large")
    return np.where(hole[..., None], own, rgb).astype(np.uint8)


def _has_patch(hole: NDArray[np.bool_], radius: int) -> bool:
    """Whether one whole patch is known."""
    size = 2 * radius + 1
    return bool((cv2.boxFilter(hole.astype(np.float32), -1, (size, size), borderType=cv2.BORDER_CONSTANT) < 1e-6).any())
