from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt

from app.canvas.tools import Tool
from app.canvas.view import CanvasView
from app.document.editing import Document
from app.document.history import Edit
from tests.canvas.input_driver import ALT, SHIFT, FingerHand, Hand, PenHand


def height(x: float) -> float:
    """Where the wire is at a column."""
    return 60 + 0.004 * (x - 150) ** 2


@pytest.fixture
def edits(view: CanvasView, document: Document) -> list[Edit]:
    """A wire of three pixels on grey, and the Line tool."""
    for x in range(300):
        y = round(height(x))
        document.pixels[max(y - 1, 0) : y + 2, x] = 220
    view.refresh([(0, 0, 300, 200)])
    view.set_tool(Tool.LINE)
    found: list[Edit] = []
    view.strokeFinished.connect(found.append)
    return found


def masked(document: Document, x: int) -> tuple[bool, bool]:
    """Whether the wire is masked at a column, and what lies 12 px beside it."""
    y = round(height(x))
    return bool((document.mask[y - 1 : y + 2, x] > 127).all()), bool(document.mask[y + 12, x] > 127)


def test_the_selection_follows_the_wire_from_click_to_click(
    view: CanvasView, hand: Hand, document: Document, edits: list[Edit]
) -> None:
    hand.click(40, height(40) + 3)
    assert view.stroking
    hand.move(100, height(100) - 2)
    hand.click(150, height(150) - 2)
    hand.click(260, height(260))
    assert not edits
    hand.key(Qt.Key.Key_Return, True)
    assert [edit.name for edit in edits] == ["Line"]
    for x in (50, 100, 150, 200, 250):
        assert masked(document, x) == (True, False)
    assert document.mask[:, :30].max() == 0
    edits[0].undo(document)
    assert not document.mask.any()


def test_shift_goes_straight(view: CanvasView, hand: Hand, document: Document, edits: list[Edit]) -> None:
    hand.click(40, height(40))
    hand.click(260, height(260), keys=SHIFT)
    hand.key(Qt.Key.Key_Return, True)
    between = round((height(40) + height(260)) / 2)
    assert document.mask[between, 150] == 255
    assert not masked(document, 150)[0]


def test_a_double_click_ends_it_and_alt_takes_away(
    view: CanvasView, hand: Hand, document: Document, edits: list[Edit]
) -> None:
    document.fill_mask()
    hand.click(100, height(100), keys=ALT)
    hand.double_click(200, height(200))
    assert not view.stroking
    assert len(edits) == 1
    assert document.mask[round(height(150)), 150] == 0
    assert document.mask[150, 150] == 255


def test_points_are_taken_back_and_given_up(
    view: CanvasView, hand: Hand, document: Document, edits: list[Edit]
) -> None:
    for x in (40, 120, 260):
        hand.click(x, height(x))
    hand.key(Qt.Key.Key_Backspace, True)
    hand.key(Qt.Key.Key_Return, True)
    assert masked(document, 80)[0]
    assert not masked(document, 200)[0]
    hand.click(200, height(200))
    hand.key(Qt.Key.Key_Backspace, True)
    assert not view.stroking
    hand.click(200, height(200))
    hand.key(Qt.Key.Key_Escape, True)
    assert not view.stroking
    assert len(edits) == 1


def test_a_pen_draws_from_one_point_to_the_next(view: CanvasView, document: Document, edits: list[Edit]) -> None:
    PenHand(view).stroke((60, height(60), 0.5), (120, height(120) + 8, 0.5), (200, height(200), 0.5))
    view.set_tool(Tool.BRUSH)
    assert len(edits) == 1, "another tool keeps what was found"
    assert masked(document, 150) == (True, False)


def test_the_way_ahead_is_seen(view: CanvasView, hand: Hand, edits: list[Edit]) -> None:
    hand.click(40, height(40))
    before = view.grab().toImage()
    hand.move(200, height(200))
    assert view.grab().toImage() != before
    band = view._band()
    assert band is not None
    at = np.array(band.points)
    middle = at[np.abs(at[:, 0] - 120).argmin()]
    assert abs(middle[1] - height(float(middle[0]))) < 3


def test_a_finger_taps_along_the_wire(view: CanvasView, hand: Hand, document: Document, edits: list[Edit]) -> None:
    finger = FingerHand(view)
    for x in (40, 150, 260):
        finger.stroke((x, height(x)))
    assert view.stroking and not edits
    hand.key(Qt.Key.Key_Return, True)
    assert [edit.name for edit in edits] == ["Line"]
    for x in (50, 100, 150, 200, 250):
        assert masked(document, x) == (True, False)
