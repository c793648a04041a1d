"""Undo as the window sees it: signals, the picture kept up, old steps on disk."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app.document.editing.document import Document
from app.document.history.edits import Edit
from app.document.pixels.boxes import EMPTY, Box, union
from app.document.pixels.picture import Picture
from app.ui.editing.undo_history import History
from app.ui.support.background import Background
from tests.document.patches import Patch


def _document() -> Document:
    return Document(Picture(np.random.default_rng(1).integers(0, 256, (300, 400, 3), dtype=np.uint8)))


def _result(doc: Document, seed: int) -> Edit:
    rgb = np.random.default_rng(100 + seed).integers(0, 256, (300, 400, 3), dtype=np.uint8)
    edit = doc.apply_result([Patch((0, 0, 400, 300), rgb)], doc.mask.copy())
    assert edit is not None
    return edit


class Screen:
    """What was asked to be drawn again."""

    def __init__(self) -> None:
        self.box = EMPTY

    def __call__(self, boxes: Iterable[Box]) -> None:
        for box in boxes:
            self.box = union(self.box, box)


@pytest.fixture
def background(qtbot: QtBot) -> Iterable[Background]:
    background = Background()
    yield background
    background.wait()


def test_the_window_is_told_of_every_step(qtbot: QtBot, tmp_path: Path) -> None:
    doc, screen, history = _document(), Screen(), History(folder=tmp_path)
    told: list[int] = []
    history.indexChanged.connect(told.append)
    assert (history.undoText(), history.redoText(), history.canUndo(), history.canRedo()) == ("", "", False, False)
    history.undo()
    history.redo()
    for edit in (doc.fill_box((10, 20, 30, 40)), doc.invert_mask(), _result(doc, 1)):
        assert edit is not None
        history.push(edit, doc, screen)
    assert told == [1, 2, 3]
    assert screen.box == EMPTY
    assert [history.text(i) for i in range(history.count())] == ["Rectangle", "Invert mask", "Erase"]
    saved = history.pixel_version
    history.saved_version = saved
    history.undo()
    assert (history.undoText(), history.redoText(), history.unsaved) == ("Invert mask", "Erase", True)
    history.undo()
    screen.box = EMPTY
    history.undo()
    assert screen.box == (10, 20, 30, 40)
    history.go_to(3)
    assert (history.index(), history.unsaved, history.pixel_version) == (3, False, saved)
    assert told == [1, 2, 3, 2, 1, 0, 3]
    history.start_over()
    assert (history.count(), history.index(), history.unsaved, told[-1]) == (0, 0, False, 0)


def test_old_steps_are_written_by_another_thread(qtbot: QtBot, background: Background, tmp_path: Path) -> None:
    doc, screen = _document(), Screen()
    history = History(None, background.run, tmp_path)
    states = [doc.pixels.copy()]
    for seed in range(4):
        history.push(_result(doc, seed), doc, screen)
        states.append(doc.pixels.copy())
    with qtbot.waitSignal(history.memoryChanged, check_params_cb=lambda: history.disk_nbytes > 0):
        history.budget = 1_600_000
    qtbot.waitUntil(lambda: history.nbytes <= history.budget)
    assert history.command(0).on_disk
    for index in (0, 4, 1):
        history.go_to(index)
        np.testing.assert_array_equal(doc.pixels, states[index])
    assert screen.box == (0, 0, 400, 300)
    history.start_over()
    background.wait()
    assert list(tmp_path.iterdir()) == []


def test_forgotten_steps_are_told(qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "history").write_bytes(b"")  # no folder can be made here: nothing can be written
    doc, history = _document(), History(folder=tmp_path / "history")
    for seed in range(4):
        history.push(_result(doc, seed), doc, Screen())
    with qtbot.waitSignal(history.indexChanged):
        history.budget = 800_000
    assert history.index() == history.count() == 1


def test_a_step_that_is_gone_from_the_disk_is_said_and_changes_nothing(qtbot: QtBot, tmp_path: Path) -> None:
    doc, screen, history = _document(), Screen(), History(folder=tmp_path)
    for seed in range(3):
        history.push(_result(doc, seed), doc, screen)
    history.budget = 0
    for path in tmp_path.rglob("*.step"):
        path.unlink()
    with qtbot.waitSignal(history.failed) as said:
        history.go_to(0)
    assert said.args is not None
    assert "cannot be read back" in said.args[0]
    assert history.index() == 2  # the newest was in memory
    assert screen.box == (0, 0, 400, 300)
    history.close()
    assert list(tmp_path.iterdir()) == []
