"""Clone and heal: where they copy from, and the strokes painted with them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from app.canvas.tools.base import Pointer, SimpleDrag
from app.document.editing import Document
from app.document.pixels import Box
from app.document.retouch import RetouchBrush, RetouchStroke


class RetouchSurface(Protocol):
    """What retouching needs of the canvas."""

    def refresh_pixels(self, box: Box) -> None: ...
    def keep_before(self, boxes: Iterable[Box]) -> None: ...
    def may_retouch(self) -> bool: ...
    def retouched(self, stroke: RetouchStroke) -> None: ...


@dataclass
class CloneSource:
    """The point copied from, which moves along with the brush. Positions are in picture px.

    ``aligned``: later strokes keep the distance of the first; else every stroke begins at the point again.
    """

    point: tuple[float, float] | None = None
    aligned: bool = True
    offset: tuple[int, int] | None = None  # of the last stroke, from the brush to what it copies

    def place(self, point: tuple[float, float] | None) -> None:
        """Copy from there; the next stroke sets the distance. None: from nowhere yet."""
        self.point, self.offset = point, None

    def begin(self, at: tuple[float, float]) -> tuple[int, int]:
        """The offset of a stroke that begins at a position. Raises ``ValueError`` where there is no point."""
        if self.point is None:
            raise ValueError("there is no point to copy from")
        if self.offset is None or not self.aligned:
            self.offset = round(self.point[0] - at[0]), round(self.point[1] - at[1])
        return self.offset

    def shown(self, at: tuple[float, float], painting: bool) -> tuple[float, float] | None:
        """Where the cross is with the pointer at a position."""
        if self.offset is None or not (painting or self.aligned):
            return self.point
        return at[0] + self.offset[0], at[1] + self.offset[1]


class SourceDrag(SimpleDrag):
    """Places the source, and moves it until it is let go."""

    def __init__(self, source: CloneSource, pointer: Pointer) -> None:
        self._source = source
        source.place(pointer.picture)

    def move(self, pointer: Pointer) -> None:
        self._source.place(pointer.picture)


class RetouchDrag(SimpleDrag):
    """Paints one stroke of copied pixels."""

    def __init__(
        self,
        surface: RetouchSurface,
        document: Document,
        retouch: RetouchBrush,
        pointer: Pointer,
        start: tuple[float, float] | None = None,
    ) -> None:
        """``start``: where a straight line to the pointer begins, in picture px."""
        self._surface, self._document, self._retouch = surface, document, retouch
        self._last = pointer
        self._begin(start or pointer.picture, pointer.pressure)
        if start is not None:
            surface.refresh_pixels(document.retouch_to(*pointer.picture, pointer.pressure))

    def move(self, pointer: Pointer) -> None:
        if not self._document.retouching:
            if not self._surface.may_retouch():
                return
            self._begin(self._last.picture, self._last.pressure)
        self._last = pointer
        self._surface.refresh_pixels(self._document.retouch_to(*pointer.picture, pointer.pressure))

    def finish(self) -> None:
        if self._document.retouching:
            stroke = self._document.end_retouch()
            self._surface.refresh_pixels(stroke.box)  # a brush that smooths has caught up with the hand
            self._surface.retouched(stroke)

    def cancel(self) -> None:
        self._surface.refresh_pixels(self._document.cancel_retouch())

    def pause(self) -> None:
        self.finish()

    def _begin(self, at: tuple[float, float], pressure: float) -> None:
        surface = self._surface
        box = self._document.begin_retouch(self._retouch, *at, pressure, lambda box: surface.keep_before([box]))
        surface.refresh_pixels(box)
