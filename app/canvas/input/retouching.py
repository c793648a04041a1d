"""Input of the clone and heal tools: their source, the cross that shows it, and the presses that begin them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from app.canvas.input.events import PointerInputView
from app.canvas.tools import CloneSource, Drag, Pointer, Press, RetouchDrag, RetouchOptions, SourceDrag, Tool
from app.document.editing import Document
from app.document.retouch import RetouchBrush, RetouchStroke

NO_SOURCE = (
    "Nothing to copy from yet: Ctrl+click the place to copy from, or press Set Source in the panel and click it."
)


class RetouchHand(PointerInputView):
    """A hand that can hold clone and heal."""

    retouchFinished = Signal(object)  # RetouchStroke: its edit is to be made and applied
    noticed = Signal(str)  # a sentence for the user
    sourcePlaced = Signal()  # where clone and heal copy from

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tool = Tool.BRUSH
        self._drag: Drag | None = None
        self._last_point: tuple[float, float] | None = None  # picture px, where Shift+click starts from
        self._retouch, self._source = RetouchOptions(), CloneSource()
        self._picking = False  # the next press places the source
        self._retouch_refused: Callable[[], str] = str

    def set_retouch(self, options: RetouchOptions) -> None:
        """How clone and heal paint from now on."""
        if options.aligned != self._source.aligned:
            self._source.aligned, self._source.offset = options.aligned, None
        self._retouch = options

    def pick_source(self) -> None:
        """Let the next press place what clone and heal copy from, as Ctrl does."""
        self._picking = True

    @property
    def clone_source(self) -> tuple[float, float] | None:
        """Where clone and heal copy from, in picture px; None before that was said."""
        return self._source.point

    def set_retouch_gate(self, refused: Callable[[], str]) -> None:
        """``refused`` answers why the picture may not be retouched now, "" where it may."""
        self._retouch_refused = refused

    def may_retouch(self) -> bool:
        """Whether the picture may be retouched now."""
        return not self._retouch_refused()

    def retouched(self, stroke: RetouchStroke) -> None:
        """A stroke of clone or heal has ended."""
        self.retouchFinished.emit(stroke)

    def pause_retouch(self) -> None:
        """As ``pause_stroke``, where the stroke changes the picture itself."""
        if isinstance(self._drag, RetouchDrag):
            self._drag.pause()

    def _begin_retouch(self, document: Document, press: Press) -> None:
        pointer, options = press.pointer, press.retouch
        if pointer.control or self._picking:
            self._picking = False
            self._drag = SourceDrag(self._source, pointer)
            self.sourcePlaced.emit()
        elif self._source.point is None:
            self.noticed.emit(NO_SOURCE)
        elif refused := self._retouch_refused():
            self.noticed.emit(refused)
        else:
            start = self._last_point if pointer.shift else None
            offset = self._source.begin(start or pointer.picture)
            heal, opacity, pressure = press.tool is Tool.HEAL, options.opacity, options.pressure_opacity
            retouch = RetouchBrush(replace(press.brush, erase=False), offset, heal, opacity, pressure)
            self._drag = RetouchDrag(self, document, retouch, pointer, start)
            self._last_point = pointer.picture
        self._place_cross(pointer)

    def _place_cross(self, pointer: Pointer | None) -> None:
        """Draw the cross where clone and heal copy from with the pointer there, None: nowhere."""
        at = None
        if pointer is not None and self._tool.retouches:
            at = self._source.shown(pointer.picture, isinstance(self._drag, RetouchDrag))
        self.update(self._cross.bounds())
        self._cross.at = None if at is None else self.to_widget(*at)
        self.update(self._cross.bounds())

    def _forget_source(self) -> None:
        self._source.place(None)
        self._place_cross(None)
