"""Copied pixels over those that were there, at 8 or 16 bits, with or without alpha."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from app.document.pixels import Pixels

Float = NDArray[np.float32]


def cloned(before: Pixels, copy: Pixels, weight: NDArray[np.uint8]) -> Pixels:
    """``copy`` over ``before``, both (h, w, 3 or 4); ``weight`` (h, w) of 255 says how much of it is seen.

    With alpha, which is straight, this is the "over" of Porter and Duff: what is transparent covers nothing.
    """
    if before.shape[2] == 3:
        return _blended(before, cv2.subtract(copy, before, dtype=cv2.CV_32F), _share(weight))
    top = _top(before)
    own, over = before[..., 3].astype(np.float32) / top, copy[..., 3].astype(np.float32) * (weight / (255 * top))
    alpha = over + own * (1 - over)
    share = (over / np.maximum(alpha, 1e-9)).astype(np.float32)  # of the copy's colour
    out = np.empty_like(before)
    difference = cv2.subtract(_colours(copy), _colours(before), dtype=cv2.CV_32F)
    out[..., :3] = _blended(_colours(before), difference, share)
    out[..., 3] = np.rint(alpha * top)
    untouched = over == 0
    out[untouched] = before[untouched]
    return out


def healed(before: Pixels, copy: Pixels, weight: NDArray[np.uint8], membrane: Float) -> Pixels:
    """``copy`` brought to its place's colours by ``membrane`` (h, w, 3), over ``before``; alpha stays.

    What is transparent where it is copied from changes nothing.
    """
    share = _share(weight)
    if before.shape[2] == 4:
        share *= copy[..., 3].astype(np.float32) / _top(before)
    difference = cv2.subtract(_colours(copy), _colours(before), dtype=cv2.CV_32F)
    cv2.add(difference, membrane, dst=difference)
    colours = _blended(_colours(before), difference, share)
    if before.shape[2] == 3:
        return colours
    return np.concatenate((colours, before[..., 3:]), axis=2)


def _blended(before: Pixels, difference: cv2.typing.MatLike, share: Float) -> Pixels:
    """``before`` (h, w, 3) and a share (h, w), 0 to 1, of a difference, rounded; share 0 leaves every bit.

    The difference is used up.
    """
    cv2.multiply(difference, cv2.merge([share, share, share]), dst=difference)
    kind = cv2.CV_8U if before.dtype == np.uint8 else cv2.CV_16U
    return np.asarray(cv2.add(before, difference, dtype=kind))


def _share(weight: NDArray[np.uint8]) -> Float:
    return np.multiply(weight, np.float32(1 / 255), dtype=np.float32)


def _colours(pixels: Pixels) -> Pixels:
    return pixels if pixels.shape[2] == 3 else np.ascontiguousarray(pixels[..., :3])


def _top(pixels: Pixels) -> float:
    return float(np.iinfo(pixels.dtype).max)
