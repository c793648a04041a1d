"""The sample area in the window: painted, shown, kept in a session, used by an erase."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.canvas.tools import Tool
from app.document.editing import Mark
from app.document.mask import Brush
from app.engine.protocol import EraseDone, Patch
from app.ui.dialogs.questions import Unsaved
from app.ui.editing import MASK_EMPTY
from app.ui.editing.mask_menu import NO_SAMPLES
from app.ui.erasing.commands import SAMPLED_NAME
from app.ui.erasing.job import NOT_SAMPLED
from app.ui.support import settings
from tests.canvas.input_driver import ALT, Hand, shown
from tests.ui.conftest import Answers, Driver


@pytest.fixture
def hand(driver: Driver, photo: Path) -> Hand:
    driver.open(photo)
    driver.window.view.set_brush(Brush(16.0))
    QTest.keyClick(driver.window.view, Qt.Key.Key_A)
    assert driver.window.view.tool is Tool.SAMPLE
    return Hand(driver.window.view)


def finish(driver: Driver, *, sampled: bool) -> None:
    """End the run under way with a result that says whether it kept to the sample area."""
    number = driver.engine.current_id
    driver.engine.end_quietly()
    patch = Patch((10, 10, 30, 30), np.full((20, 20, 3), 7, np.uint8))
    driver.engine.finished.emit(EraseDone(number, (patch,), 1.0, sampled))


def test_it_is_painted_shown_and_undone(driver: Driver, hand: Hand) -> None:
    document, view = driver.document, driver.window.view
    before = shown(view, 60, 60)
    driver.window.settings.set(settings.LIVE, True)
    hand.stroke((50, 60), (80, 60))
    assert driver.engine.requests == [], "nothing is erased for it"
    assert document.samples[60, 60] == Mark.FROM
    assert not document.masked
    assert shown(view, 60, 60) != before
    driver.window.panel.tool.never.click()
    hand.stroke((100, 60), (120, 60))
    assert document.samples[60, 110] == Mark.NEVER
    hand.stroke((50, 60), (120, 60), keys=ALT)
    assert not document.samples.any()
    assert shown(view, 60, 60) == before
    history = driver.window.workspace.history
    assert [history.text(i) for i in range(3)] == ["Sample area", "Area never copied", "Sample area taken away"]
    for _ in range(2):
        driver.window.actions_.undo.trigger()
    assert document.samples[60, 60] == Mark.FROM
    assert not document.samples[60, 110]
    assert shown(view, 60, 60) != before


def test_an_erase_gets_it_and_its_step_says_so(driver: Driver, hand: Hand) -> None:
    hand.stroke((50, 60), (80, 60))
    driver.window.actions_.tool_rectangle.trigger()
    driver.stroke((10, 10), (30, 30))
    driver.window.actions_.erase.trigger()
    source = driver.engine.sources[-1]
    assert source is not None
    assert np.array_equal(source, np.where(driver.document.samples == Mark.FROM, 255, 0))
    finish(driver, sampled=True)
    assert driver.window.workspace.history.undoText() == SAMPLED_NAME
    driver.window.actions_.again.trigger()
    assert driver.engine.sources[-1] is not None
    finish(driver, sampled=False)
    assert driver.window.workspace.history.undoText() == "Erase"
    assert driver.texts() == [NOT_SAMPLED]
    driver.window.actions_.clear_samples.trigger()
    driver.window.actions_.again.trigger()
    assert driver.engine.sources[-1] is None


def test_a_selection_becomes_a_sample_area(driver: Driver, hand: Hand) -> None:
    do = driver.window.actions_
    for action, sentence in ((do.sample_masked, MASK_EMPTY), (do.clear_samples, NO_SAMPLES)):
        action.trigger()
        assert driver.texts()[-1] == sentence
    do.tool_rectangle.trigger()
    driver.stroke((10, 10), (30, 30))
    do.never_masked.trigger()
    assert driver.document.samples[20, 20] == Mark.NEVER
    assert not driver.document.masked
    do.undo.trigger()
    assert np.array_equal(np.unique(driver.document.mask), (0, 255))
    assert not driver.document.samples.any()


def test_a_session_keeps_it(driver: Driver, hand: Hand, answers: Answers, tmp_path: Path, photo: Path) -> None:
    hand.stroke((50, 60), (80, 60))
    marks = driver.document.samples.copy()
    path = tmp_path / "kept.moebius"
    with driver.qtbot.waitSignal(driver.window.workspace.written):
        driver.window.workspace.save_session(path)
    answers.unsaved = Unsaved.DISCARD
    driver.open(photo)
    assert driver.document.sample_source() is None
    driver.open(path)
    assert np.array_equal(driver.document.samples, marks)
    driver.window.actions_.undo.trigger()
    assert not driver.document.samples.any()
