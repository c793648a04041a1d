"""Session files and autosave as the window does them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from app.document.session.unsaved_sessions import find_unsaved
from app.ui.dialogs.questions import Unsaved
from app.ui.editing.session_writer import Cancelled, unsaved_folder
from app.ui.support import settings
from app.ui.support.settings import Settings
from tests.ui.conftest import Answers, Driver


def erase(driver: Driver) -> None:
    driver.stroke((60, 50), (90, 60))
    driver.window.actions_.erase.trigger()
    driver.engine.finish()


def save_session(driver: Driver) -> Path:
    with driver.qtbot.waitSignal(driver.window.workspace.written) as written:
        driver.window.actions_.save_session.trigger()
    return Path(written.args[0])


def settle(driver: Driver) -> None:
    """Everything is on disk."""
    driver.window.sessions.autosave.save_now()
    driver.window.workspace.session_writer._background.settle()


def kept_state() -> dict[str, Any]:
    (folder,) = [path for path in unsaved_folder().iterdir() if path.is_dir()]
    state = json.loads((folder / "state.json").read_bytes())
    assert isinstance(state, dict)
    return state


def test_a_session_comes_back_with_mask_history_and_view(
    driver: Driver, photo: Path, answers: Answers, tmp_path: Path
) -> None:
    window = driver.window
    driver.open(photo)
    erase(driver)
    driver.stroke((20, 20), (40, 90))
    driver.stroke((100, 20), (110, 90))
    window.editing.undo.undo()
    window.view.set_zoom(3.0)
    before = window.workspace.history
    pixels, mask = driver.document.pixels.copy(), driver.document.mask.copy()
    names, index = [before.text(n) for n in range(before.count())], before.index()
    answers.path = tmp_path / "work.moebius"
    assert save_session(driver) == answers.path
    assert window.windowTitle() == "work.moebius[*] – Moebius"
    assert not window.isWindowModified()
    driver.open(photo)
    driver.open(answers.path)
    assert answers.asked == ["save_session"], "nothing was unsaved"
    history = window.workspace.history
    assert np.array_equal(driver.document.pixels, pixels)
    assert np.array_equal(driver.document.mask, mask)
    assert [history.text(n) for n in range(history.count())] == names
    assert history.index() == index
    assert window.view.zoom == pytest.approx(3.0)
    assert window.view.has_before
    assert not window.isWindowModified()
    window.editing.undo.go_to(0)
    driver.qtbot.waitUntil(lambda: history.index() == 0 and not window.editing.jobs.busy)
    with Image.open(photo) as image:
        original = np.asarray(image)
    assert np.array_equal(driver.document.pixels, original)
    assert not driver.document.mask.any()
    assert str(answers.path) in [action.text() for action in window.actions_.recent.actions()]


def test_saving_goes_to_the_session_and_save_as_back_to_a_picture(
    driver: Driver, photo: Path, answers: Answers, tmp_path: Path
) -> None:
    window = driver.window
    driver.open(photo)
    bytes_before = photo.read_bytes()
    answers.path = tmp_path / "work.moebius"
    save_session(driver)
    driver.stroke((20, 20), (40, 90))
    assert window.isWindowModified(), "a session holds the mask"
    with driver.qtbot.waitSignal(window.workspace.written):
        window.actions_.save.trigger()
    assert not window.isWindowModified()
    assert photo.read_bytes() == bytes_before
    answers.path = tmp_path / "out.png"
    with driver.qtbot.waitSignal(window.workspace.written):
        window.actions_.save_as.trigger()
    assert window.windowTitle() == "out.png[*] – Moebius"
    driver.stroke((80, 20), (90, 90))
    assert not window.isWindowModified(), "a picture does not"


def test_closing_offers_to_save_the_session(driver: Driver, photo: Path, answers: Answers, tmp_path: Path) -> None:
    driver.open(photo)
    erase(driver)
    answers.unsaved, answers.path = Unsaved.SESSION, tmp_path / "work.moebius"
    driver.window.close()
    driver.qtbot.waitUntil(lambda: not driver.window.isVisible())
    assert answers.asked == ["unsaved", "save_session"]
    assert answers.path.exists()
    assert not list(unsaved_folder().glob("*/state.json")), "saved, so nothing is kept"


def test_saving_can_be_cancelled(
    driver: Driver, photo: Path, answers: Answers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cancelled(*_arguments: object) -> None:
        raise Cancelled

    driver.open(photo)
    answers.path = tmp_path / "work.moebius"
    monkeypatch.setattr("app.ui.editing.session_writer.save_session", cancelled)
    with driver.qtbot.waitSignal(driver.window.workspace.writingFailed):
        driver.window.actions_.save_session.trigger()
        assert driver.window.actions_.cancel.isEnabled()
        driver.window.actions_.cancel.trigger()
    assert "cancelled" in driver.texts()[-1]
    assert not answers.path.exists()
    assert not driver.window.actions_.cancel.isEnabled()


def test_a_damaged_session_is_a_sentence(driver: Driver, tmp_path: Path) -> None:
    path = tmp_path / "bad.moebius"
    path.write_bytes(b"PK\x05\x06 nothing of worth")
    driver.window.files.menu.open_path(path)
    driver.qtbot.waitUntil(lambda: bool(driver.posted))
    assert "bad.moebius" in driver.texts()[-1]
    assert not list(unsaved_folder().glob("*"))


def waiting(driver: Driver) -> float | None:
    return driver.window.workspace.session_writer.waiting


def test_changes_are_kept_after_the_interval(driver: Driver, photo: Path, store: Settings) -> None:
    session_writer = driver.window.workspace.session_writer
    driver.open(photo)
    assert waiting(driver) is None
    driver.stroke((20, 20), (40, 90))
    assert waiting(driver) == 30
    store.set(settings.AUTOSAVE_SECONDS, 60)
    assert waiting(driver) == 60
    driver.stroke((60, 20), (70, 90))
    session_writer._write_waiting()  # as the timer does
    session_writer._background.settle()
    state = kept_state()
    assert state["here"]["unsaved"] is True
    assert len(state["steps"]) == 2
    driver.window.editing.undo.go_to(0)
    assert waiting(driver) == 60
    settle(driver)
    assert kept_state()["here"]["unsaved"] is False


def test_it_is_written_while_the_window_hangs(driver: Driver, photo: Path, store: Settings) -> None:
    session_writer = driver.window.workspace.session_writer
    driver.open(photo)
    driver.stroke((20, 20), (40, 90))
    timer = session_writer._timer
    assert timer is not None
    session_writer.forget_waiting()
    timer.join()
    session_writer.hand_over(driver.window.workspace.snapshot, 0.01)
    timer = session_writer._timer
    assert timer is not None
    timer.join()  # this thread does nothing meanwhile
    session_writer._background._pool.waitForDone()
    assert kept_state()["here"]["unsaved"] is True


def test_autosave_can_be_switched_off(driver: Driver, photo: Path, store: Settings) -> None:
    driver.open(photo)
    driver.stroke((20, 20), (40, 90))
    store.set(settings.AUTOSAVE, False)
    assert waiting(driver) is None
    driver.stroke((60, 20), (70, 90))
    assert waiting(driver) is None
    store.set(settings.AUTOSAVE, True)
    assert waiting(driver) == 30


def test_a_saved_picture_is_not_offered(driver: Driver, photo: Path) -> None:
    driver.open(photo)
    erase(driver)
    settle(driver)
    assert kept_state()["here"]["unsaved"] is True
    with driver.qtbot.waitSignal(driver.window.workspace.written):
        driver.window.actions_.save.trigger()
    driver.qtbot.waitUntil(lambda: kept_state()["here"]["unsaved"] is False)


def test_work_that_cannot_be_kept_is_told_once(driver: Driver, photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    driver.open(photo)
    settle(driver)
    full = OSError(28, "No space left on device")

    def no_room(*_arguments: object) -> int:
        raise full

    with monkeypatch.context() as patched:
        patched.setattr("app.document.session.journal.write_edit", no_room)
        for _ in range(2):
            driver.stroke((20, 20), (40, 90))
            with driver.qtbot.waitSignal(driver.window.workspace.session_writer.failed):
                driver.window.sessions.autosave.save_now()
    told = [text for text in driver.texts() if "No space left" in text]
    assert len(told) == 1
    assert driver.window.workspace.session_writer.waiting == 30, "it is tried again"
    settle(driver)
    assert find_unsaved(unsaved_folder()) == [], "it is this window's own"
