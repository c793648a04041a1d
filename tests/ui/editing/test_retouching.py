"""Clone and heal in the window, by mouse, pen and finger, with undo."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QPointingDevice
from PySide6.QtTest import QTest

from app.canvas.input import NO_SOURCE
from app.canvas.tools import Tool
from app.document.formats import read_picture
from app.document.mask import Brush
from app.document.retouch import RetouchStroke
from app.ui.editing.retouching import NO_MEMORY, NOT_WHILE_ERASING
from app.ui.support import settings
from tests.canvas.input_driver import CONTROL, SHIFT, Hand, PenHand
from tests.ui.conftest import Driver


@pytest.fixture
def hand(driver: Driver, photo: Path) -> Hand:
    driver.open(photo)
    driver.window.view.set_brush(Brush(16.0))
    QTest.keyClick(driver.window.view, Qt.Key.Key_C)
    assert driver.window.view.tool is Tool.CLONE
    return Hand(driver.window.view)


def settled(driver: Driver) -> None:
    driver.qtbot.waitUntil(lambda: not driver.window.editing.jobs.busy and not driver.document.changing)


def test_clone_copies_from_where_ctrl_was_clicked(driver: Driver, hand: Hand) -> None:
    before = driver.document.pixels.copy()
    hand.click(100, 60, CONTROL)
    assert driver.window.view.clone_source == pytest.approx((100, 60), abs=0.5)
    assert np.array_equal(driver.document.pixels, before)
    hand.stroke((40, 60), (50, 64))
    settled(driver)
    after = driver.document.pixels.copy()
    offset = round(driver.window.view.clone_source[0] - 40) if driver.window.view.clone_source else 0
    assert np.array_equal(after[60, 36:50], before[60, 36 + offset : 50 + offset])
    assert np.array_equal(after[:40], before[:40])
    history = driver.window.workspace.history
    assert history.undoText() == "Clone stroke"
    assert not driver.document.masked
    driver.window.actions_.undo.trigger()
    assert np.array_equal(driver.document.pixels, before)
    driver.window.actions_.redo.trigger()
    assert np.array_equal(driver.document.pixels, after)


def test_aligned_strokes_keep_their_distance_and_the_cross_goes_with_them(driver: Driver, hand: Hand) -> None:
    view, before = driver.window.view, driver.document.pixels.copy()

    def cross() -> tuple[float, float]:
        at = view._cross.at
        assert at is not None
        return view._view.to_picture(at.x() * view.devicePixelRatioF(), at.y() * view.devicePixelRatioF())

    hand.click(100, 40, CONTROL)
    assert cross() == pytest.approx((100, 40), abs=1)
    hand.stroke((40, 40), (44, 40))
    settled(driver)
    hand.move(60, 80)
    assert cross() == pytest.approx((120, 80), abs=1.5)
    hand.stroke((60, 80), (62, 80))
    settled(driver)
    assert np.array_equal(driver.document.pixels[80, 56:62], before[80, 116:122])
    driver.window.panel.tool.aligned.click()
    assert driver.window.settings.get(settings.RETOUCH_ALIGNED) is False
    hand.move(20, 100)
    assert cross() == pytest.approx((100, 40), abs=1)
    hand.press(20, 100)
    hand.move(22, 100)
    assert cross() == pytest.approx((102, 40), abs=1.5)
    hand.release(22, 100)
    settled(driver)
    assert np.array_equal(driver.document.pixels[100, 17:22], before[40, 97:102])
    hand.key(Qt.Key.Key_B, True)
    driver.window.actions_.tool_brush.trigger()
    assert view._cross.at is None


def test_without_a_source_it_says_what_to_do(driver: Driver, hand: Hand) -> None:
    before = driver.document.pixels.copy()
    hand.stroke((40, 60), (50, 64))
    assert np.array_equal(driver.document.pixels, before)
    assert driver.texts() == [NO_SOURCE]


@pytest.mark.parametrize("way", ["button", "command"])
def test_a_pen_or_a_finger_places_the_source_without_keys(driver: Driver, hand: Hand, way: str) -> None:
    before, view = driver.document.pixels.copy(), driver.window.view
    if way == "button":
        driver.window.panel.tool.source.click()
    else:
        driver.window.actions_.clone_source.trigger()
    pen = PenHand(view)
    pen.send(QEvent.Type.TabletPress, 100, 60, 0.5)
    pen.send(QEvent.Type.TabletRelease, 100, 60, 0.0)
    assert view.clone_source == pytest.approx((100, 60), abs=0.5)
    view.set_brush(Brush(16.0, pressure_size=True))
    pen.send(QEvent.Type.TabletPress, 40, 60, 0.5)
    pen.send(QEvent.Type.TabletMove, 44, 60, 0.5)
    pen.send(QEvent.Type.TabletRelease, 44, 60, 0.0)
    settled(driver)
    changed = (driver.document.pixels != before).any(2)
    assert 3 <= np.flatnonzero(changed[:, 42]).size <= 11  # half pressed, half as wide


def test_a_finger_paints(driver: Driver, hand: Hand) -> None:
    view, before = driver.window.view, driver.document.pixels.copy()
    screen = QTest.createTouchDevice()
    assert isinstance(screen, QPointingDevice)

    def touch(*points: tuple[float, float]) -> None:
        places = [view.to_widget(*point).toPoint() for point in points]
        QTest.touchEvent(view, screen).press(0, places[0], view)
        for place in places[1:]:
            QTest.touchEvent(view, screen).move(0, place, view)
        QTest.touchEvent(view, screen).release(0, places[-1], view)

    driver.window.actions_.clone_source.trigger()
    touch((110, 50))
    assert view.clone_source == pytest.approx((110, 50), abs=0.5)
    touch((30, 50), (40, 50))
    settled(driver)
    changed = (driver.document.pixels != before).any(2)
    assert changed[50, 32:40].all()
    assert not changed[:, 60:].any()


def test_heal_is_exact_after_it_is_let_go(driver: Driver, hand: Hand, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where that is worked out on another thread; what is painted meanwhile follows."""
    monkeypatch.setattr("app.ui.editing.background_edits.AT_ONCE", 10)
    driver.window.actions_.tool_heal.trigger()
    before = driver.document.pixels.copy()
    hand.click(100, 60, CONTROL)
    with driver.qtbot.waitSignal(driver.window.editing.jobs.busyChanged):
        hand.stroke((40, 60), (44, 64))
    hand.stroke((60, 20), (64, 22))
    driver.qtbot.waitUntil(lambda: driver.window.workspace.history.count() == 2)
    settled(driver)
    assert driver.window.workspace.history.undoText() == "Heal stroke"
    after = driver.document.pixels.copy()
    assert (after != before).any(2)[60, 40]
    assert (after != before).any(2)[20, 62]
    for _ in range(2):
        driver.window.actions_.undo.trigger()
        settled(driver)
    assert np.array_equal(driver.document.pixels, before)


def test_escape_and_undo_give_a_stroke_up(driver: Driver, hand: Hand) -> None:
    before = driver.document.pixels.copy()
    hand.click(100, 60, CONTROL)
    for give_up in (lambda: hand.key(Qt.Key.Key_Escape, True), driver.window.editing.undo.undo):
        hand.press(40, 60)
        hand.move(50, 60)
        assert not np.array_equal(driver.document.pixels, before)
        give_up()
        hand.release(50, 60)
        assert np.array_equal(driver.document.pixels, before)
        assert driver.window.workspace.history.count() == 0
        assert not driver.document.changing


def test_the_picture_before_is_what_it_was(driver: Driver, hand: Hand) -> None:
    before, view = driver.document.pixels.copy(), driver.window.view
    hand.click(100, 60, CONTROL)
    hand.stroke((40, 60), (50, 64))
    settled(driver)
    assert view.has_before
    kept = view.copy_before()
    assert kept is not None
    assert np.array_equal(kept, before)


def test_a_stroke_under_way_is_whole_in_what_is_saved(driver: Driver, hand: Hand, tmp_path: Path) -> None:
    hand.click(100, 60, CONTROL)
    hand.press(40, 60)
    hand.move(50, 60)
    out = tmp_path / "saved.png"
    with driver.qtbot.waitSignal(driver.window.workspace.written):
        driver.window.workspace.save(out)
    history = driver.window.workspace.history
    assert history.count() == 1
    assert np.array_equal(read_picture(out).pixels, driver.document.pixels)
    hand.move(60, 60)
    hand.release(60, 60)
    settled(driver)
    assert history.count() == 2


def test_not_while_an_erase_is_made_from_these_pixels(driver: Driver, hand: Hand) -> None:
    hand.click(100, 60, CONTROL)
    driver.window.actions_.tool_rectangle.trigger()
    driver.stroke((10, 10), (30, 30))
    driver.window.actions_.erase.trigger()
    driver.window.actions_.tool_clone.trigger()
    before = driver.document.pixels.copy()
    hand.stroke((40, 60), (50, 64))
    assert np.array_equal(driver.document.pixels, before)
    assert driver.texts() == [NOT_WHILE_ERASING]
    driver.engine.finish()
    hand.stroke((40, 60), (50, 64))
    settled(driver)
    assert not np.array_equal(driver.document.pixels, before)


def test_an_erase_begun_during_a_stroke_takes_it_as_painted_so_far(driver: Driver, hand: Hand) -> None:
    driver.window.actions_.tool_rectangle.trigger()
    driver.stroke((10, 10), (30, 30))
    driver.window.actions_.tool_clone.trigger()
    hand.click(100, 60, CONTROL)
    hand.press(40, 60)
    hand.move(50, 60)
    driver.window.actions_.erase.trigger()
    assert np.array_equal(driver.engine.requests[0][0], driver.document.pixels)
    now = driver.document.pixels.copy()
    hand.move(60, 60)  # not while it runs
    hand.release(60, 60)
    assert np.array_equal(driver.document.pixels, now)
    driver.engine.finish()
    assert driver.window.workspace.history.count() == 3


def test_a_straight_line_from_the_last_stroke(driver: Driver, hand: Hand) -> None:
    before = driver.document.pixels.copy()
    hand.click(100, 20, CONTROL)
    hand.click(20, 20)
    hand.click(20, 80, SHIFT)
    settled(driver)
    changed = (driver.document.pixels != before).any(2)
    assert changed[20:80, 20].mean() > 0.95


def test_a_stroke_that_cannot_be_finished_is_taken_back(
    driver: Driver, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_stroke: RetouchStroke) -> None:
        raise MemoryError

    monkeypatch.setattr(RetouchStroke, "edit", fail)
    before = driver.document.pixels.copy()
    hand.click(100, 60, CONTROL)
    hand.stroke((40, 60), (50, 64))
    settled(driver)
    assert np.array_equal(driver.document.pixels, before)
    assert driver.texts() == [NO_MEMORY]
    assert driver.window.workspace.history.count() == 0


def test_another_picture_has_no_source_yet(driver: Driver, hand: Hand, photo: Path) -> None:
    hand.click(100, 60, CONTROL)
    driver.open(photo)
    assert driver.window.view.clone_source is None


def test_opacity_is_kept_and_shown(driver: Driver, hand: Hand) -> None:
    panel = driver.window.panel.tool
    assert not panel.opacity.isHidden()
    assert panel.source.accessibleName()
    panel.opacity.spin.setValue(40)
    assert driver.window.settings.get(settings.RETOUCH_OPACITY) == pytest.approx(0.4)
    driver.window.actions_.tool_brush.trigger()
    assert panel.opacity.isHidden()
    assert panel.source.isHidden()
