"""A stroke that copies pixels from elsewhere: shown while it is painted, one edit of what it changed when it ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from app.document.history import Edit, EditPart, Recorder
from app.document.mask import Coverage, StrokePath
from app.document.pixels import EMPTY, Box, Pixels, Point, crop, intersect, is_empty, stored, union, zeros
from app.document.retouch.brush import RetouchBrush
from app.document.retouch.compositing import cloned, healed
from app.document.retouch.healing import exact_membrane, quick_membrane

Changing = Callable[[Box], None]
Membrane = Callable[[Box], NDArray[np.float32]]

_BAND_AREA = 1 << 15  # pixels


class RetouchStroke:
    """Copies from what was there before the stroke began, so that it never copies its own paint.

    Only pixels with a source inside the picture change. Not thread-safe: ``edit`` may run on another thread
    while nobody else changes the picture.
    """

    def __init__(self, pixels: Pixels, retouch: RetouchBrush, at: Point, pressure: float, changing: Changing) -> None:
        """``pixels`` (H, W, 3 or 4) are changed in place; ``changing`` is told every box before that."""
        height, width = pixels.shape[:2]
        self._pixels, self.retouch, self._changing = pixels, retouch, changing
        self._path = StrokePath(retouch.brush, at, pressure, (width, height))
        self._pressure = pressure
        self._coverage: NDArray[np.uint8] = zeros((height, width))  # what of the copy is seen, 0 to 255
        self._recorder = Recorder("pixels", pixels)
        dx, dy = retouch.offset
        self._reach: Box = intersect((0, 0, width, height), (-dx, -dy, width - dx, height - dy))
        self.box: Box = EMPTY  # around what is painted

    def begin(self) -> Box:
        """Paint the first dab; the changed box."""
        return self._paint(self._path.begin(), self._pressure)

    def move(self, to: Point, pressure: float) -> Box:
        """Move the hand on in a straight line; the changed box. Raises ``ValueError`` for what is not finite."""
        coverage = self._path.move(to, pressure)
        mean, self._pressure = (self._pressure + pressure) / 2, pressure
        return self._paint(coverage, mean)

    def finish(self) -> Box:
        """Let a brush that smooths catch up with the hand; the changed box."""
        return self._paint(self._path.finish(), self._pressure)

    def restore(self) -> Box:
        """Put everything back as it was; the box to show again."""
        return self._recorder.restore()

    def edit(self) -> Edit | None:
        """The edit of all of it, with healed colours exact; its ``redo`` brings those in. None: nothing changes.

        Takes about a second for a megapixel of a heal stroke.
        """
        membrane = None
        if self.retouch.heal:
            membrane = exact_membrane(self._before, self._coverage, self.box, self.retouch.offset, self._reach)
        parts = []
        for tile in self._recorder.boxes():
            shown, before = crop(self._pixels, tile), self._before(tile)
            after = shown
            if membrane is not None:
                after = before.copy()
                inner = intersect(tile, self._reach)
                if not is_empty(inner):
                    self._mix(inner, membrane, crop(after, _shifted(inner, (-tile[0], -tile[1]))))
            changed = (after != before) | (shown != before)
            x, y, width, height = cv2.boundingRect(changed.any(axis=2).astype(np.uint8))
            if width:
                inside = (x, y, x + width, y + height)
                box = _shifted(inside, tile[:2])
                parts.append(EditPart("pixels", box, stored(crop(before, inside)), stored(crop(after, inside))))
        return Edit(self.retouch.name, tuple(parts)) if parts else None

    def _paint(self, coverage: Coverage, pressure: float) -> Box:
        opacity = self.retouch.opacity * (pressure if self.retouch.pressure_opacity else 1.0)
        grown, boxes = EMPTY, []
        for box, piece in coverage:
            inner = intersect(box, self._reach)
            if is_empty(inner):
                continue
            if inner != box:
                piece = crop(piece, _shifted(inner, (-box[0], -box[1])))
            if opacity < 1:
                piece = np.asarray(cv2.convertScaleAbs(piece, alpha=opacity), np.uint8).reshape(piece.shape)
            boxes.append(_raised(crop(self._coverage, inner), piece, inner))
            grown = union(grown, boxes[-1])
        if is_empty(grown):
            return EMPTY
        self._changing(grown)
        self._recorder.touch(grown)
        self.box = union(self.box, grown)
        if self.retouch.heal:
            under = quick_membrane(self._pixels, self._coverage, grown, self.retouch, self._reach)
            self._mix(grown, under, crop(self._pixels, grown))
        else:  # of a copy only what the brush has reached now is another
            for box in boxes:
                if not is_empty(box):
                    self._mix(box, None, crop(self._pixels, box))
        return grown

    def _mix(self, box: Box, membrane: Membrane | None, out: Pixels) -> None:
        """Write the pixels of ``box`` with the copy in them to ``out``."""
        rows = max(1, _BAND_AREA // (box[2] - box[0]))
        for top in range(box[1], box[3], rows):  # as much as the processor's cache holds
            band = box[0], top, box[2], min(top + rows, box[3])
            x, y, width, height = cv2.boundingRect(crop(self._coverage, band))
            if not width:
                continue
            band = box[0] + x, top + y, box[0] + x + width, top + y + height
            weight = crop(self._coverage, band)
            before, copy = self._before(band), self._before(_shifted(band, self.retouch.offset))
            mixed = cloned(before, copy, weight) if membrane is None else healed(before, copy, weight, membrane(band))
            crop(out, _shifted(band, (-box[0], -box[1])))[...] = mixed

    def _before(self, box: Box) -> Pixels:
        return self._recorder.before(box)


def _raised(target: NDArray[np.uint8], piece: NDArray[Any], box: Box) -> Box:
    """Raise the coverage ``target`` of ``box`` to ``piece`` where that is larger; the box where it was."""
    larger = cv2.compare(piece, target, cv2.CMP_GT)
    x, y, width, height = cv2.boundingRect(larger)
    if not width:
        return EMPTY
    np.maximum(target, piece, out=target)
    return box[0] + x, box[1] + y, box[0] + x + width, box[1] + y + height


def _shifted(box: Box, by: tuple[int, int]) -> Box:
    return box[0] + by[0], box[1] + by[1], box[2] + by[0], box[3] + by[1]
