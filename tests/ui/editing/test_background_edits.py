from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.canvas.tools.base import Tool
from app.document.editing.selections import Selections
from app.ui.dialogs import questions
from app.ui.editing import background_edits
from app.ui.editing.undo_history import UNREADABLE
from tests.ui.conftest import Driver
from tests.ui.erasing.test_candidates import COLOURS, answer

NAMES = ["fill_mask", "invert_mask", "clear_mask", "grow_mask", "shrink_mask", "feather_mask"]


@pytest.fixture
def large(driver: Driver, photo: Path, monkeypatch: pytest.MonkeyPatch) -> Driver:
    """A picture that counts as a large one."""
    driver.open(photo)
    driver.stroke((60, 50), (90, 60))
    monkeypatch.setattr(background_edits, "AT_ONCE", 0)
    monkeypatch.setattr(questions, "ask_pixels", lambda *_arguments: 5)
    return driver


@pytest.mark.parametrize("name", NAMES)
def test_the_same_bytes_as_at_once_and_one_step(large: Driver, qtbot: QtBot, name: str) -> None:
    before = large.document.mask.copy()
    sheet = large.document.with_mask_copied()
    change = getattr(Selections, name)
    change(sheet, 5) if name in NAMES[3:] else change(sheet)
    jobs = large.window.editing.jobs
    with qtbot.waitSignal(jobs.busyChanged, check_params_cb=lambda busy: not busy):
        large.window.actions_[name].trigger()
        assert jobs.busy
        assert np.array_equal(large.document.mask, before)
    assert np.array_equal(large.document.mask, sheet.mask)
    assert large.window.workspace.history.count() == 2
    large.window.actions_.undo.trigger()
    idle(large, qtbot)
    assert np.array_equal(large.document.mask, before)
    large.window.actions_.redo.trigger()
    idle(large, qtbot)
    assert np.array_equal(large.document.mask, sheet.mask)


def test_cancelled_it_leaves_everything_as_it_was(large: Driver) -> None:
    before, window = large.document.mask.copy(), large.window
    window.actions_.fill_mask.trigger()
    window.actions_.cancel.trigger()
    assert not window.editing.jobs.busy
    window.editing.jobs._background.settle()
    assert np.array_equal(large.document.mask, before)
    assert window.workspace.history.count() == 1
    assert window.actions_.undo.isEnabled()


def test_nothing_else_edits_meanwhile(large: Driver, qtbot: QtBot) -> None:
    window, before = large.window, large.document.mask.copy()
    with qtbot.waitSignal(window.editing.jobs.busyChanged, check_params_cb=lambda busy: not busy):
        window.actions_.invert_mask.trigger()
        assert not window.actions_.erase.isEnabled()
        window.editing.undo.undo()
        window.actions_.fill_mask.trigger()
        assert np.array_equal(large.document.mask, before)
    assert np.array_equal(large.document.mask, 255 - before)


def test_another_document_or_the_end_gives_it_up(large: Driver, photo: Path) -> None:
    window = large.window
    window.actions_.fill_mask.trigger()
    large.open(photo)
    assert not window.editing.jobs.busy
    assert not large.document.mask.any()
    assert window.workspace.history.count() == 0
    window.actions_.fill_mask.trigger()
    window.close()
    assert not window.editing.jobs.busy


def idle(large: Driver, qtbot: QtBot) -> None:
    """Wait until nothing is worked out or laid on, and what the hand did meanwhile is done."""
    qtbot.waitUntil(lambda: not large.window.editing.jobs.busy and not large.window.view._deferred.waiting)


def test_a_stroke_painted_meanwhile_follows(large: Driver, qtbot: QtBot) -> None:
    window = large.window
    window.actions_.clear_mask.trigger()
    before = large.document.mask.copy()
    large.stroke((20, 100), (40, 100))
    assert np.array_equal(large.document.mask, before)
    assert not large.document.stroking
    idle(large, qtbot)
    assert large.document.mask[100, 30] == 255
    assert large.document.mask[52, 70] == 0
    assert window.workspace.history.count() == 3


def test_another_document_forgets_what_the_hand_did(large: Driver, qtbot: QtBot, photo: Path) -> None:
    large.window.actions_.fill_mask.trigger()
    large.stroke((20, 100), (40, 100))
    large.open(photo)
    idle(large, qtbot)
    assert not large.document.mask.any()


def test_similar_colours_are_worked_out_like_other_changes(large: Driver, qtbot: QtBot) -> None:
    window = large.window
    sheet = large.document.with_mask_copied()
    window.view.set_tool(Tool.SIMILAR)
    window.view.set_similar(90, False)
    at = window.view.to_widget(100.5, 20.5)
    sheet.select_similar(100.5, 20.5, 90, False)
    QTest.mouseClick(window.view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at.toPoint())
    assert window.editing.jobs.busy
    idle(large, qtbot)
    assert np.array_equal(large.document.mask, sheet.mask)
    assert window.workspace.history.count() == 2


def test_an_erase_begins_and_ends_like_a_small_one(large: Driver, qtbot: QtBot) -> None:
    window, pixels, mask = large.window, large.document.pixels.copy(), large.document.mask.copy()
    window.actions_.erase.trigger()
    assert window.editing.jobs.busy
    assert not large.engine.requests
    idle(large, qtbot)
    rgb, used, _ = large.engine.requests[0]
    assert np.array_equal(rgb, pixels)
    assert np.array_equal(used, mask)
    answer(large, COLOURS[0])
    assert window.editing.jobs.busy
    assert not window.actions_.undo.isEnabled()
    window.actions_.cancel.trigger()
    assert np.array_equal(large.document.pixels, pixels)
    large.stroke((20, 100), (40, 100))
    idle(large, qtbot)
    assert tuple(large.document.pixels[55, 75]) == COLOURS[0]
    assert window.view.has_before
    assert large.document.mask[100, 30] == 255
    window.actions_.undo.trigger()
    window.actions_.undo.trigger()
    idle(large, qtbot)
    assert np.array_equal(large.document.pixels, pixels)
    assert np.array_equal(large.document.mask, mask)


def test_the_start_of_an_erase_can_be_cancelled(large: Driver) -> None:
    window = large.window
    window.actions_.erase.trigger()
    window.actions_.cancel.trigger()
    window.editing.jobs._background.settle()
    assert not large.engine.requests
    assert not window.erasing.job.active
    assert window.actions_.erase.isEnabled()


def test_a_result_waits_for_the_change_under_way(large: Driver, qtbot: QtBot) -> None:
    window = large.window
    window.actions_.erase.trigger()
    idle(large, qtbot)
    window.actions_.invert_mask.trigger()
    answer(large, COLOURS[1])
    qtbot.waitUntil(lambda: window.workspace.history.count() == 3)
    idle(large, qtbot)
    assert tuple(large.document.pixels[55, 75]) == COLOURS[1]
    assert "Erase" in window.workspace.history.undoText()


def test_what_is_saved_holds_the_result_that_is_being_put_in(large: Driver, qtbot: QtBot) -> None:
    window = large.window
    window.actions_.erase.trigger()
    idle(large, qtbot)
    answer(large, COLOURS[2])
    assert tuple(large.document.pixels[55, 75]) != COLOURS[2]
    window.erasing.commands.settle()
    assert not window.editing.jobs.busy
    assert tuple(large.document.pixels[55, 75]) == COLOURS[2]
    assert window.workspace.history.unsaved


def test_saving_is_still_shown_when_a_change_ends(large: Driver, qtbot: QtBot) -> None:
    window = large.window
    window.status.show_file_work("Saving photo.png…")
    window.actions_.fill_mask.trigger()
    assert "Filling the mask" in window.status.activity.text()
    idle(large, qtbot)
    assert window.status.activity.text().startswith("Saving photo.png…")
    assert "Filling" not in window.status.activity.text()


def test_steps_asked_for_while_others_are_taken_follow(large: Driver, qtbot: QtBot) -> None:
    window = large.window
    painted = large.document.mask.copy()
    window.actions_.invert_mask.trigger()
    idle(large, qtbot)
    inverted = large.document.mask.copy()
    for _ in range(2):
        window.actions_.undo.trigger()
        assert window.editing.jobs.stepping
        assert window.actions_.undo.isEnabled()
    window.actions_.redo.trigger()
    assert not window.actions_.erase.isEnabled()
    idle(large, qtbot)
    assert window.workspace.history.index() == 1
    assert np.array_equal(large.document.mask, painted)
    window.contents.history.chosen.emit(2)
    large.stroke((60, 50), (90, 60))  # comes after it
    idle(large, qtbot)
    assert window.workspace.history.count() == 3
    window.actions_.undo.trigger()
    idle(large, qtbot)
    assert np.array_equal(large.document.mask, inverted)
    assert not window.actions_.cancel.isEnabled()


def test_what_is_saved_is_what_the_steps_under_way_lead_to(large: Driver, qtbot: QtBot) -> None:
    window = large.window
    window.actions_.undo.trigger()
    assert window.editing.jobs.stepping
    changing = [large.document.changing]
    window.actions_.cancel.trigger()  # half a step would be none
    window.erasing.commands.settle()
    assert not window.editing.jobs.busy
    changing.append(large.document.changing)
    assert changing == [True, False]
    assert not large.document.mask.any()
    assert window.workspace.history.index() == 0
    window.actions_.redo.trigger()
    window.actions_.undo.trigger()
    window.erasing.commands.settle()
    assert (window.editing.jobs.busy, window.workspace.history.index()) == (False, 0)


def test_a_step_that_cannot_be_read_back_is_told(large: Driver, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    window = large.window
    before = large.document.mask.copy()
    window.actions_.invert_mask.trigger()
    idle(large, qtbot)

    def unreadable(*_arguments: object) -> None:
        raise OSError("gone")

    first = window.workspace.history.command(0).edit
    monkeypatch.setattr(type(first), "undo", lambda edit, doc: unreadable() if edit is first else edit.redo(doc))
    edit = window.workspace.history.command(1).edit
    for part in edit.parts:
        part.before, part.after = part.after, part.before
    window.contents.history.chosen.emit(0)
    idle(large, qtbot)
    assert window.workspace.history.index() == 1
    assert np.array_equal(large.document.mask, before)
    assert large.texts() == [UNREADABLE]


@pytest.mark.parametrize("tool", [Tool.LASSO, Tool.RECTANGLE])
def test_areas_are_filled_like_other_changes(large: Driver, qtbot: QtBot, tool: Tool) -> None:
    window = large.window
    before = large.document.mask.copy()
    window.view.set_tool(tool)
    large.stroke((20, 80), (20, 110), (50, 110))
    window.view.set_tool(Tool.ERASER)
    large.stroke((5, 100), (15, 100))
    assert np.array_equal(large.document.mask, before)
    idle(large, qtbot)
    assert window.workspace.history.text(1) == tool.value
    assert large.document.mask[85, 45] == (0 if tool is Tool.LASSO else 255)
    assert large.document.mask[105, 24] == 255
    window.actions_.undo.trigger()
    idle(large, qtbot)
    assert np.array_equal(large.document.mask, before)
