"""Sets of things found, and the arrow the mask grows along."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessibleAnnouncementEvent

from app.canvas import picture_view
from app.canvas.tools import Tool
from app.canvas.view import CanvasView
from app.document.editing import Document
from app.document.history import Edit
from app.document.mask import Segment
from tests.canvas.input_driver import ALT, Hand, PenHand


@pytest.fixture
def edits(view: CanvasView) -> list[Edit]:
    """Three squares found, at 40, 120 and 200."""
    found: list[Edit] = []
    view.strokeFinished.connect(found.append)
    square = np.full((20, 20), 255, np.uint8)
    view.offer([Segment((x, 80, x + 20, 100), square) for x in (40, 120, 200)], "Wire")
    return found


def masked(document: Document) -> list[bool]:
    return [bool(document.mask[90, x + 10]) for x in (40, 120, 200)]


def test_one_by_one_and_then_the_rest(view: CanvasView, hand: Hand, document: Document, edits: list[Edit]) -> None:
    assert not view.stroking, "undo and the mask's commands go on meanwhile"
    hand.click(130, 90)
    assert masked(document) == [False, True, False]
    hand.click(10, 10)
    hand.click(50, 90, keys=ALT)
    hand.key(Qt.Key.Key_Return, True)
    assert masked(document) == [False, True, True]
    assert [edit.name for edit in edits] == ["Wire", "Wire"]
    hand.click(50, 90)
    assert len(edits) == 3, "the brush is back in the hand"
    assert edits[2].name == "Brush stroke"


def test_escape_gives_up_what_is_left(view: CanvasView, hand: Hand, document: Document, edits: list[Edit]) -> None:
    plain = view.grab().toImage()
    hand.key(Qt.Key.Key_Escape, True)
    assert view.grab().toImage() != plain
    assert not edits
    hand.key(Qt.Key.Key_Return, True)
    assert not edits


def test_a_screen_reader_is_told_what_the_keys_are_at(
    view: CanvasView, hand: Hand, edits: list[Edit], monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []

    def heard(event: QAccessibleAnnouncementEvent) -> None:
        assert event.object() is view
        said.append(event.message())

    monkeypatch.setattr(picture_view, "QAccessible", SimpleNamespace(updateAccessibility=heard))
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Backspace, Qt.Key.Key_Down, Qt.Key.Key_Down):
        hand.key(key, True)
    assert said == [
        "Wire 3 of 3",
        "Wire 1 of 3",
        "Wire dropped. Wire 1 of 2",
        "Wire masked. Wire 1 of 1",
        "Wire masked. None is left.",
    ]


def test_all_by_keys(view: CanvasView, hand: Hand, document: Document, edits: list[Edit]) -> None:
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Backspace, Qt.Key.Key_Down):
        hand.key(key, True)
    assert masked(document) == [False, False, True]
    hand.key(Qt.Key.Key_Left, True)
    hand.key(Qt.Key.Key_Down, True)
    assert masked(document) == [True, False, True]
    assert view._band() is None
    assert len(edits) == 2


def test_the_last_one_ends_it_and_another_tool_gives_up(
    view: CanvasView, hand: Hand, document: Document, edits: list[Edit]
) -> None:
    for x in (50, 130, 210):
        PenHand(view).stroke((x, 90, 0.5))
    assert masked(document) == [True, True, True]
    view.offer([Segment((10, 10, 20, 20), np.full((10, 10), 255, np.uint8))], "Speck")
    view.set_tool(Tool.LASSO)
    assert document.mask[15, 15] == 0
    assert view._band() is None


@pytest.fixture
def arrow(view: CanvasView, document: Document) -> list[Edit]:
    document.fill_box((100, 80, 120, 100))
    found: list[Edit] = []
    view.strokeFinished.connect(found.append)
    view.begin_arrow((110.0, 90.0))
    return found


def test_the_mask_grows_along_an_arrow_dragged(hand: Hand, document: Document, arrow: list[Edit]) -> None:
    hand.stroke((20, 20), (40, 30), (80, 40))
    assert [edit.name for edit in arrow] == ["Grow mask towards"]
    assert document.mask[105, 170] == 255
    assert document.mask[90, 90] == document.mask[130, 110] == 0
    hand.stroke((20, 150), (60, 150))
    assert arrow[-1].name == "Brush stroke", "one arrow, then the brush is back in the hand"


def test_the_arrow_by_keys(view: CanvasView, hand: Hand, document: Document, arrow: list[Edit]) -> None:
    for _ in range(6):
        hand.key(Qt.Key.Key_Up, True)
    hand.key(Qt.Key.Key_Return, True)
    assert len(arrow) == 1
    assert document.mask[60, 110] == 255
    assert document.mask[105, 110] == 0


def test_the_arrow_is_given_up(view: CanvasView, hand: Hand, document: Document, arrow: list[Edit]) -> None:
    hand.click(50, 50)
    assert view._band() is not None, "a click is no arrow"
    hand.key(Qt.Key.Key_Escape, True)
    assert not view.stroking
    view.begin_arrow((110.0, 90.0))
    hand.key(Qt.Key.Key_Return, True)
    assert not arrow
