from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QFocusEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.canvas.tools.base import Tool
from app.canvas.view import CanvasView
from app.document.editing.document import Document
from app.document.history.edits import Edit
from tests.canvas.input_driver import ALT, CONTROL, NONE, SHIFT, Hand, shown


def test_a_stroke_paints_the_mask_and_is_one_edit(
    qtbot: QtBot, view: CanvasView, hand: Hand, document: Document
) -> None:
    edits: list[Edit] = []
    view.strokeFinished.connect(edits.append)
    hand.stroke((50, 50), (90, 50), (90, 120))
    assert len(edits) == 1
    assert document.mask[50, 70] == document.mask[100, 90] == 255
    assert document.mask[150, 200] == 0
    assert shown(view, 70, 50) == pytest.approx((206, 170, 27), abs=2)
    assert shown(view, 200, 150) == (90, 90, 90)


def test_alt_turns_the_brush_into_an_eraser_and_back(view: CanvasView, hand: Hand, document: Document) -> None:
    hand.stroke((50, 50), (150, 50))
    hand.stroke((100, 50), (100, 51), keys=ALT)
    assert document.mask[50, 100] == 0
    assert document.mask[50, 60] == 255
    view.set_tool(Tool.ERASER)
    hand.stroke((60, 50), (61, 50))
    assert document.mask[50, 60] == 0
    hand.stroke((60, 50), (61, 50), keys=ALT)
    assert document.mask[50, 60] == 255


def test_shift_click_draws_a_straight_line(hand: Hand, document: Document) -> None:
    hand.stroke((40, 40), (41, 40))
    hand.stroke((140, 140), keys=SHIFT)
    assert document.mask[90, 90] == 255
    assert document.mask[90, 40] == 0


def test_escape_gives_the_stroke_up(view: CanvasView, hand: Hand, document: Document) -> None:
    edits: list[Edit] = []
    view.strokeFinished.connect(edits.append)
    hand.press(50, 50)
    hand.move(90, 50)
    assert view.stroking
    hand.key(Qt.Key.Key_Escape, True)
    assert not document.stroking
    hand.move(100, 60)
    hand.release(100, 60)
    assert not document.mask.any()
    assert not edits
    assert shown(view, 70, 50) == (90, 90, 90)


def test_a_paused_stroke_goes_on_without_a_gap(view: CanvasView, hand: Hand, document: Document) -> None:
    edits: list[Edit] = []
    view.strokeFinished.connect(edits.append)
    hand.press(50, 50)
    hand.move(80, 50)
    view.pause_stroke()
    assert len(edits) == 1
    assert not document.stroking
    hand.move(120, 50)
    hand.release(120, 50)
    assert len(edits) == 2
    assert np.all(document.mask[50, 50:120] == 255)


def test_the_wheel_zooms_about_the_pointer(view: CanvasView, hand: Hand, qtbot: QtBot) -> None:
    place = view.to_widget(80, 60)
    zoom = view.zoom
    with qtbot.waitSignal(view.zoomChanged):
        hand.wheel(80, 60, 3)
    assert view.zoom == pytest.approx(zoom * 1.2**3)
    moved = view.to_widget(80, 60) - place
    assert abs(moved.x()) <= view.zoom
    assert abs(moved.y()) <= view.zoom


def test_ctrl_wheel_changes_the_brush_by_a_ratio(view: CanvasView, hand: Hand, qtbot: QtBot) -> None:
    with qtbot.waitSignal(view.brushChanged):
        hand.wheel(80, 60, 1, CONTROL)
    assert view.brush.size == 23
    hand.wheel(80, 60, 100, CONTROL)
    assert view.brush.size == 600
    hand.wheel(80, 60, -100, CONTROL)
    assert view.brush.size == 1
    view.change_brush_size(1)
    assert view.brush.size == 2, "a step is seen even where the ratio is less than a pixel"


@pytest.mark.parametrize("way", ["space", "middle", "hand"])
def test_panning(view: CanvasView, hand: Hand, document: Document, way: str) -> None:
    button = Qt.MouseButton.MiddleButton if way == "middle" else Qt.MouseButton.LeftButton
    if way == "space":
        hand.key(Qt.Key.Key_Space, True)
    if way == "hand":
        view.set_tool(Tool.PAN)
    hand.press(100, 100, button=button)
    target = (120.0, 85.0)
    end = view.to_widget(*target)
    hand.move(*target, button=button)
    hand.release(*target, button=button)
    assert (view.to_widget(100, 100) - end).manhattanLength() < 2
    assert not document.mask.any()


def test_tab_held_shows_the_picture_before(view: CanvasView, hand: Hand, document: Document) -> None:
    view.set_before(np.full((200, 300, 3), 33, np.uint8))
    hand.stroke((50, 50), (90, 50))
    hand.key(Qt.Key.Key_Tab, True)
    assert view.showing_before
    assert shown(view, 70, 50) == (33, 33, 33)
    hand.stroke((50, 150), (90, 150))
    assert not document.mask[150].any(), "nobody paints on what was"
    hand.key(Qt.Key.Key_Tab, False)
    assert shown(view, 50, 150) == (90, 90, 90)


def test_losing_the_keyboard_ends_the_comparison(view: CanvasView, hand: Hand) -> None:
    hand.key(Qt.Key.Key_Tab, True)
    QApplication.sendEvent(view, QFocusEvent(QEvent.Type.FocusOut))
    assert not view.showing_before


def test_files_can_be_dropped(view: CanvasView, qtbot: QtBot) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile("/pictures/a.jpg")])
    left, copy = Qt.MouseButton.LeftButton, Qt.DropAction.CopyAction
    enter = QDragEnterEvent(QPoint(10, 10), copy, data, left, NONE)
    QApplication.sendEvent(view, enter)
    assert enter.isAccepted()
    event = QDropEvent(QPointF(10, 10), copy, data, left, NONE)
    with qtbot.waitSignal(view.filesDropped) as dropped:
        QApplication.sendEvent(view, event)
    assert dropped.args == [["/pictures/a.jpg"]]


def test_a_preview_is_shown_in_the_hole(view: CanvasView, hand: Hand, document: Document) -> None:
    hand.stroke((50, 50), (90, 50))
    view.set_hole(document.mask.copy())
    view.show_preview((30, 30, 120, 70), np.full((40, 90, 3), 12, np.uint8))
    assert shown(view, 70, 50) == (12, 12, 12)
    view.set_hole(None)
    assert shown(view, 70, 50)[0] > 190


def test_a_dab_repaints_only_what_it_covers(view: CanvasView, hand: Hand, monkeypatch: pytest.MonkeyPatch) -> None:
    view.grab()
    drawn: list[tuple[int, int, int, int]] = []
    layers = view._layers
    original = layers.draw

    def draw(*arguments: object) -> None:
        drawn.append(arguments[1])  # type: ignore[arg-type]
        original(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(layers, "draw", draw)
    hand.press(100, 100)
    view.repaint()
    hand.release(100, 100)
    assert drawn
    reach = 22 * view.zoom + 10
    assert all(x1 - x0 < reach and y1 - y0 < reach for x0, y0, x1, y1 in drawn)


def test_without_a_document_nothing_happens(qtbot: QtBot) -> None:
    view = CanvasView()
    qtbot.addWidget(view)
    view.resize(300, 200)
    view.show()
    hand = Hand(view)
    hand.stroke((10, 10), (20, 20))
    hand.wheel(10, 10, 1)
    QTest.keyClick(view, Qt.Key.Key_Escape)
    image = view.grab().toImage()
    assert image.pixelColor(100, 100).red() == 0x1E
