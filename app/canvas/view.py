"""The canvas widget: the picture, the mask over it, and the tools that work on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

from PySide6.QtCore import QEvent, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QWidget

from app.canvas.drawing import Pyramid, tool_cursor
from app.canvas.input import RetouchHand
from app.canvas.tools import (
    ArrowDrag,
    Band,
    Drag,
    FoundDrag,
    PanDrag,
    Pointer,
    Press,
    Prompt,
    Propose,
    RetouchDrag,
    Select,
    StrokeDrag,
    Tool,
    apply_selection,
    begin,
    brush_for,
)
from app.document.editing import Document, Mark, Selections
from app.document.history import Edit
from app.document.mask import MAX_SIZE, MIN_SIZE, Brush, Segment, largest_brush_size
from app.document.pixels import Point

T = TypeVar("T")

_SIZE_STEP = 1.15
_OPEN_KEYS = (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Backspace)


class CanvasView(RetouchHand):
    """Shows a document and works on its mask.

    It never changes the document but through strokes and selections, each handed out as one edit
    that is applied already. Boxes are in picture pixels.
    """

    strokeFinished = Signal(object)  # Edit, of any tool but those that retouch
    brushChanged = Signal(object)  # Brush
    prompt: Prompt | None = None  # asks a model that selects

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Canvas")
        self.setAccessibleDescription("The picture. Brush over what should go.")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._brush = Brush(40.0)
        self._tolerance, self._contiguous, self._mark = 32, True, Mark.FROM
        self._select: Select | None = None
        self._propose: Propose | None = None
        self._pan: PanDrag | None = None
        self._band_box = QRect()  # where the band was drawn, the widget's pixels
        self._space = self._alt = self._tab = False  # keys held
        self._eraser_end = False  # the pen is turned round
        self.viewChanged.connect(self._update_cursor)

    def set_document(self, document: Document | None, pixels: Pyramid | None = None) -> None:
        """Show another document, fitted; ``pixels`` is its pyramid where that is made already."""
        self._deferred.clear()
        self._open = False
        self.cancel_stroke()
        self._last_point = None
        self._forget_source()
        super().set_document(document, pixels)
        self._place_split()
        self._update_cursor()

    # -- tools -----------------------------------------------------------------------------

    @property
    def tool(self) -> Tool:
        """The tool chosen."""
        return self._tool

    def set_tool(self, tool: Tool) -> None:
        """Choose the tool of the next press; a line begun with another is given up, what was found is kept."""
        if tool is not self._tool and self._drag is not None and self._drag.stays:
            self._leave()
        self._tool, self._picking = tool, False
        self._place_cross(None)
        self._update_cursor()

    @property
    def brush(self) -> Brush:
        """The brush strokes are painted with."""
        return self._brush

    def set_brush(self, brush: Brush) -> None:
        """Choose the brush of the next stroke."""
        if brush != self._brush:
            self._brush = brush
            self.brushChanged.emit(brush)
            self._update_cursor()

    def change_brush_size(self, notches: float) -> None:
        """Make the brush larger or smaller by steps of the same ratio."""
        size = self._brush.size * _SIZE_STEP**notches
        if notches and abs(size - self._brush.size) < 1:  # a step must be seen, also at 1 px
            size = self._brush.size + (1 if notches > 0 else -1)
        document = self._layers.document
        largest = largest_brush_size(*document.mask.shape) if document is not None else MAX_SIZE
        self.set_brush(replace(self._brush, size=float(round(min(max(size, MIN_SIZE), largest)))))

    def set_similar(self, tolerance: int, contiguous: bool) -> None:
        """How similar colours are selected: tolerance 0 to 255; only what touches the click, or everywhere."""
        self._tolerance, self._contiguous = tolerance, contiguous

    def set_mark(self, mark: Mark) -> None:
        """What strokes in the sample area leave."""
        self._mark = mark

    def set_select(self, select: Select | None) -> None:
        """Who makes selections, shows them and hands them on: they take long where they are large.

        It is told what is being done, in words, about how many pixels are looked at, and how to do it.
        """
        self._select = select

    def select(self, name: str, area: int, change: Callable[[Selections], Edit | None]) -> None:
        """Have a selection made by who makes them; at once where nobody was named."""
        document = self._layers.document
        if self._select is not None:
            self._select(name, area, change)
        elif document is not None:
            apply_selection(self, change(document))

    def set_propose(self, propose: Propose | None) -> None:
        """Who looks for things in the picture on another thread, told what in words, how, and who is answered."""
        self._propose = propose

    def propose(self, name: str, work: Callable[[Selections], T], done: Callable[[T], None]) -> None:
        """Have something looked for; at once where nobody was named. Given up, nobody is answered."""
        document = self._layers.document
        if self._propose is not None:
            self._propose(name, work, done)
        elif document is not None:
            done(work(document))

    def offer(self, segments: Sequence[Segment], name: str) -> None:
        """Show things that were found, to be masked one by one or all; ``name`` is what the history calls one."""
        self._open_drag(FoundDrag(self, segments, name))

    def begin_arrow(self, start: Point) -> None:
        """The next drag, or the arrow keys, draw an arrow the mask grows along; ``start`` is for the keys."""
        if self._layers.document is not None:
            self._open_drag(ArrowDrag(self, self._layers.document, start))

    def _open_drag(self, drag: Drag) -> None:
        self._leave()
        self._drag = drag
        self.setFocus()
        self.show_band()
        self._update_cursor()

    def keep_open(self) -> None:
        """Mask what the tool in use has found and not masked yet."""
        if self._drag is not None and self._drag.keeps:
            self._finish()

    @property
    def stroking(self) -> bool:
        """Whether a stroke is being painted, or the line of a selection is open."""
        if self._layers.document is not None and self._layers.document.stroking:
            return True
        return self._drag is not None and not self._drag.idle and self._band() is not None

    def cancel_stroke(self) -> None:
        """Give up the stroke or selection under way, if any."""
        drag, self._drag = self._drag, None
        if drag is not None:
            drag.cancel()
            self.show_band()

    def pause_stroke(self) -> None:
        """Hand over the stroke painted so far; the next move of the hand begins another."""
        if self._drag is not None and self._drag.keeps:
            self._finish()
        elif self._drag is not None:
            self._drag.pause()

    def hand_over(self, edit: Edit | None) -> None:
        """A tool has finished an edit."""
        if edit is not None:
            self.strokeFinished.emit(edit)

    # -- the hand --------------------------------------------------------------------------

    @property
    def viewing(self) -> bool:
        return self._pan is not None or self._split.grabbed

    def _meant(self, pointer: Pointer, button: Qt.MouseButton) -> Press | None:
        left = button == Qt.MouseButton.LeftButton
        pans = button == Qt.MouseButton.MiddleButton or (left and (self._space or self._tool is Tool.PAN))
        if not left and not pans:
            return None
        at = pointer.device[0] / self.devicePixelRatioF()
        splits = not pans and self._drag is None and self._split.hit(at, self.width())
        chosen = self._tolerance, self._contiguous, self._retouch, self._mark
        return Press(pointer, self._tool, self._brush, *chosen, pans, splits)

    def _press(self, press: Press) -> None:
        document, pointer = self._layers.document, press.pointer
        if document is None or self._pan is not None:
            return
        if press.pans:
            if self._drag is None or self._drag.stays:
                self._pan = PanDrag(self, pointer)
        elif self._drag is not None:
            self._drag.press(pointer)
            self.show_band()
        elif press.splits:
            self._split.grabbed = True
        elif not self._layers.showing_before and pointer.device[0] >= (self._layers.split or 0):
            if press.tool.retouches:
                self._begin_retouch(document, press)
            else:
                self._drag = begin(self, document, press, self._last_point)
            if press.tool.paints and not press.tool.retouches:
                self._last_point = pointer.picture
            self.show_band()
        self._update_cursor()

    def _move(self, pointer: Pointer) -> None:
        self._alt = pointer.alt
        if pointer.eraser != self._eraser_end:
            self._eraser_end = pointer.eraser
            self._update_cursor()
        if self._pan is not None:
            self._pan.move(pointer)
        elif self._split.grabbed:
            self._move_split(pointer.device[0] / max(1, self._view.width))
        elif self._drag is not None:
            self._drag.move(pointer)
            if isinstance(self._drag, StrokeDrag | RetouchDrag):
                self._last_point = pointer.picture
            self.show_band()
        elif self._split.on:
            self._update_cursor(pointer.device[0] / self.devicePixelRatioF())
        self._place_cross(pointer)

    def _release(self, pointer: Pointer) -> None:
        if self._pan is not None:
            self._pan = None
        elif self._split.grabbed:
            self._split.grabbed = False
        elif self._drag is not None:
            if self._drag.release(pointer):
                self._finish()
            self.show_band()
        self._update_cursor()

    def _double_click(self, pointer: Pointer) -> bool:
        if self._drag is None or not self._drag.double:
            return False
        self._finish()
        return True

    def _give_up(self) -> None:
        self._pan, self._split.grabbed = None, False
        self.cancel_stroke()

    def set_held(self, on: bool) -> None:
        if not on and self._drag is not None:
            self._drag.settle()
            self.show_band()
        super().set_held(on)

    def _leave(self) -> None:
        """Something else begins: keep what was found, give up what was not finished."""
        if self._drag is not None and self._drag.keeps:
            self._finish()
        else:
            self.cancel_stroke()

    def _finish(self) -> None:
        drag, self._drag = self._drag, None
        if drag is not None:
            drag.finish()
            self.show_band()

    # -- keys ------------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            # Alt turns the brush into an eraser; left alone it would go to the menu bar.
            open_line = self._drag is not None and event.key() in (*_OPEN_KEYS, *self._drag.keys)
            if event.key() == Qt.Key.Key_Escape and self._deferred.held:
                open_line = False  # what is under way is given up before what is open
            split = self._split.place_by_key(event.key(), event.modifiers()) is not None
            if event.key() == Qt.Key.Key_Alt or open_line or split:
                event.accept()
                return True
        return super().event(event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        return False  # Tab, held, shows the picture before; F6 leaves the canvas

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self._key(event, True)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        self._key(event, False)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        # The release of a key that is held now goes to somebody else.
        self._space = self._alt = False
        if self._tab:
            self._tab = False
            self.set_show_before(False)
        self._update_cursor()
        super().focusOutEvent(event)

    def _key(self, event: QKeyEvent, down: bool) -> None:
        key = event.key()
        if event.isAutoRepeat() and key in (Qt.Key.Key_Tab, Qt.Key.Key_Space, Qt.Key.Key_Alt):
            return
        if key == Qt.Key.Key_Tab:
            self._tab = down
            self.set_show_before(down and not self.stroking)
        elif key == Qt.Key.Key_Space:
            self._space = down
        elif key == Qt.Key.Key_Alt:
            self._alt = down
        elif not (down and (self._drag_key(key) or self._split_key(key, event.modifiers()))):
            event.ignore()
        self._update_cursor()

    def _drag_key(self, key: int) -> bool:
        if self._drag is None or key not in (*_OPEN_KEYS, *self._drag.keys):
            return False
        self._deferred.do(partial(self._work_drag, self._drag, key))
        return True

    def _work_drag(self, drag: Drag, key: int) -> None:
        if drag is not self._drag:  # over meanwhile
            return
        if key == Qt.Key.Key_Escape:
            self.cancel_stroke()
        elif key == Qt.Key.Key_Backspace:
            if not drag.back():
                self.cancel_stroke()
        elif key not in _OPEN_KEYS:
            if not drag.key(key):
                self.cancel_stroke()
        elif drag.stays:
            self._finish()
        self.show_band()

    def _split_key(self, key: int, keys: Qt.KeyboardModifier) -> bool:
        place = self._split.place_by_key(key, keys)
        if place is not None:
            self._move_split(place)
        return place is not None

    # -- looks -----------------------------------------------------------------------------

    def _band(self) -> Band | None:
        return None if self._drag is None else self._drag.band()

    def show_band(self) -> None:
        """Draw the selection's line where it is now, and what it leaves where it was."""
        self.update(self._band_box)
        band = self._band()
        self._band_box = QRect()
        around = None if band is None else band.bounds()
        if around is not None:
            first, last = self.to_widget(*around[:2]), self.to_widget(*around[2:])
            self._band_box = QRectF(first, last).toAlignedRect().adjusted(-8, -8, 9, 9)
            self.update(self._band_box)

    def _update_cursor(self, at: float | None = None) -> None:
        """``at``: where the pointer is across the widget."""
        self.update(self._ring.bounds())
        panning = self._space or self._tool is Tool.PAN or self._pan is not None
        splitting = self._split.grabbed or (at is not None and self._split.hit(at, self.width()))
        shown = self._layers.document is not None and self._tool.has_size and not panning and not splitting
        size = self._brush.pressed(self._pressure).size
        self._ring.diameter = size * self._view.zoom / self.devicePixelRatioF() if shown else 0.0
        self._ring.erases = brush_for(self._tool, self._brush, self._alt != self._eraser_end).erase
        document = self._layers.document is not None
        shape = tool_cursor(document, panning, self._pan is not None, self._ring.visible)
        shape = Qt.CursorShape.SplitHCursor if splitting and not panning else shape
        waits = self._deferred.held and not panning and not splitting
        self.setCursor(Qt.CursorShape.BusyCursor if waits else shape)
        self.update(self._ring.bounds())
