"""The sample area over the picture: blue where a fill may copy from, red where never."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from app.canvas.drawing.overlays import outline, tint
from app.canvas.drawing.pyramid import Pyramid
from app.canvas.drawing.resampling import sample, shown_box
from app.canvas.drawing.viewport import Viewport
from app.document.editing import Document, Mark
from app.document.pixels import Box, crop, intersect, is_empty

_COLOURS = {Mark.FROM: (0x2E, 0x9B, 0xFF), Mark.NEVER: (0xFF, 0x46, 0x32)}
_OPACITY = 0.35


class SampleLayers:
    """Nothing is held until the first mark."""

    def __init__(self, load: Callable[[Pyramid], Pyramid]) -> None:
        """``load`` has a pyramid made where it is looked at."""
        self._load = load
        self._pyramids: dict[Mark, Pyramid] = {}

    def update(self, document: Document, box: Box) -> None:
        """Take over what changed in the marks inside ``box``."""
        for mark in _COLOURS:
            if mark not in self._pyramids:
                self._pyramids[mark] = self._load(Pyramid(document.samples))
                self._pyramids[mark].source = _reader(document.samples, mark)
            self._pyramids[mark].update(box)

    def draw(self, view: Viewport, part: Box, out: NDArray[np.uint8]) -> None:
        """Tint the device pixels of ``part``, ``out`` (h, w, 4) BGRX."""
        wide = intersect((part[0] - 1, part[1] - 1, part[2] + 1, part[3] + 1), view.picture_box())
        for mark, pyramid in self._pyramids.items():
            box = intersect(wide, shown_box(pyramid, view, wide))
            inside = intersect(box, part)
            if is_empty(inside):
                continue
            marked = sample(pyramid, view, box)
            inner = inside[0] - box[0], inside[1] - box[1], inside[2] - box[0], inside[3] - box[1]
            place = crop(out, (inside[0] - part[0], inside[1] - part[1], inside[2] - part[0], inside[3] - part[1]))
            tint(place, np.ascontiguousarray(crop(marked, inner)), _COLOURS[mark], _OPACITY)
            tint(place, np.ascontiguousarray(crop(outline(marked), inner)), _COLOURS[mark], 1.0)


def _reader(marks: NDArray[np.uint8], mark: Mark) -> Callable[[Box], NDArray[np.uint8]]:
    def read(box: Box) -> NDArray[np.uint8]:
        return (crop(marks, box) == mark).astype(np.uint8) * np.uint8(255)

    return read
