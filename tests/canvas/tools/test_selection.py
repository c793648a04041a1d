from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication

from app.canvas.tools.base import Tool
from app.canvas.view import CanvasView
from app.document.editing.document import Document
from app.document.history.edits import Edit
from tests.canvas.input_driver import ALT, NONE, SHIFT, Hand, shown


@pytest.fixture
def edits(view: CanvasView) -> list[Edit]:
    found: list[Edit] = []
    view.strokeFinished.connect(found.append)
    return found


def test_a_line_drawn_by_hand_selects_what_it_encloses(
    view: CanvasView, hand: Hand, document: Document, edits: list[Edit]
) -> None:
    view.set_tool(Tool.LASSO)
    hand.stroke((50, 50), (150, 50), (150, 120), (50, 120))
    assert len(edits) == 1
    assert not view.stroking
    assert document.mask[80, 100] == 255
    assert document.mask[80, 170] == document.mask[40, 100] == 0
    assert shown(view, 100, 80)[0] > 190
    hand.stroke((80, 60), (120, 60), (120, 100), (80, 100), keys=ALT)
    assert document.mask[80, 100] == 0
    assert document.mask[80, 60] == 255


@pytest.mark.parametrize("way", ["enter", "double", "first"])
def test_corners_clicked_close_by_enter_double_click_or_the_first_corner(
    view: CanvasView, hand: Hand, document: Document, edits: list[Edit], way: str
) -> None:
    view.set_tool(Tool.LASSO)
    for corner in ((50, 50), (150, 50)):
        hand.click(*corner)
        assert view.stroking
    if way == "enter":
        hand.click(150, 120)
        hand.key(Qt.Key.Key_Return, True)
    elif way == "double":
        hand.double_click(150, 120)
    else:
        hand.click(150, 120)
        hand.click(51, 50)
    assert not view.stroking
    assert len(edits) == 1
    assert document.mask[70, 130] == 255
    assert document.mask[110, 70] == 0


def test_corners_are_taken_back_and_given_up(
    view: CanvasView, hand: Hand, document: Document, edits: list[Edit]
) -> None:
    view.set_tool(Tool.LASSO)
    for corner in ((50, 50), (150, 50), (280, 190)):
        hand.click(*corner)
    hand.key(Qt.Key.Key_Backspace, True)
    hand.click(150, 120)
    hand.key(Qt.Key.Key_Enter, True)
    assert len(edits) == 1
    assert document.mask[130, 200] == 0, "the corner taken back does not count"
    hand.click(10, 150)
    hand.key(Qt.Key.Key_Backspace, True)
    assert not view.stroking, "nothing is left"
    hand.click(10, 150)
    hand.click(40, 150)
    hand.key(Qt.Key.Key_Escape, True)
    assert not view.stroking
    assert len(edits) == 1


def test_the_keys_of_an_open_line_are_not_taken_by_shortcuts(view: CanvasView, hand: Hand) -> None:
    def override(key: Qt.Key) -> bool:
        event = QKeyEvent(QEvent.Type.ShortcutOverride, key, NONE)
        event.ignore()
        QApplication.sendEvent(view, event)
        return event.isAccepted()

    assert not override(Qt.Key.Key_Return)
    view.set_tool(Tool.LASSO)
    hand.click(50, 50)
    assert override(Qt.Key.Key_Return)
    assert override(Qt.Key.Key_Escape)
    view.set_tool(Tool.BRUSH)
    assert not view.stroking, "another tool gives the line up"


def test_the_picture_can_be_moved_while_a_line_is_open(
    view: CanvasView, hand: Hand, document: Document, edits: list[Edit]
) -> None:
    view.set_tool(Tool.LASSO)
    hand.click(50, 50)
    hand.click(150, 50)
    place = view.to_widget(50, 50)
    middle = Qt.MouseButton.MiddleButton
    hand.press(100, 100, button=middle)
    hand.move(110, 90, button=middle)
    hand.release(110, 90, button=middle)
    view.set_zoom(view.zoom * 1.5)
    assert view.to_widget(50, 50) != place
    hand.click(150, 120)
    hand.click(50, 50)
    assert len(edits) == 1
    assert document.mask[70, 130] == 255


def test_a_rectangle_is_what_it_spans(view: CanvasView, hand: Hand, document: Document, edits: list[Edit]) -> None:
    view.set_tool(Tool.RECTANGLE)
    hand.stroke((150, 120), (50, 60))
    ys, xs = np.nonzero(document.mask)
    assert (xs.min(), xs.max() + 1, ys.min(), ys.max() + 1) == (50, 150, 60, 120)
    hand.stroke((90, 80), (110, 100), keys=ALT)
    assert document.mask[90, 100] == 0
    hand.stroke((200, 20), (260, 40), keys=SHIFT)
    assert document.mask[70, 230] == 255, "a square"
    assert len(edits) == 3
    hand.stroke((20, 20), (20, 20))
    assert len(edits) == 3, "a click spans nothing"


def test_similar_colours_are_selected(view: CanvasView, hand: Hand, document: Document, edits: list[Edit]) -> None:
    document.pixels[20:60, 20:60] = document.pixels[20:60, 200:240] = (10, 200, 10)
    view.refresh([(0, 0, 300, 200)])
    view.set_tool(Tool.SIMILAR)
    view.set_similar(20, True)
    hand.click(30, 30)
    assert document.mask[40, 40] == 255
    assert document.mask[40, 220] == document.mask[100, 100] == 0
    hand.click(30, 30, keys=SHIFT)
    assert document.mask[40, 220] == 255
    hand.click(30, 30, keys=ALT)
    assert document.mask[40, 40] == 0
    view.set_similar(255, False)
    hand.click(30, 30)
    assert document.mask.all()
    assert len(edits) == 4


def test_the_line_is_seen_and_goes(view: CanvasView, hand: Hand) -> None:
    view.set_tool(Tool.RECTANGLE)
    plain = view.grab().toImage()
    hand.press(50, 60)
    hand.move(150, 120)
    assert view.grab().toImage() != plain
    hand.key(Qt.Key.Key_Escape, True)
    hand.release(150, 120)
    assert view.grab().toImage() == plain
