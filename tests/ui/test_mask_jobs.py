from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app.document.selections import Selections
from app.ui import dialogs, mask_jobs
from tests.ui.conftest import Driver

NAMES = ["fill_mask", "invert_mask", "clear_mask", "grow_mask", "shrink_mask", "feather_mask"]


@pytest.fixture
def large(driver: Driver, photo: Path, monkeypatch: pytest.MonkeyPatch) -> Driver:
    """A picture that counts as a large one."""
    driver.open(photo)
    driver.stroke((60, 50), (90, 60))
    monkeypatch.setattr(mask_jobs, "AT_ONCE", 0)
    monkeypatch.setattr(dialogs, "ask_pixels", lambda *_arguments: 5)
    return driver


@pytest.mark.parametrize("name", NAMES)
def test_the_same_bytes_as_at_once_and_one_step(large: Driver, qtbot: QtBot, name: str) -> None:
    before = large.document.mask.copy()
    sheet = large.document.with_mask_copied()
    change = getattr(Selections, name)
    change(sheet, 5) if name in NAMES[3:] else change(sheet)
    jobs = large.window.mask_jobs
    with qtbot.waitSignal(jobs.busyChanged, check_params_cb=lambda busy: not busy):
        large.window.actions_[name].trigger()
        assert jobs.busy
        assert np.array_equal(large.document.mask, before)
    assert np.array_equal(large.document.mask, sheet.mask)
    assert large.window.workspace.history.count() == 2
    large.window.actions_.undo.trigger()
    assert np.array_equal(large.document.mask, before)
    large.window.actions_.redo.trigger()
    assert np.array_equal(large.document.mask, sheet.mask)


def test_cancelled_it_leaves_everything_as_it_was(large: Driver, qtbot: QtBot) -> None:
    before, window = large.document.mask.copy(), large.window
    window.actions_.fill_mask.trigger()
    window.actions_.cancel.trigger()
    assert not window.mask_jobs.busy
    window._background.wait()
    qtbot.wait(1)
    assert np.array_equal(large.document.mask, before)
    assert window.workspace.history.count() == 1
    assert window.actions_.undo.isEnabled()


def test_nothing_else_edits_meanwhile(large: Driver, qtbot: QtBot) -> None:
    window, before = large.window, large.document.mask.copy()
    with qtbot.waitSignal(window.mask_jobs.busyChanged, check_params_cb=lambda busy: not busy):
        window.actions_.invert_mask.trigger()
        assert not window.view.isEnabled()
        assert not window.actions_.erase.isEnabled()
        window.editing.undo()
        window.actions_.fill_mask.trigger()
        assert np.array_equal(large.document.mask, before)
    assert window.view.isEnabled()
    assert np.array_equal(large.document.mask, 255 - before)


def test_another_document_or_the_end_gives_it_up(large: Driver, photo: Path) -> None:
    window = large.window
    window.actions_.fill_mask.trigger()
    large.open(photo)
    assert not window.mask_jobs.busy
    assert not large.document.mask.any()
    assert window.workspace.history.count() == 0
    window.actions_.fill_mask.trigger()
    window.close()
    assert not window.mask_jobs.busy
