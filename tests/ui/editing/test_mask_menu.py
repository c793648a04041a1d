from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.ui.dialogs import questions
from app.ui.editing.mask_menu import MASK_EMPTY
from app.ui.support import settings
from app.ui.support.settings import Settings
from tests.ui.conftest import Driver


@pytest.fixture
def ready(driver: Driver, photo: Path) -> Driver:
    driver.open(photo)
    driver.stroke((60, 50), (90, 60))
    return driver


def ask(monkeypatch: pytest.MonkeyPatch, name: str, answer: object) -> list[tuple[object, ...]]:
    asked: list[tuple[object, ...]] = []

    def answered(*arguments: object) -> object:
        asked.append(arguments[1:])
        return answer

    monkeypatch.setattr(questions, name, answered)
    return asked


@pytest.mark.parametrize("name", ["fill_mask", "clear_mask", "invert_mask"])
def test_each_command_is_one_step(ready: Driver, name: str) -> None:
    mask = ready.document.mask.copy()
    ready.window.actions_[name].trigger()
    expected = {"fill_mask": np.full_like(mask, 255), "clear_mask": np.zeros_like(mask), "invert_mask": 255 - mask}
    assert np.array_equal(ready.document.mask, expected[name])
    assert ready.window.workspace.history.count() == 2
    ready.window.actions_.undo.trigger()
    assert np.array_equal(ready.document.mask, mask)


@pytest.mark.parametrize("name", ["grow_mask", "shrink_mask", "feather_mask"])
def test_pixels_are_asked_for_and_remembered(
    ready: Driver, monkeypatch: pytest.MonkeyPatch, store: Settings, name: str
) -> None:
    mask = ready.document.mask.copy()
    asked = ask(monkeypatch, "ask_pixels", 3)
    ready.window.actions_[name].trigger()
    assert not np.array_equal(ready.document.mask, mask)
    grown = int((ready.document.mask > 127).sum()) - int((mask > 127).sum())
    assert grown > 0 if name == "grow_mask" else name == "feather_mask" or grown < 0
    setting = settings.FEATHER if name == "feather_mask" else settings.GROW
    assert store.get(setting) == 3
    ready.window.actions_[name].trigger()
    assert [arguments[1] for arguments in asked] == [4, 3]
    ready.window.actions_.undo.trigger()
    ready.window.actions_.undo.trigger()
    assert np.array_equal(ready.document.mask, mask)


def test_nothing_is_asked_where_there_is_no_mask(driver: Driver, photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    driver.open(photo)
    asked = ask(monkeypatch, "ask_pixels", 3)
    driver.window.actions_.grow_mask.trigger()
    assert not asked
    assert driver.texts() == [MASK_EMPTY]
    driver.window.actions_.export_mask.trigger()
    assert driver.texts() == [MASK_EMPTY] * 2


def test_a_question_called_off_changes_nothing(ready: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    ask(monkeypatch, "ask_pixels", None)
    ready.window.actions_.shrink_mask.trigger()
    assert ready.window.workspace.history.count() == 1


def test_export_and_import_give_the_same_mask(ready: Driver, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path, mask = tmp_path / "mask.png", ready.document.mask.copy()
    ask(monkeypatch, "ask_save_mask", path)
    ready.window.actions_.export_mask.trigger()
    ready.qtbot.waitUntil(lambda: bool(ready.texts()))
    assert ready.texts() == ["The mask is in mask.png."]
    with Image.open(path) as written:
        assert written.mode == "L"
    ready.window.actions_.clear_mask.trigger()
    ask(monkeypatch, "ask_mask_file", path)
    asked = ask(monkeypatch, "ask_mask_mode", "replace")
    ready.window.actions_.import_mask.trigger()
    ready.qtbot.waitUntil(lambda: bool(ready.document.mask.any()))
    assert np.array_equal(ready.document.mask, mask)
    assert not asked, "same size, no mask before: nothing to ask"
    ready.window.actions_.undo.trigger()
    assert not ready.document.mask.any()


@pytest.mark.parametrize("how", ["replace", "add", "subtract", None])
def test_an_imported_mask_may_be_fitted_and_joined(
    ready: Driver, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, how: str | None
) -> None:
    path, mask = tmp_path / "half.png", ready.document.mask.copy()
    half = np.zeros((60, 80), np.uint8)  # half the picture's size
    half[:, :40] = 255
    Image.fromarray(half).save(path)
    ask(monkeypatch, "ask_mask_file", path)
    asked = ask(monkeypatch, "ask_mask_mode", how)
    ready.window.actions_.import_mask.trigger()
    ready.qtbot.waitUntil(lambda: bool(asked))
    assert asked == [("half.png", (80, 60), (160, 120), True)]
    found = ready.document.mask
    if how == "replace":
        assert found[10, 20] == 255
        assert found[55, 85] == 0
    elif how == "add":
        assert found[10, 20] == 255
        assert found[57, 85] == 255
    elif how == "subtract":
        assert found[52, 65] == 0
        assert found[57, 85] == 255
    else:
        assert np.array_equal(found, mask)


def test_a_file_that_is_no_picture_is_explained(ready: Driver, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "text.png"
    path.write_text("no picture")
    ask(monkeypatch, "ask_mask_file", path)
    ready.window.actions_.import_mask.trigger()
    ready.qtbot.waitUntil(lambda: bool(ready.texts()))
    assert "text.png" in ready.texts()[0]


def test_a_mask_for_another_picture_is_dropped(
    ready: Driver, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, photo: Path
) -> None:
    path = tmp_path / "mask.png"
    Image.fromarray(np.full((120, 160), 255, np.uint8)).save(path)
    ask(monkeypatch, "ask_mask_file", path)
    ready.window.files.menu.open_path(photo)
    ready.window.actions_.import_mask.trigger()
    with ready.qtbot.waitSignal(ready.window.files.menu.documentTaken):
        pass
    ready.window.services.background.settle()
    assert not ready.document.mask.any()
