"""A hand at the canvas: real mouse, pen, finger and key events at picture positions."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import (
    QInputDevice,
    QKeyEvent,
    QMouseEvent,
    QPointingDevice,
    QPointingDeviceUniqueId,
    QTabletEvent,
    QWheelEvent,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.canvas.view import CanvasView

NONE = Qt.KeyboardModifier.NoModifier
SHIFT, ALT, CONTROL = (
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ControlModifier,
)


class Hand:
    """Real mouse and key events at picture positions."""

    def __init__(self, view: CanvasView) -> None:
        self.view = view

    def _mouse(
        self, kind: QEvent.Type, at: tuple[float, float], button: Qt.MouseButton, keys: Qt.KeyboardModifier
    ) -> None:
        place = self.view.to_widget(*at)
        held = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else button
        where = self.view.mapToGlobal(place)
        QApplication.sendEvent(self.view, QMouseEvent(kind, place, where, button, held, keys))

    def press(
        self,
        x: float,
        y: float,
        keys: Qt.KeyboardModifier = NONE,
        button: Qt.MouseButton = Qt.MouseButton.LeftButton,
    ) -> None:
        self._mouse(QEvent.Type.MouseButtonPress, (x, y), button, keys)

    def move(
        self,
        x: float,
        y: float,
        keys: Qt.KeyboardModifier = NONE,
        button: Qt.MouseButton = Qt.MouseButton.LeftButton,
    ) -> None:
        self._mouse(QEvent.Type.MouseMove, (x, y), button, keys)

    def release(
        self,
        x: float,
        y: float,
        keys: Qt.KeyboardModifier = NONE,
        button: Qt.MouseButton = Qt.MouseButton.LeftButton,
    ) -> None:
        self._mouse(QEvent.Type.MouseButtonRelease, (x, y), button, keys)

    def stroke(self, *points: tuple[float, float], keys: Qt.KeyboardModifier = NONE) -> None:
        self.press(*points[0], keys)
        for point in points[1:]:
            self.move(*point, keys)
        self.release(*points[-1], keys)

    def wheel(self, x: float, y: float, notches: float, keys: Qt.KeyboardModifier = NONE) -> None:
        at = self.view.to_widget(x, y)
        event = QWheelEvent(
            at,
            self.view.mapToGlobal(at),
            QPoint(),
            QPoint(0, round(120 * notches)),
            Qt.MouseButton.NoButton,
            keys,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(self.view, event)

    def key(self, key: Qt.Key, down: bool) -> None:
        kind = QEvent.Type.KeyPress if down else QEvent.Type.KeyRelease
        QApplication.sendEvent(self.view, QKeyEvent(kind, key, NONE))

    def click(self, x: float, y: float, keys: Qt.KeyboardModifier = NONE) -> None:
        self.press(x, y, keys)
        self.release(x, y, keys)

    def double_click(self, x: float, y: float) -> None:
        """As Qt tells of it: the second press comes as a double click."""
        self.click(x, y)
        self._mouse(QEvent.Type.MouseButtonDblClick, (x, y), Qt.MouseButton.LeftButton, NONE)
        self.release(x, y)


class PenHand:
    """A pen, or its other end, at picture positions."""

    def __init__(self, view: CanvasView, eraser: bool = False) -> None:
        self.view = view
        end = QPointingDevice.PointerType.Eraser if eraser else QPointingDevice.PointerType.Pen
        what = QInputDevice.Capability.Position | QInputDevice.Capability.Pressure
        self.device = QPointingDevice(
            "pen", 7, QInputDevice.DeviceType.Stylus, end, what, 1, 2, "", QPointingDeviceUniqueId()
        )

    def send(self, kind: QEvent.Type, x: float, y: float, pressure: float) -> None:
        place = self.view.to_widget(x, y)
        left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
        button = none if kind == QEvent.Type.TabletMove else left
        held = none if kind == QEvent.Type.TabletRelease or not pressure else left
        event = QTabletEvent(
            kind, self.device, place, self.view.mapToGlobal(place), pressure, 0, 0, 0, 0, 0, NONE, button, held
        )
        QApplication.sendEvent(self.view, event)

    def stroke(self, *points: tuple[float, float, float]) -> None:
        """(x, y, pressure), the last one is where it is lifted."""
        self.send(QEvent.Type.TabletPress, *points[0])
        for point in points[1:]:
            self.send(QEvent.Type.TabletMove, *point)
        self.send(QEvent.Type.TabletRelease, points[-1][0], points[-1][1], 0.0)


def widget_point(view: CanvasView, x: float, y: float) -> QPoint:
    """A picture position in whole pixels of the widget."""
    return view.to_widget(x, y).toPoint()


def shown(view: CanvasView, x: float, y: float) -> tuple[int, int, int]:
    """The colour on the screen at a picture position."""
    image = view.grab().toImage()
    at = view.to_widget(x, y) * image.devicePixelRatio()
    colour = image.pixelColor(int(at.x()), int(at.y()))
    return colour.red(), colour.green(), colour.blue()


class FingerHand:
    """A finger on a touch screen, at picture positions."""

    def __init__(self, view: CanvasView) -> None:
        self.view = view
        self.screen = QTest.createTouchDevice(QInputDevice.DeviceType.TouchScreen)

    def stroke(self, *points: tuple[float, float]) -> None:
        first, *others = (self.view.to_widget(*point).toPoint() for point in points)
        last = others[-1] if others else first
        QTest.touchEvent(self.view, self.screen).press(0, first, self.view)
        for place in others:
            QTest.touchEvent(self.view, self.screen).move(0, place, self.view)
        QTest.touchEvent(self.view, self.screen).release(0, last, self.view)
