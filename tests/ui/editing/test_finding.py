from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt

from app.canvas.tools import Tool
from app.document.mask import Brush
from app.ui.editing.mask_menu import MASK_EMPTY
from app.ui.editing.search import HOW_TO_CHOOSE, HOW_TO_GROW, NO_MEMORY
from app.ui.support import settings
from app.ui.support.settings import Settings
from tests.ui.conftest import Driver


@pytest.fixture
def square(driver: Driver, tmp_path: Path) -> Driver:
    """A red square at (60, 40) to (100, 80) on grey, open in the window."""
    rgb = np.full((120, 160, 3), 90, np.uint8)
    rgb[40:80, 60:100] = (200, 30, 30)
    path = tmp_path / "square.png"
    Image.fromarray(rgb).save(path)
    driver.open(path)
    driver.window.view.set_brush(Brush(30.0))
    return driver


STROKE = ((70.0, 50.0), (90.0, 50.0), (90.0, 70.0), (70.0, 70.0))


def masked(driver: Driver) -> bool:
    return driver.document.masked


def find(driver: Driver) -> None:
    driver.window.actions_.tools[Tool.OBJECT].trigger()
    jobs = driver.window.editing.jobs
    driver.stroke(*STROKE)
    driver.qtbot.waitUntil(lambda: not jobs.busy)


def test_an_object_is_found_off_the_main_thread_and_kept_by_enter(square: Driver) -> None:
    shown: list[str] = []
    square.window.editing.jobs.activityChanged.connect(shown.append)
    find(square)
    assert shown == ["Finding the object… Esc cancels.", ""]
    assert not masked(square)
    square.qtbot.keyClick(square.window.view, Qt.Key.Key_Return)
    assert square.document.mask[60, 80] == 255
    assert square.document.mask[60, 104] == 0
    assert square.window.workspace.history.undoText() == "Object"
    square.window.actions_.undo.trigger()
    assert not masked(square)


def test_erasing_masks_what_was_found_first(square: Driver) -> None:
    find(square)
    assert not masked(square)
    square.window.actions_.erase.trigger()
    assert masked(square)
    assert square.window.workspace.history.count() == 1


def test_erasing_as_one_paints_begins_when_the_object_is_kept(square: Driver, store: Settings) -> None:
    store.set(settings.LIVE, True)
    find(square)
    assert not square.window.erasing.job.active
    square.qtbot.keyClick(square.window.view, Qt.Key.Key_Return)
    assert masked(square)


def test_the_search_can_be_cancelled(square: Driver) -> None:
    square.window.actions_.tools[Tool.OBJECT].trigger()
    square.stroke(*STROKE)
    do = square.window.actions_
    assert do.cancel.isEnabled()
    do.cancel.trigger()
    square.qtbot.waitUntil(lambda: not square.window.editing.jobs.busy)
    square.qtbot.keyClick(square.window.view, Qt.Key.Key_Return)
    assert not masked(square)


def test_a_search_that_fails_says_so(square: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise MemoryError

    monkeypatch.setattr("app.canvas.tools.object_selection.object_in", fail)
    find(square)
    assert square.texts() == [NO_MEMORY]


def test_the_mask_snaps_to_the_object_as_one_step(square: Driver) -> None:
    do, jobs = square.window.actions_, square.window.editing.jobs
    do.snap_mask.trigger()
    assert square.texts() == [MASK_EMPTY]
    square.stroke(*STROKE)
    assert square.document.mask[60, 102] == 255
    do.snap_mask.trigger()
    square.qtbot.waitUntil(lambda: not jobs.busy)
    assert square.document.mask[60, 80] == square.document.mask[42, 62] == 255
    assert square.document.mask[60, 104] == 0
    assert square.window.workspace.history.count() == 2


@pytest.fixture
def wires(driver: Driver, tmp_path: Path) -> Driver:
    """Two wires and a spot of dust on a soft sky, open in the window."""
    rgb = np.full((300, 400, 3), 120, np.uint8) + np.arange(300, dtype=np.uint8)[:, None, None] // 6
    rgb[60:62] = rgb[140:142] = 30
    rgb[220:226, 100:106] = 250
    path = tmp_path / "wires.png"
    Image.fromarray(rgb).save(path)
    driver.open(path)
    return driver


@pytest.mark.parametrize(
    ("name", "count", "spots"), [("wire", 2, [(61, 200), (141, 200)]), ("speck", 3, [(223, 103), (61, 200)])]
)
def test_what_is_found_is_offered_and_masked(
    wires: Driver, name: str, count: int, spots: list[tuple[int, int]]
) -> None:
    wires.window.actions_[f"find_{name}s"].trigger()
    wires.qtbot.waitUntil(lambda: bool(wires.posted))
    assert wires.texts() == [f"{count} {name}s were found. {HOW_TO_CHOOSE}"]
    assert not masked(wires)
    wires.qtbot.keyClick(wires.window.view, Qt.Key.Key_Return)
    assert all(wires.document.mask[spot] == 255 for spot in spots)
    assert wires.window.workspace.history.count() == 1


def test_nothing_found_is_said(square: Driver) -> None:
    square.window.actions_.find_specks.trigger()
    square.qtbot.waitUntil(lambda: bool(square.posted))
    assert square.texts() == ["No specks were found."]


def test_the_mask_grows_along_an_arrow(square: Driver) -> None:
    do, jobs = square.window.actions_, square.window.editing.jobs
    do.grow_towards.trigger()
    assert square.texts() == [MASK_EMPTY]
    square.stroke((40.0, 40.0), (50.0, 40.0))
    do.grow_towards.trigger()
    square.qtbot.waitUntil(lambda: not jobs.busy)
    assert square.texts()[-1] == HOW_TO_GROW
    square.stroke((40.0, 40.0), (40.0, 70.0), (40.0, 90.0))
    assert square.document.mask[85, 45] == 255
    assert square.window.workspace.history.undoText() == "Grow mask towards"


def test_a_line_is_followed_in_the_window(wires: Driver) -> None:
    wires.window.actions_.tools[Tool.LINE].trigger()
    jobs = wires.window.editing.jobs
    for x in (50.0, 350.0):
        wires.stroke((x, 61.0))
        wires.qtbot.waitUntil(lambda: not jobs.busy)
    wires.qtbot.keyClick(wires.window.view, Qt.Key.Key_Return)
    assert wires.document.mask[60, 200] == 255
    assert wires.document.mask[75, 200] == 0
