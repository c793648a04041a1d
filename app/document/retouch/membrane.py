"""The membrane: values given around a region, continued into it as smoothly as can be (Laplace's equation).

Added to copied texture it brings that to the colours of its place: Perez, Gangnet and Blake, "Poisson image editing"
(2003), solved for the difference as in Georgiev, "Image reconstruction invariant to relighting" (2005). The solver is
conjugate gradients, preconditioned by multigrid: Briggs, Henson and McCormick, "A Multigrid Tutorial" (2000); Notay,
"Flexible conjugate gradients" (2000).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float32]

_STENCIL = np.array([[0, -1, 0], [-1, 4, -1], [0, -1, 0]], np.float32)
_DAMPING = 0.2  # of a quarter: the stencil's middle is 4
_SMOOTHINGS = 2  # before and after each coarser level
_COARSEST = 40  # smoothings where there is no coarser level
_MOST_CYCLES = 60


def membrane(values: Float, unknown: NDArray[np.bool_], tolerance: float, cycles: int = _MOST_CYCLES) -> Float:
    """``values (h, w)`` or ``(h, w, C)`` continued to where ``unknown (h, w)``; the rest stays.

    Beyond the array's edges nothing pulls. Ends when a cycle changes nothing by more than ``tolerance``, or after
    ``cycles``. Where all is unknown the answer is 0.
    """
    if unknown.all():
        return np.zeros_like(values)
    weight = unknown.astype(np.float32)
    if values.ndim == 3:
        weight = np.asarray(cv2.merge([weight] * values.shape[2]), np.float32).reshape(values.shape)
    result = values * (1 - weight)
    result += _guessed(result, 1 - weight) * weight
    left = last = -_applied(result) * weight
    way, worth = np.zeros_like(result), np.zeros(result.shape[2:], np.float32)
    for _ in range(cycles):
        better = _cycle(left, weight)
        # A cycle alone may go too far where little is known: it is the preconditioner of conjugate gradients.
        bent = way * _ratio(_dot(better, left - last), worth) if worth.any() else 0
        way = better + bent
        slope = _applied(way) * weight
        worth, last = _dot(better, left), left
        length = _ratio(_dot(way, left), _dot(way, slope))
        change = length * way
        result += change
        left = left - length * slope
        if float(np.abs(change).max()) <= tolerance:
            break
    return result


def _dot(one: Float, other: Float) -> Float:
    """The sums of the products, channel by channel."""
    return np.asarray((one * other).sum(axis=(0, 1), dtype=np.float64), np.float32)


def _ratio(one: Float, other: Float) -> Float:
    return np.asarray(np.divide(one, other, out=np.zeros_like(one), where=other != 0), np.float32)


def _guessed(weighted: Float, weight: Float) -> Float:
    """A first guess: means of what is known at ever coarser scales (Gortler et al., "The Lumigraph", 1996)."""
    height, width = weight.shape[:2]
    own = np.asarray(weighted / np.maximum(weight, 1e-6), np.float32)
    if min(height, width) <= 2 or weight.all():
        return own
    coarse = _guessed(_coarser(weighted), _coarser(weight))
    size = (2 * coarse.shape[1], 2 * coarse.shape[0])
    finer = np.asarray(cv2.resize(coarse, size, interpolation=cv2.INTER_LINEAR)).reshape(*size[::-1], *weight.shape[2:])
    finer = finer[:height, :width]
    return np.asarray(finer + (own - finer) * weight, np.float32)


def _applied(values: Float) -> Float:
    out = cv2.filter2D(values, cv2.CV_32F, _STENCIL, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(out, np.float32).reshape(values.shape)


def _smooth(change: Float, right: Float, weight: Float, times: int) -> Float:
    for _ in range(times):
        step = right - _applied(change)
        step *= weight
        step *= _DAMPING
        change += step
    return change


def _cycle(right: Float, weight: Float) -> Float:
    """A V-cycle for the change that takes the residual ``right`` away, 0 where ``weight`` is."""
    height, width = right.shape[:2]
    change = right * (_DAMPING * weight)  # the first smoothing, of zeros
    coarse_weight = _coarser(weight) >= 1 if min(height, width) > 2 else np.zeros(0, bool)
    if not coarse_weight.any():
        return _smooth(change, right, weight, _COARSEST)
    change = _smooth(change, right, weight, _SMOOTHINGS - 1)
    left = (right - _applied(change)) * weight
    coarse = _cycle(4 * _coarser(left), coarse_weight.astype(np.float32))
    size = (2 * coarse.shape[1], 2 * coarse.shape[0])
    finer = np.asarray(cv2.resize(coarse, size, interpolation=cv2.INTER_LINEAR)).reshape(*size[::-1], *right.shape[2:])
    change += finer[:height, :width] * weight
    return _smooth(change, right, weight, _SMOOTHINGS)


def _coarser(values: Float) -> Float:
    """Means of two by two."""
    height, width = values.shape[:2]
    if height % 2 or width % 2:
        values = np.asarray(cv2.copyMakeBorder(values, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE))
    size = ((width + 1) // 2, (height + 1) // 2)
    halved = np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), np.float32)
    return halved.reshape(*size[::-1], *values.shape[2:])
