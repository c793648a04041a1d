from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.canvas.drawing.original import OriginalPixels
from app.canvas.navigator import Navigator
from app.canvas.view import CanvasView
from app.document.editing.document import Document
from tests.canvas.input_driver import Hand, shown

GREY, CHANGED = (90, 90, 90), (10, 120, 30)


def change(view: CanvasView, document: Document) -> None:
    view.keep_before([(20, 20, 280, 180)])
    document.pixels[20:180, 20:280] = CHANGED
    view.refresh([(20, 20, 280, 180)])


def test_only_what_changes_is_kept_and_only_once() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (700, 900, 3), dtype=np.uint8)
    original = pixels.copy()
    before = OriginalPixels(pixels)
    before.keep([(10, 10, 300, 300)])
    pixels[10:300, 10:300] = 7
    before.keep([(200, 200, 700, 600)])
    pixels[200:600, 200:700] = 9
    assert np.array_equal(before.read((0, 0, 900, 700)), original)
    assert np.array_equal(before.read((250, 130, 431, 333)), original[130:333, 250:431])
    assert not np.array_equal(pixels, original)
    assert before.nbytes < pixels.nbytes, "nothing at the right was touched"


def test_the_picture_before_is_kept_by_its_changes(view: CanvasView, hand: Hand, document: Document) -> None:
    change(view, document)
    assert view.has_before
    assert shown(view, 100, 100) == CHANGED
    hand.key(Qt.Key.Key_Tab, True)
    assert shown(view, 100, 100) == GREY
    hand.key(Qt.Key.Key_Tab, False)
    assert shown(view, 100, 100) == CHANGED
    view.set_document(document)
    hand.key(Qt.Key.Key_Tab, True)
    assert shown(view, 100, 100) == CHANGED, "another document has not changed"


def test_a_line_between_before_and_after(view: CanvasView, hand: Hand, document: Document, qtbot: QtBot) -> None:
    change(view, document)
    with qtbot.waitSignal(view.splitChanged):
        view.set_split(True)
    assert shown(view, 60, 60) == GREY
    assert shown(view, 250, 60) == CHANGED
    middle = view.width() // 2
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(middle + 3, 100))
    QTest.mouseMove(view, QPoint(view.width() - 60, 100))
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=QPoint(view.width() - 60, 100))
    assert not document.mask.any(), "moving the line paints nothing"
    assert shown(view, 250, 60) == GREY
    hand.stroke((60, 60), (80, 60))
    assert not document.mask.any(), "nobody paints on what was"
    hand.key(Qt.Key.Key_Home, True)
    assert shown(view, 60, 60) == CHANGED
    hand.stroke((60, 60), (80, 60))
    assert document.mask.any()
    view.set_split(False)
    assert shown(view, 250, 60) == CHANGED


def test_the_line_is_moved_by_keys_and_stays_on_the_screen(view: CanvasView, hand: Hand, document: Document) -> None:
    change(view, document)
    view.set_split(True)
    place = view._split.at
    hand.key(Qt.Key.Key_Left, True)
    assert view._split.at == pytest.approx(place - 0.01)
    for _ in range(200):
        hand.key(Qt.Key.Key_Right, True)
    assert view._split.at == 1.0
    hand.key(Qt.Key.Key_Home, True)
    for _ in range(50):
        hand.key(Qt.Key.Key_Right, True)
    view.pan(40, 0)
    assert view._layers.split == view.width() // 2


def test_the_pointer_shows_that_the_line_can_be_moved(view: CanvasView, hand: Hand) -> None:
    view.set_split(True)
    x0, _, x1, _ = view.visible_box()
    hand.move((x0 + x1) / 2, 50)
    assert view.cursor().shape() == Qt.CursorShape.SplitHCursor
    hand.move((x0 + x1) / 2 + 60, 50)
    assert view.cursor().shape() != Qt.CursorShape.SplitHCursor


@pytest.mark.parametrize("colour", [QColor(0, 0, 255), (0, 0, 255), "#0000ff"])
def test_the_masks_colour(view: CanvasView, hand: Hand, colour: QColor | tuple[int, int, int] | str) -> None:
    view.set_overlay_colour(colour)
    view.set_overlay_opacity(0.5)
    hand.stroke((50, 50), (90, 50))
    assert shown(view, 70, 50) == pytest.approx((45, 45, 172), abs=1)
    view.set_overlay_colour("no such colour")
    assert shown(view, 70, 50) == pytest.approx((45, 45, 172), abs=1)


def test_the_outline_can_be_left_out(view: CanvasView, hand: Hand) -> None:
    view.set_overlay_opacity(0.0)
    hand.move(200, 150)
    view._place_ring(None)
    plain = view.grab().toImage()
    view.set_outline(False)
    hand.stroke((50, 50), (90, 50))
    hand.move(200, 150)
    view._place_ring(None)
    assert view.grab().toImage() == plain
    view.set_outline(True)
    assert view.grab().toImage() != plain


def test_the_navigator_shows_and_moves_what_is_seen(
    view: CanvasView, hand: Hand, document: Document, qtbot: QtBot
) -> None:
    navigator = Navigator(view)
    qtbot.addWidget(navigator)
    navigator.resize(150, 100)
    navigator.show()
    image = navigator.grab().toImage()
    assert image.pixelColor(75, 50).rgb() & 0xFFFFFF == 0x5A5A5A
    assert navigator.shown().width() == pytest.approx(149, abs=1)
    view.set_zoom(8.0)
    assert navigator.shown().width() == pytest.approx(150 * 500 / (300 * 8), abs=1)
    QTest.mouseClick(navigator, Qt.MouseButton.LeftButton, pos=QPoint(30, 80))
    x0, y0, x1, y1 = view.visible_box()
    assert ((x0 + x1) / 2, (y0 + y1) / 2) == pytest.approx((60, 160), abs=2)
    assert (navigator.shown().center() - QPointF(30, 80)).manhattanLength() < 3
    QTest.keyClick(navigator, Qt.Key.Key_Right)
    assert view.visible_box()[0] == pytest.approx(x0 + 500 / 8 / 10, abs=0.2)
    document.pixels[...] = CHANGED
    with qtbot.waitSignal(navigator._timer.timeout):
        view.refresh([(0, 0, 300, 200)])
    centre = navigator.shown().center().toPoint()
    assert navigator.grab().toImage().pixelColor(centre).rgb() & 0xFFFFFF == 0x0A781E


def test_a_navigator_without_a_document(qtbot: QtBot) -> None:
    view = CanvasView()
    qtbot.addWidget(view)
    navigator = Navigator(view)
    qtbot.addWidget(navigator)
    navigator.show()
    QTest.mouseClick(navigator, Qt.MouseButton.LeftButton, pos=QPoint(30, 30))
    QTest.keyClick(navigator, Qt.Key.Key_Left)
    assert not navigator.grab().isNull()
