from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication

from app.canvas.tools import Tool
from app.canvas.view import CanvasView
from app.document.editing import Document
from app.document.history import Edit
from app.document.mask import Brush
from tests.canvas.input_driver import ALT, NONE, SHIFT, FingerHand, Hand, PenHand


@pytest.fixture
def edits(view: CanvasView, document: Document) -> list[Edit]:
    """Two red squares, 40 px, on grey; the Object tool with a brush of 30 px."""
    document.pixels[40:80, 40:80] = document.pixels[40:80, 180:220] = (200, 30, 30)
    view.refresh([(0, 0, 300, 200)])
    view.set_brush(Brush(30.0))
    view.set_tool(Tool.OBJECT)
    found: list[Edit] = []
    view.strokeFinished.connect(found.append)
    return found


def over(x: int) -> tuple[tuple[float, float], ...]:
    return (x + 10, 50), (x + 30, 50), (x + 30, 70), (x + 10, 70), (x + 10, 52)


def test_a_stroke_finds_the_object_and_enter_masks_it(
    view: CanvasView, hand: Hand, document: Document, edits: list[Edit]
) -> None:
    hand.stroke(*over(40))
    assert view.stroking, "it is shown, and waits"
    assert not document.mask.any()
    assert not edits
    hand.key(Qt.Key.Key_Return, True)
    assert [edit.name for edit in edits] == ["Object"]
    assert document.mask[60, 60] == document.mask[42, 42] == 255
    assert document.mask[60, 84] == document.mask[36, 60] == 0, "what was brushed beside it is not masked"
    edits[0].undo(document)
    assert not document.mask.any()


def test_another_stroke_adds_and_alt_takes_away(
    view: CanvasView, hand: Hand, document: Document, edits: list[Edit]
) -> None:
    hand.stroke(*over(40))
    hand.stroke(*over(180))
    hand.stroke(*over(40), keys=ALT)
    hand.key(Qt.Key.Key_Enter, True)
    assert len(edits) == 1
    assert document.mask[60, 200] == 255
    assert document.mask[60, 60] == 0


def test_backspace_takes_a_stroke_back_and_escape_gives_up(
    view: CanvasView, hand: Hand, document: Document, edits: list[Edit]
) -> None:
    hand.stroke(*over(40))
    hand.stroke(*over(180))
    hand.key(Qt.Key.Key_Backspace, True)
    hand.key(Qt.Key.Key_Return, True)
    assert document.mask[60, 60] == 255
    assert document.mask[60, 200] == 0
    hand.stroke(*over(180))
    hand.key(Qt.Key.Key_Escape, True)
    assert not view.stroking
    assert len(edits) == 1
    hand.stroke(*over(180))
    hand.key(Qt.Key.Key_Backspace, True)
    assert not view.stroking, "nothing is left"


def test_alt_first_takes_the_object_out_of_the_mask(
    view: CanvasView, hand: Hand, document: Document, edits: list[Edit]
) -> None:
    document.fill_mask()
    hand.stroke(*over(40), keys=ALT)
    hand.key(Qt.Key.Key_Return, True)
    assert document.mask[60, 60] == 0
    assert document.mask[60, 100] == document.mask[60, 200] == 255


def test_shift_drags_a_box(view: CanvasView, hand: Hand, document: Document, edits: list[Edit]) -> None:
    plain = view.grab().toImage()
    hand.press(30, 30, SHIFT)
    hand.move(60, 60, SHIFT)
    hand.move(90, 90, SHIFT)
    assert view.grab().toImage() != plain
    hand.release(90, 90, SHIFT)
    hand.key(Qt.Key.Key_Return, True)
    assert document.mask[60, 60] == 255
    assert document.mask[35, 35] == document.mask[86, 86] == 0


def test_a_pen_selects_as_a_mouse_does(view: CanvasView, document: Document, edits: list[Edit]) -> None:
    PenHand(view).stroke(*((x, y, 0.5) for x, y in over(40)))
    view.keep_open()
    assert document.mask[60, 60] == 255


@pytest.mark.parametrize("way", ["tool", "pause", "keep"])
def test_what_was_found_is_not_lost_when_something_else_begins(
    view: CanvasView, hand: Hand, document: Document, edits: list[Edit], way: str
) -> None:
    hand.stroke(*over(40))
    {"tool": lambda: view.set_tool(Tool.BRUSH), "pause": view.pause_stroke, "keep": view.keep_open}[way]()
    assert len(edits) == 1
    assert document.mask[60, 60] == 255


def test_what_is_looked_for_elsewhere_may_be_given_up(
    view: CanvasView, hand: Hand, document: Document, edits: list[Edit]
) -> None:
    asked: list[tuple[Callable[[Any], Any], Callable[[Any], None]]] = []

    def propose(_name: str, work: Callable[[Any], Any], done: Callable[[Any], None]) -> None:
        asked.append((work, done))
        view.set_held(True)

    view.set_propose(propose)
    hand.stroke(*over(40))
    waiting = view.grab().toImage()
    hand.stroke(*over(180))
    assert len(asked) == 1, "what the hand does meanwhile follows"
    event = QKeyEvent(QEvent.Type.ShortcutOverride, Qt.Key.Key_Escape, NONE)
    event.ignore()
    QApplication.sendEvent(view, event)
    assert not event.isAccepted(), "Escape goes to what is under way, not to what is open"
    view._deferred.clear()
    view.set_held(False)
    assert view.grab().toImage() != waiting, "the stroke is gone"
    hand.key(Qt.Key.Key_Return, True)
    assert not edits
    hand.stroke(*over(180))
    work, done = asked[1]
    view.set_held(False)
    done(work(document))
    hand.key(Qt.Key.Key_Return, True)
    assert document.mask[60, 200] == 255
    assert np.count_nonzero(document.mask[:, :120]) == 0


def test_a_finger_strokes_over_the_object(view: CanvasView, hand: Hand, document: Document, edits: list[Edit]) -> None:
    finger = FingerHand(view)
    finger.stroke(*over(40))
    finger.stroke(*over(180))
    assert view.stroking and not document.mask.any()
    hand.key(Qt.Key.Key_Return, True)
    assert [edit.name for edit in edits] == ["Object"]
    assert document.mask[60, 60] == document.mask[60, 200] == 255
    assert document.mask[60, 84] == document.mask[60, 120] == 0
