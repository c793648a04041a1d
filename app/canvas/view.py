"""The canvas widget: the picture, the mask over it, and the hand that paints."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QEnterEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from app.canvas.cursor import CursorRing, tool_cursor
from app.canvas.drops import DropWidget
from app.canvas.frame import Frame
from app.canvas.images import share_frame
from app.canvas.pyramid import Pyramid
from app.canvas.scene import Scene
from app.canvas.tools import Drag, PanDrag, Pointer, StrokeDrag, Tool, brush_for
from app.canvas.viewport import Viewport
from app.document.boxes import Box, is_empty
from app.document.brush import MAX_SIZE, MIN_SIZE, Brush
from app.document.document import Document
from app.document.edits import Edit

FIT_MARGIN = 48  # px, independent of the screen's scaling
_MARCH_MS = 120
_NOTCH = 120  # QWheelEvent's unit of one click of the wheel
_ZOOM_STEP, _SIZE_STEP = 1.2, 1.15


class CanvasView(DropWidget):
    """Shows a document and paints on its mask.

    It never changes the document but through strokes, each handed out as one edit that is
    applied already. Boxes are in picture pixels.
    """

    zoomChanged = Signal(float)
    strokeFinished = Signal(object)  # Edit
    brushChanged = Signal(object)  # Brush
    beforeChanged = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Canvas")
        self.setAccessibleDescription("The picture. Brush over what should go.")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(200, 150)
        self._scene, self._view, self._frame = Scene(), Viewport(), Frame()
        self._image = share_frame(self._frame.pixels)
        self._tool, self._brush = Tool.BRUSH, Brush(40.0)
        self._drag: Drag | None = None
        self._last_point: tuple[float, float] | None = None  # picture px, where Shift+click starts from
        self._space = self._alt = self._tab = False  # keys held
        self._ring = CursorRing()
        self._march = QTimer(self, interval=_MARCH_MS)
        self._march.timeout.connect(self._on_march)

    # -- what is shown ---------------------------------------------------------------------

    def set_document(self, document: Document | None, pixels: Pyramid | None = None) -> None:
        """Show another document, fitted; ``pixels`` is its pyramid where that is made already."""
        self.cancel_stroke()
        self._drag, self._last_point = None, None
        self._scene.set_document(document, pixels)
        if document is not None:
            self._view.picture = document.size
            self.fit()
        self._redraw()
        self._update_cursor()

    def refresh(self, boxes: Iterable[Box]) -> None:
        """Pixels or mask changed inside these boxes."""
        for box in boxes:
            self._scene.update(box)
            self._redraw(box)

    def refresh_mask(self, box: Box) -> None:
        """The mask changed inside ``box``."""
        self._scene.update_mask(box)
        self._redraw(box)

    def set_hole(self, mask: NDArray[np.uint8] | None) -> None:
        """The mask being erased, not to be changed any more; None when that has ended, however."""
        self._scene.set_hole(mask)
        self._redraw()

    def show_preview(self, box: Box, rgb: NDArray[np.uint8]) -> None:
        """Show the picture forming at ``box``; the overlay of the hole gives way to it."""
        self._scene.set_preview(box, rgb)
        self._redraw(box)

    def set_before(self, pixels: NDArray[np.uint8] | None) -> None:
        """The picture to compare with; None while the document's own has not changed."""
        self._scene.set_before(pixels)

    @property
    def has_before(self) -> bool:
        """Whether a picture to compare with was given since the document was."""
        return self._scene.has_before

    def set_show_before(self, on: bool) -> None:
        """Show the picture before, without mask or preview."""
        if on != self._scene.showing_before:
            self._scene.showing_before = on
            self._redraw()
            self.beforeChanged.emit(on)

    @property
    def showing_before(self) -> bool:
        """Whether the picture before is shown."""
        return self._scene.showing_before

    def set_overlay_opacity(self, opacity: float) -> None:
        """How much of the picture the mask hides, 0 (nothing) to 1."""
        self._scene.overlay_opacity = opacity
        self._redraw()

    # -- zoom ------------------------------------------------------------------------------

    @property
    def zoom(self) -> float:
        """Screen pixels per picture pixel."""
        return self._view.zoom

    def fit(self) -> None:
        """Show the whole picture."""
        self._view.fit(round(FIT_MARGIN * self.devicePixelRatioF()))
        self._moved()

    def set_zoom(self, zoom: float, at: QPointF | None = None) -> None:
        """Zoom about a point of the widget, its centre where None."""
        at = QPointF(self.width() / 2, self.height() / 2) if at is None else at
        ratio = self.devicePixelRatioF()
        self._view.zoom_to(zoom, at.x() * ratio, at.y() * ratio)
        self._moved()

    def zoom_step(self, direction: int) -> None:
        """To the next round zoom, in (1) or out (-1)."""
        self.set_zoom(self._view.next_stop(direction))

    def pan(self, dx: float, dy: float) -> None:
        """Move the picture by screen pixels."""
        left, top = self._view.corner
        self._view.pan(dx, dy)
        right, bottom = self._view.corner
        self._frame.scroll(right - left, bottom - top)
        self.update()

    def to_widget(self, x: float, y: float) -> QPointF:
        """Where a picture position is in the widget."""
        ratio = self.devicePixelRatioF()
        device = self._view.to_device(x, y)
        return QPointF(device[0] / ratio, device[1] / ratio)

    # -- tools -----------------------------------------------------------------------------

    @property
    def tool(self) -> Tool:
        """The tool chosen."""
        return self._tool

    def set_tool(self, tool: Tool) -> None:
        """Choose the tool of the next press."""
        self._tool = tool
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
        self.set_brush(replace(self._brush, size=float(round(min(max(size, MIN_SIZE), MAX_SIZE)))))

    @property
    def stroking(self) -> bool:
        """Whether a stroke is being painted."""
        return self._scene.document is not None and self._scene.document.stroking

    def cancel_stroke(self) -> None:
        """Give up the stroke being painted, if any."""
        drag, self._drag = self._drag, None
        if drag is not None:
            drag.cancel()

    def pause_stroke(self) -> None:
        """Hand over the stroke painted so far; the next move of the hand begins another."""
        if self._drag is not None:
            self._drag.pause()

    def hand_over(self, edit: Edit | None) -> None:
        """A tool has finished an edit."""
        if edit is not None:
            self.strokeFinished.emit(edit)

    # -- events: the pointer ---------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        document, button = self._scene.document, event.button()
        if document is None or self._drag is not None:
            return
        pointer = self._pointer(event)
        left = button == Qt.MouseButton.LeftButton
        if button == Qt.MouseButton.MiddleButton or (left and (self._space or self._tool is Tool.PAN)):
            self._drag = PanDrag(self, pointer)
        elif left and not self._scene.showing_before:
            start = self._last_point if pointer.shift else None
            brush = brush_for(self._tool, self._brush, pointer.alt)
            self._drag = StrokeDrag(self, document, brush, pointer, start)
            self._last_point = pointer.picture
        self._update_cursor()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        pointer = self._pointer(event)
        self._alt = pointer.alt
        if self._drag is not None:
            self._drag.move(pointer)
            if isinstance(self._drag, StrokeDrag):
                self._last_point = pointer.picture
        self._place_ring(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        ends = (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton)
        if self._drag is not None and event.button() in ends and not event.buttons() & (ends[0] | ends[1]):
            drag, self._drag = self._drag, None
            drag.release()
        self._update_cursor()

    def wheelEvent(self, event: QWheelEvent) -> None:
        notches = event.angleDelta().y() / _NOTCH
        if self._scene.document is None or not notches:
            return
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.change_brush_size(notches)
        else:
            self.set_zoom(self._view.zoom * _ZOOM_STEP**notches, event.position())
        event.accept()

    def enterEvent(self, event: QEnterEvent) -> None:
        self._place_ring(event.position())

    def leaveEvent(self, event: QEvent) -> None:
        self._place_ring(None)

    # -- events: keys ----------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        pinch = Qt.NativeGestureType.ZoomNativeGesture
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == pinch:
            self.set_zoom(self._view.zoom * (1 + event.value()), event.position())
            return True
        override = event.type() == QEvent.Type.ShortcutOverride
        if override and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Alt:
            event.accept()  # Alt turns the brush into an eraser; left alone it would go to the menu bar
            return True
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._resize_frame()
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
        elif key == Qt.Key.Key_Escape and down and self.stroking:
            self.cancel_stroke()
        else:
            event.ignore()
        self._update_cursor()

    # -- painting --------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._resize_frame()

    def paintEvent(self, event: QPaintEvent) -> None:
        self._frame.flush(self._scene, self._view)
        painter = QPainter(self)
        painter.drawImage(0, 0, self._image)  # Qt cuts it to what must be painted
        self._ring.draw(painter)
        painter.end()
        if self._scene.document is not None and not self._march.isActive():
            self._march.start()

    def _on_march(self) -> None:
        box = self._frame.march()
        if box is None or not self.isVisible():
            self._march.stop()
        else:
            self._update_device(box)

    def _resize_frame(self) -> None:
        ratio = self.devicePixelRatioF()
        width, height = max(1, round(self.width() * ratio)), max(1, round(self.height() * ratio))
        self._view.resize(width, height, round(FIT_MARGIN * ratio))
        self._frame.resize(width, height)
        self._image = share_frame(self._frame.pixels)
        self._image.setDevicePixelRatio(ratio)
        self._moved()

    def _redraw(self, box: Box | None = None) -> None:
        """Draw a box of the picture again, all where None."""
        if box is None:
            self._frame.invalidate()
            self.update()
        elif not is_empty(box):
            # Smoothing reaches one level pixel, which is two device pixels at the most; the outline one more.
            device = self._view.device_box(box, 4)
            self._frame.invalidate(device)
            self._update_device(device)

    def _update_device(self, box: Box) -> None:
        if not is_empty(box):
            ratio = self.devicePixelRatioF()
            left, top = int(box[0] / ratio), int(box[1] / ratio)
            self.update(left, top, int(box[2] / ratio) + 2 - left, int(box[3] / ratio) + 2 - top)

    def _moved(self) -> None:
        self._redraw()
        self._update_cursor()
        self.zoomChanged.emit(self._view.zoom)

    # -- the pointer's look ----------------------------------------------------------------

    def _pointer(self, event: QMouseEvent) -> Pointer:
        at, keys = event.position() * self.devicePixelRatioF(), event.modifiers()
        alt = bool(keys & Qt.KeyboardModifier.AltModifier)
        shift = bool(keys & Qt.KeyboardModifier.ShiftModifier)
        return Pointer((at.x(), at.y()), self._view.to_picture(at.x(), at.y()), alt, shift)

    def _place_ring(self, at: QPointF | None) -> None:
        self.update(self._ring.bounds())
        self._ring.at = at
        self.update(self._ring.bounds())

    def _update_cursor(self) -> None:
        self.update(self._ring.bounds())
        panning = self._space or self._tool is Tool.PAN or isinstance(self._drag, PanDrag)
        shown = self._scene.document is not None and not panning
        self._ring.diameter = self._brush.size * self._view.zoom / self.devicePixelRatioF() if shown else 0.0
        self._ring.erases = brush_for(self._tool, self._brush, self._alt).erase
        document = self._scene.document is not None
        self.setCursor(tool_cursor(document, panning, isinstance(self._drag, PanDrag), self._ring.visible))
        self.update(self._ring.bounds())
