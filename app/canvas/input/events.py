"""Input events: mouse, pen, touch and wheel, told apart and made into pointers."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import (
    QEnterEvent,
    QEventPoint,
    QInputDevice,
    QMouseEvent,
    QNativeGestureEvent,
    QPointingDevice,
    QTabletEvent,
    QTouchEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from app.canvas.input.deferred import DeferredInput
from app.canvas.input.double_tap import Taps
from app.canvas.input.pen_pressure import EVEN, pressure_curve
from app.canvas.input.pinch import Pinch
from app.canvas.picture_view import PictureView
from app.canvas.tools import Pointer, Press

_NOTCH = 120  # QWheelEvent's unit of one click of the wheel
_NOTCH_PX = 50  # px of scrolling taken for a notch where a device tells nothing else
_ZOOM_STEP = 1.2
_PEN = (QPointingDevice.PointerType.Pen, QPointingDevice.PointerType.Eraser)
_TOUCH = (QEvent.Type.TouchBegin, QEvent.Type.TouchUpdate, QEvent.Type.TouchEnd, QEvent.Type.TouchCancel)


class PointerInputView(PictureView):
    """A stage that hears the hand. Who inherits says what presses, moves and releases do."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_AcceptTouchEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_TabletTracking)
        self._deferred = DeferredInput(self)
        self._open = False  # a press waits, and it has not been let go yet
        self._softness = EVEN
        self._pen_seen = self._pen_down = False
        self._pinch: Pinch | None = None
        self._finger = False  # one finger paints
        self._pressure = 1.0
        self._taps = Taps()

    # -- for who inherits ------------------------------------------------------------------

    @property
    def viewing(self) -> bool:
        """Whether the hand holds the view: moves change nothing but what is seen."""
        raise NotImplementedError

    def _meant(self, pointer: Pointer, button: Qt.MouseButton) -> Press | None:
        """What a press now is meant for; None: nothing."""
        raise NotImplementedError

    def _press(self, press: Press) -> None:
        raise NotImplementedError

    def _move(self, pointer: Pointer) -> None:
        raise NotImplementedError

    def _release(self, pointer: Pointer) -> None:
        raise NotImplementedError

    def _double_click(self, pointer: Pointer) -> bool:
        """True where that was all a double click means; else it is another press."""
        raise NotImplementedError

    def _give_up(self) -> None:
        """What the hand began is not what was meant."""
        raise NotImplementedError

    def _update_cursor(self) -> None:
        raise NotImplementedError

    def change_brush_size(self, notches: float) -> None:
        raise NotImplementedError

    # -- now or later ----------------------------------------------------------------------

    def set_held(self, on: bool) -> None:
        """Put off what the hand does, while the document may not change; it is made up for afterwards.

        Viewing never waits.
        """
        self._deferred.hold(on)
        self._update_cursor()

    def _hear_press(self, pointer: Pointer, button: Qt.MouseButton, *, again: bool = False) -> None:
        press = self._meant(pointer, button)
        if press is None:
            return
        if press.views and not self._open:
            self._press(press)
            return
        self._open = self._deferred.waiting
        self._deferred.do(partial(self._press_again if again else self._press, press))

    def _hear_move(self, pointer: Pointer) -> None:
        if self.viewing:
            self._move(pointer)
        else:
            self._deferred.do(partial(self._move, pointer))

    def _hear_release(self, pointer: Pointer) -> None:
        if self.viewing:
            self._release(pointer)
        else:
            self._open = False
            self._deferred.do(partial(self._release, pointer))

    def _press_again(self, press: Press) -> None:
        if press.views or not self._double_click(press.pointer):
            self._press(press)

    # -- mouse -----------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if not self._is_pens(event):
            self._hear_press(self._pointer(event.position(), event.modifiers()), event.button())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if not self._is_pens(event):
            pointer = self._pointer(event.position(), event.modifiers())
            self._hear_press(pointer, event.button(), again=True)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if not self._is_pens(event):
            self._hear_move(self._pointer(event.position(), event.modifiers()))
            self._place_ring(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        ends = (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton)
        if not self._is_pens(event) and event.button() in ends and not event.buttons() & (ends[0] | ends[1]):
            self._hear_release(self._pointer(event.position(), event.modifiers()))

    def enterEvent(self, event: QEnterEvent) -> None:
        self._place_ring(event.position())

    def leaveEvent(self, event: QEvent) -> None:
        self._place_ring(None)

    def _is_pens(self, event: QMouseEvent) -> bool:
        """Whether a mouse event only repeats what a pen or a finger has done."""
        if self._pen_down or self._finger or self._pinch is not None:
            return True
        made_up = event.source() != Qt.MouseEventSource.MouseEventNotSynthesized
        return self._pen_seen and (made_up or event.pointerType() in _PEN)

    # -- pen -------------------------------------------------------------------------------

    def set_pressure_softness(self, softness: float) -> None:
        """How the brush follows the pen: 0 firm, 0.5 in proportion, 1 soft."""
        self._softness = softness

    def tabletEvent(self, event: QTabletEvent) -> None:
        event.accept()
        self._pen_seen = True
        kind, left = event.type(), Qt.MouseButton.LeftButton
        if kind == QEvent.Type.TabletPress and not self._pen_down:
            self._pen_down = True
            pointer = self._pen_pointer(event)
            again = self._taps.again(event.timestamp(), pointer.device)
            self._hear_press(pointer, event.button(), again=again)
        elif kind == QEvent.Type.TabletMove and (self._pen_down or not event.buttons()):
            self._hear_move(self._pen_pointer(event))
        elif kind == QEvent.Type.TabletRelease and self._pen_down and not event.buttons() & left:
            self._pen_down = False
            self._hear_release(self._pen_pointer(event))
            self._pressure = 1.0
            self._update_cursor()
        self._place_ring(event.position())

    def _pen_pointer(self, event: QTabletEvent) -> Pointer:
        if self._pen_down:
            self._pressure = pressure_curve(event.pressure(), self._softness)
            self._update_cursor()
        eraser = event.pointerType() == QPointingDevice.PointerType.Eraser
        return self._pointer(event.position(), event.modifiers(), self._pressure, eraser)

    # -- fingers ---------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        pinch = Qt.NativeGestureType.ZoomNativeGesture
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == pinch:
            self.set_zoom(self._view.zoom * (1 + event.value()), event.position())
            return True
        if isinstance(event, QTouchEvent) and event.type() in _TOUCH and _from_screen(event):
            event.accept()
            self._on_touch(event)
            return True
        return super().event(event)

    def _on_touch(self, event: QTouchEvent) -> None:
        down = [point.position() for point in event.points() if point.state() != QEventPoint.State.Released]
        if event.type() == QEvent.Type.TouchCancel:
            if self._finger:
                self._deferred.do(self._give_up)
            self._finger, self._pinch = False, None
        elif len(down) >= 2:
            spots = (down[0].x(), down[0].y()), (down[1].x(), down[1].y())
            if self._pinch is None:
                if self._finger:  # the first finger was not meant to paint
                    self._deferred.do(self._give_up)
                self._finger, self._pinch = False, Pinch(*spots)
            else:
                shift, factor, centre = self._pinch.move(*spots)
                ratio = self.devicePixelRatioF()
                self.pan(shift[0] * ratio, shift[1] * ratio)
                if factor != 1.0:
                    self.set_zoom(self._view.zoom * factor, QPointF(*centre))
        elif event.type() == QEvent.Type.TouchBegin and down:
            self._finger = True
            pointer = self._pointer(down[0], event.modifiers())
            again = self._taps.again(event.timestamp(), pointer.device)
            self._hear_press(pointer, Qt.MouseButton.LeftButton, again=again)
        elif self._finger and down:
            self._hear_move(self._pointer(down[0], event.modifiers()))
        elif not down:
            if self._finger:
                self._hear_release(self._pointer(event.points()[0].position(), event.modifiers()))
            self._finger, self._pinch = False, None

    # -- wheel -----------------------------------------------------------------------------

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self._layers.document is None:
            return
        event.accept()
        angle, pixels, keys = event.angleDelta(), event.pixelDelta(), event.modifiers()
        control = bool(keys & Qt.KeyboardModifier.ControlModifier)
        if event.phase() == Qt.ScrollPhase.ScrollMomentum:
            return  # the hand has left the pad: the picture stays where it was put
        ratio, alt = self.devicePixelRatioF(), bool(keys & Qt.KeyboardModifier.AltModifier)
        if _from_pad(event) and not control:  # two fingers, which have their pinch to zoom with
            self.pan(pixels.x() * ratio, pixels.y() * ratio)
            return
        if angle.x() and not angle.y() and not alt and not control:  # a wheel turned sideways
            self.pan(angle.x() / _NOTCH * _NOTCH_PX * ratio, 0)
            return
        # With Alt held Qt tells of the wheel as if it were turned sideways.
        turned = angle.y() or (angle.x() if alt else 0)
        notches = turned / _NOTCH if not angle.isNull() else pixels.y() / _NOTCH_PX
        if control:
            self.change_brush_size(notches)
        elif notches:
            self.set_zoom(self._view.zoom * _ZOOM_STEP**notches, event.position())

    # -- the pointer -----------------------------------------------------------------------

    def _pointer(self, at: QPointF, keys: Qt.KeyboardModifier, pressure: float = 1.0, eraser: bool = False) -> Pointer:
        ratio = self.devicePixelRatioF()
        x, y = at.x() * ratio, at.y() * ratio
        alt = bool(keys & Qt.KeyboardModifier.AltModifier)
        shift = bool(keys & Qt.KeyboardModifier.ShiftModifier)
        control = bool(keys & Qt.KeyboardModifier.ControlModifier)
        return Pointer((x, y), self._view.to_picture(x, y), alt, shift, control, pressure, eraser)

    def _place_ring(self, at: QPointF | None) -> None:
        self.update(self._ring.bounds())
        self._ring.at = at
        self.update(self._ring.bounds())


def _from_pad(event: QWheelEvent) -> bool:
    """Whether fingers on a pad scroll, also on one that tells of no phases; a wheel turns by whole notches."""
    if event.pixelDelta().isNull():
        return False
    device, angle = event.device(), event.angleDelta()
    if event.phase() != Qt.ScrollPhase.NoScrollPhase:
        return True
    if device is not None and device.type() == QInputDevice.DeviceType.TouchPad:
        return True
    return angle.isNull() or bool(angle.x() % _NOTCH or angle.y() % _NOTCH)


def _from_screen(event: QTouchEvent) -> bool:
    """Whether fingers are on the picture itself: pads tell of theirs too, but move the mouse with them."""
    device = event.device()
    return device is not None and device.type() == QInputDevice.DeviceType.TouchScreen
