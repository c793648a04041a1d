"""Retouching strokes on a document: clone and heal."""

from __future__ import annotations

from app.document.editing.content import DocumentContent
from app.document.pixels import EMPTY, Box
from app.document.retouch import Changing, RetouchBrush, RetouchStroke


class Retouching(DocumentContent):
    """A stroke changes the pixels while it is painted; what ended it makes an edit of that.

    From ``begin_retouch`` until that edit is in, or the stroke given up, ``changing`` is true.
    """

    _retouch: RetouchStroke | None = None

    @property
    def retouching(self) -> bool:
        """Whether a retouching stroke is being painted."""
        return self._retouch is not None

    def begin_retouch(
        self, retouch: RetouchBrush, x: float, y: float, pressure: float, changing: Changing = lambda _box: None
    ) -> Box:
        """Start a stroke with a dab at a position in picture pixels; answers the changed box.

        ``changing`` is called with every box whose pixels are about to change. Raises ``RuntimeError`` when a
        stroke is being painted already, ``ValueError`` for values that are not finite.
        """
        self._require_no_stroke()
        stroke = RetouchStroke(self.pixels, retouch, (x, y), pressure, changing)
        self.changing = True
        box = stroke.begin()
        self._retouch = stroke
        return box

    def retouch_to(self, x: float, y: float, pressure: float = 1.0) -> Box:
        """Move the hand on; answers the changed box. Raises ``RuntimeError`` when no stroke was begun."""
        if self._retouch is None:
            raise RuntimeError("no stroke was begun")
        return self._retouch.move((x, y), pressure)

    def end_retouch(self) -> RetouchStroke:
        """Finish the stroke: its ``edit`` is to be applied, or its ``restore`` called, before anything else changes.

        Raises ``RuntimeError`` when no stroke was begun.
        """
        if self._retouch is None:
            raise RuntimeError("no stroke was begun")
        stroke, self._retouch = self._retouch, None
        stroke.finish()
        return stroke

    def cancel_retouch(self) -> Box:
        """Give the stroke up: the picture is as before it; answers the box to redraw."""
        stroke, self._retouch = self._retouch, None
        if stroke is None:
            return EMPTY
        self.changing = False
        return stroke.restore()
