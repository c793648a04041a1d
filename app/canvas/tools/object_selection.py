"""The Object tool: strokes and boxes, each answered by the object found under it, until Enter keeps them."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from app.canvas.tools.base import Band, Pointer, SimpleDrag, Surface
from app.document.editing import Document, Selections
from app.document.mask import Outlines, Segment, brushed_over, framed, object_in, object_of_logits
from app.document.pixels import Point, area

Answer: TypeAlias = Callable[[], NDArray[np.float32] | None]

_STEP = 1.5  # device px between two points of a stroke


class ObjectDrag(SimpleDrag):
    """Stays open from the first stroke until Enter, Escape or another tool.

    Shift drags a box. A box, and a click, go to the model that selects where one is installed. The first
    press with Alt begins what is taken away from the mask; later, Alt takes away from what was found so far.
    """

    stays = True
    keeps = True

    def __init__(self, surface: Surface, document: Document, size: float, pointer: Pointer) -> None:
        """``size`` is the brush's, in picture px."""
        self._surface, self._document, self._size = surface, document, size
        self._subtract = pointer.alt
        self._steps: list[tuple[Segment, bool]] = []  # found, and whether it is taken away from those before
        self._found: Segment | None = None
        self._outlines: Outlines = ()
        self._waiting = False  # for what is under the last stroke
        self.press(pointer)

    def press(self, pointer: Pointer) -> None:
        self._less = bool(self._steps) and pointer.alt != self._subtract
        self._points: list[Point] = [pointer.picture]
        self._boxed = pointer.shift
        self._drawn, self._down = pointer.device, True

    def move(self, pointer: Pointer) -> None:
        if not self._down or math.dist(pointer.device, self._drawn) < _STEP:
            return
        self._drawn = pointer.device
        if self._boxed:
            self._points[1:] = [pointer.picture]
        else:
            self._points.append(pointer.picture)

    def release(self, pointer: Pointer) -> bool:
        if self._down:
            self._down = False
            points, boxed, less = tuple(self._points), self._boxed, self._less
            ask = self._surface.prompt if boxed or len(points) == 1 else None
            answer = None if ask is None else ask(points, boxed)
            look = partial(_found_under, points=points, size=None if boxed else self._size, answer=answer)
            self._waiting = True
            self._surface.propose("Finding the object", look, partial(self._on_found, less))
        return False

    def settle(self) -> None:
        """What was looked for has been found, or was given up."""
        self._waiting = False

    def finish(self) -> None:
        found, subtract = self._found, self._subtract
        if found is not None:
            name = "Object, taken away" if subtract else "Object"
            self._surface.select(
                "Masking the object", area(found.box), lambda sheet: sheet.lay_segments([found], name, subtract)
            )

    def back(self) -> bool:
        if self._steps:
            self._steps.pop()
            self._sum_up()
        return bool(self._steps)

    def band(self) -> Band | None:
        open_stroke = self._down or self._waiting
        if self._found is None and not open_stroke:
            return None
        points: tuple[Point, ...] = tuple(self._points) if open_stroke else ()
        width = self._size
        if self._boxed and len(points) > 1:
            (ax, ay), (bx, by) = points
            points, width = ((ax, ay), (bx, ay), (bx, by), (ax, by)), 0.0
        outlines = self._outlines if self._found is not None else ()
        takes = self._subtract != self._less  # taking away from what is taken away gives back
        return Band(points, self._boxed, False, takes, width, outlines, self._subtract)

    def _on_found(self, less: bool, found: Segment | None) -> None:
        self._waiting = False
        if found is not None:
            self._steps.append((found, less))
            self._sum_up()
        self._surface.show_band()

    def _sum_up(self) -> None:
        total: Segment | None = None
        for found, less in self._steps:
            if total is None:
                total = None if less else found
            else:
                total = total.without(found) if less else total.joined(found)
        self._found = total
        self._outlines = () if total is None else total.outlines()


def _found_under(
    sheet: Selections, points: tuple[Point, ...], size: float | None, answer: Answer | None
) -> Segment | None:
    """The object under a stroke of ``size`` px, or in a box (None) between two corners.

    ``answer`` is a model's, where one was asked; where it finds nothing the picture itself is looked at.
    """
    logits = None if answer is None else answer()
    found = None if logits is None else object_of_logits(sheet.pixels, logits)
    if found is not None:
        return found
    picture = sheet.size
    brushed = framed(points[0], points[-1], picture) if size is None else brushed_over(points, size, picture)
    return None if brushed is None else object_in(sheet.pixels, brushed, box=size is None)
