"""What the hand does while the document may not change."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QInputDevice
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.canvas.later import Later
from app.canvas.tools import Tool
from app.canvas.view import CanvasView
from app.document.document import Document
from app.document.edits import Edit
from tests.canvas.hand import Hand, widget_point


def test_calls_keep_their_order_and_stop_when_it_is_held_again(qtbot: QtBot) -> None:
    parent, made = QObject(), list[int]()
    later = Later(parent)
    later.do(lambda: made.append(0))
    later.hold(True)
    later.do(lambda: made.append(1))
    later.do(lambda: later.hold(True))
    later.do(lambda: made.append(2))
    assert made == [0]
    later.hold(False)
    later.do(lambda: made.append(3))  # after those that wait
    qtbot.waitUntil(lambda: later.held)
    assert made == [0, 1]
    later.hold(False)
    qtbot.waitUntil(lambda: not later.waiting)
    assert made == [0, 1, 2, 3]


@pytest.mark.parametrize("fingers", [False, True])
def test_a_stroke_waits_until_the_canvas_is_let_go(
    view: CanvasView, document: Document, hand: Hand, qtbot: QtBot, fingers: bool
) -> None:
    edits: list[Edit] = []
    view.strokeFinished.connect(edits.append)
    view.set_held(True)
    assert view.cursor().shape() is Qt.CursorShape.BusyCursor
    start, end = widget_point(view, 50, 50), widget_point(view, 90, 50)
    if fingers:
        screen = QTest.createTouchDevice(QInputDevice.DeviceType.TouchScreen)
        QTest.touchEvent(view, screen).press(0, start, view)
        QTest.touchEvent(view, screen).move(0, end, view)
        QTest.touchEvent(view, screen).release(0, end, view)
    else:
        hand.stroke((50, 50), (90, 50))
    assert not document.mask.any()
    assert not document.stroking
    view.set_held(False)
    qtbot.waitUntil(lambda: len(edits) == 1)
    assert document.mask[50, 70] == 255
    assert view.cursor().shape() is not Qt.CursorShape.BusyCursor


def test_a_polygon_is_not_closed_while_the_canvas_is_held(
    view: CanvasView, document: Document, hand: Hand, qtbot: QtBot
) -> None:
    view.set_tool(Tool.LASSO)
    for corner in ((20, 20), (90, 20), (90, 90)):
        hand.click(*corner)
    view.set_held(True)
    QTest.keyClick(view, Qt.Key.Key_Return)
    assert not document.mask.any()
    view.set_held(False)
    qtbot.waitUntil(lambda: bool(document.mask.any()))
