"""After a crash: unsaved pictures are offered, and windows do not take each other's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QProcess
from pytestqt.qtbot import QtBot

from app.document.editing.document import Document
from app.document.formats.files import read_picture
from app.document.history.edits import Edit
from app.document.history.history import History
from app.document.session.folder import Folder
from app.document.session.journal import Journal, Snapshot
from app.document.session.unsaved_sessions import find_unsaved
from app.ui.dialogs import questions
from app.ui.editing.session_writer import unsaved_folder
from app.ui.sessions import recovery
from app.ui.sessions.recovery_dialog import RecoveryDialog
from app.ui.window.main_window import MainWindow
from tests.ui.conftest import Driver


def crashed(photo: Path, name: str, *, unsaved: bool = True) -> tuple[Document, Journal]:
    """A picture as a program that was killed leaves it."""
    path = photo.with_name(name)
    if not path.exists():
        Image.open(photo).save(path)
    picture = read_picture(path)
    document, history = Document(picture), History()
    journal = Journal(Folder.create(unsaved_folder()))
    journal.begin(picture, path, Snapshot((), 0, name=name, unsaved=unsaved, path=str(path)))
    edit: Edit | None = document.fill_box((10, 20, 60, 70))
    assert edit is not None
    history.push(edit)
    now = Snapshot(tuple(history.steps), 1, name=name, unsaved=unsaved, path=str(path))
    journal.update(now)
    journal.write_thumbnail(picture)
    return document, journal


def offered(driver: Driver) -> RecoveryDialog:
    driver.window.sessions.recovery.begin()
    driver.qtbot.waitUntil(lambda: driver.window.sessions.recovery.dialog is not None)
    dialog = driver.window.sessions.recovery.dialog
    assert dialog is not None
    return dialog


def test_what_was_not_saved_is_offered_and_comes_back(driver: Driver, photo: Path) -> None:
    document, journal = crashed(photo, "lost.png")
    _, other = crashed(photo, "saved.png", unsaved=False)
    journal.release()
    other.release()
    dialog = offered(driver)
    assert dialog.list.count() == 1
    assert dialog.list.item(0).text().startswith("lost.png\n")
    assert "1 step" in dialog.list.item(0).text()
    assert not dialog.list.item(0).icon().isNull()
    assert not other.path.exists(), "it was saved"
    with driver.qtbot.waitSignal(driver.window.files.menu.documentTaken):
        dialog.restore.click()
    assert np.array_equal(driver.document.mask, document.mask)
    assert driver.window.workspace.name == "lost.png"
    assert driver.window.isWindowModified()
    assert driver.window.workspace.history.undoText() == "Rectangle"
    assert driver.document.picture.path == photo.with_name("lost.png")
    driver.window.workspace.session_writer._background.settle()
    assert [path.name for path in unsaved_folder().iterdir()] == [journal.path.name], "it goes on in the same folder"


def test_later_keeps_and_discard_removes(driver: Driver, photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(questions, "ask_discard", lambda *_: True)
    for name in ("a.png", "b.png"):
        crashed(photo, name)[1].release()
    dialog = offered(driver)
    assert dialog.restore_all.isVisible()
    dialog.later.click()
    assert driver.window.sessions.recovery.dialog is None
    dialog = offered(driver)
    assert dialog.list.count() == 2
    dialog.discard.click()
    assert dialog.list.count() == 1
    driver.window.services.background.settle()
    dialog.later.click()
    assert len(list(unsaved_folder().iterdir())) == 1


def test_all_are_restored_one_to_a_window(driver: Driver, photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []

    def start(_program: str, arguments: list[str], _folder: str) -> tuple[bool, int]:
        started.append(arguments)
        return True, 1

    monkeypatch.setattr(QProcess, "startDetached", start)
    for name in ("a.png", "b.png", "c.png"):
        crashed(photo, name)[1].release()
    dialog = offered(driver)
    with driver.qtbot.waitSignal(driver.window.files.menu.documentTaken):
        dialog.restore_all.click()
    assert [arguments[-2] for arguments in started] == ["--recover", "--recover"]
    here = driver.window.workspace.name
    rest = find_unsaved(unsaved_folder())
    assert {arguments[-1] for arguments in started} == {lost.folder.path.name for lost in rest}
    assert {here, *(lost.state.name for lost in rest)} == {"a.png", "b.png", "c.png"}
    for lost in rest:
        lost.folder.release()


def test_a_window_can_be_started_for_one(driver: Driver, photo: Path) -> None:
    document, journal = crashed(photo, "lost.png")
    journal.release()
    with driver.qtbot.waitSignal(driver.window.files.menu.documentTaken):
        driver.window.sessions.start(journal.path.name)
    assert np.array_equal(driver.document.mask, document.mask)
    assert recovery.restart("--recover", "x")[1][-2:] == ["--recover", "x"]


def test_nothing_is_taken_from_a_program_that_runs(driver: Driver, photo: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from app.document.session.folder import Folder\n"
        "folder = Folder.take(Path(sys.argv[1])); assert folder is not None\n"
        "print('held', flush=True); sys.stdin.read()"
    )
    _, journal = crashed(photo, "lost.png")
    journal.release()
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(journal.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ
    )
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        assert find_unsaved(unsaved_folder()) == []
    finally:
        other.kill()
        other.wait()
        for pipe in (other.stdin, other.stdout):
            if pipe is not None:
                pipe.close()
    (lost,) = find_unsaved(unsaved_folder())
    lost.folder.release()


def test_without_anything_lost_nothing_is_asked(driver: Driver) -> None:
    with driver.qtbot.waitSignal(driver.window.sessions.recovery.closed):
        driver.window.sessions.recovery.begin()
    driver.window.actions_.recover.trigger()
    driver.qtbot.waitUntil(lambda: recovery.NOTHING in driver.texts())


def test_the_newest_stay_and_the_old_expire(qtbot: QtBot, photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.document.session import unsaved_sessions

    for name in ("a.png", "b.png"):
        crashed(photo, name)[1].release()
    monkeypatch.setattr(unsaved_sessions, "MOST_BYTES", 1)
    kept = find_unsaved(unsaved_folder())
    assert len(kept) == 2, "those of the last days stay whatever they take"
    for lost in kept:
        lost.folder.release()
    monkeypatch.setattr(unsaved_sessions, "_SAFE_DAYS", -1)
    monkeypatch.setattr(unsaved_sessions, "MOST_BYTES", kept[0].nbytes)
    (newest,) = find_unsaved(unsaved_folder())
    assert newest.state.time == max(lost.state.time for lost in kept)
    newest.folder.release()
    monkeypatch.setattr(unsaved_sessions, "EXPIRE_DAYS", -1)
    assert find_unsaved(unsaved_folder()) == []
    assert not list(unsaved_folder().iterdir())


def test_the_window_holds_its_own(driver: Driver, photo: Path) -> None:
    window: MainWindow = driver.window
    driver.open(photo)
    window.workspace.session_writer._background.settle()
    assert len(list(unsaved_folder().iterdir())) == 1
    window.close()
    driver.qtbot.waitUntil(lambda: not window.isVisible())
    assert not list(unsaved_folder().iterdir())
