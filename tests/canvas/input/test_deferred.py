"""What the hand does while the document may not change."""

from __future__ import annotations

import functools
import itertools
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QInputDevice
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.canvas.input.deferred import DeferredInput
from app.canvas.tools.base import Tool
from app.canvas.view import CanvasView
from app.document.editing.document import Document
from app.document.history.edits import Edit
from app.document.mask.brush import Brush
from tests.canvas.input_driver import Hand, widget_point


def test_calls_keep_their_order_and_stop_when_it_is_held_again(qtbot: QtBot) -> None:
    parent, made = QObject(), list[int]()
    later = DeferredInput(parent)
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


def test_a_clock_that_leaps_does_not_stop_it(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    readings = itertools.count()
    monkeypatch.setattr("app.canvas.input.deferred.time", SimpleNamespace(perf_counter=lambda: float(next(readings))))
    parent, made = QObject(), list[int]()
    later = DeferredInput(parent)
    later.hold(True)
    for number in range(3):
        later.do(functools.partial(made.append, number))
    later.hold(False)
    qtbot.waitUntil(lambda: not later.waiting)
    assert made == [0, 1, 2]


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


@pytest.mark.parametrize("way", ["middle", "tool", "split"])
def test_viewing_does_not_wait(view: CanvasView, document: Document, hand: Hand, qtbot: QtBot, way: str) -> None:
    view.set_held(True)
    hand.stroke((50, 50), (60, 50))
    left = view.visible_box()[0]
    button = Qt.MouseButton.MiddleButton if way == "middle" else Qt.MouseButton.LeftButton
    if way == "tool":
        view.set_tool(Tool.PAN)
    view.set_split(way == "split")
    start = (150.0, 100.0)
    hand.press(*start, button=button)
    assert view.cursor().shape() is not Qt.CursorShape.BusyCursor
    hand.move(180, 100, button=button)
    hand.release(180, 100, button=button)
    if way == "split":
        assert view._split.at > 0.55
    else:
        assert view.visible_box()[0] == pytest.approx(left - 30, abs=1)
    zoom = view.zoom
    hand.wheel(100, 100, 1)
    assert view.zoom > zoom
    assert not document.mask.any()
    view.set_tool(Tool.BRUSH)
    view.set_held(False)
    qtbot.waitUntil(lambda: not view._deferred.waiting)
    assert bool(document.mask[50, 55]) == (way != "split")  # the split came to lie over it


def test_what_was_chosen_at_the_press_counts(view: CanvasView, document: Document, hand: Hand, qtbot: QtBot) -> None:
    view.set_held(True)
    view.set_brush(Brush(10.0))
    hand.stroke((50, 50), (90, 50))
    view.set_brush(Brush(80.0))
    view.set_tool(Tool.ERASER)
    view._space = True
    view.set_held(False)
    qtbot.waitUntil(lambda: not view._deferred.waiting)
    assert document.mask[50, 70] == 255
    assert document.mask[65, 70] == 0


def test_a_stroke_that_waits_is_ended_by_its_own_release(
    view: CanvasView, document: Document, hand: Hand, qtbot: QtBot
) -> None:
    view.set_held(True)
    hand.press(50, 50)
    hand.press(60, 50, button=Qt.MouseButton.MiddleButton)
    hand.release(60, 50, button=Qt.MouseButton.MiddleButton)
    view.set_held(False)
    qtbot.waitUntil(lambda: not view._deferred.waiting)
    assert not view.stroking
    assert document.mask[50, 50] == 255
