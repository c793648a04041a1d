from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from PySide6.QtWidgets import QDialog

from app.document.errors import DocumentError
from app.document.formats.files import SAVE_FORMATS, write_picture
from app.document.pixels.picture import Picture
from app.ui.dialogs.export import ExportDialog
from app.ui.dialogs.questions import Unsaved
from app.ui.editing import workspace
from app.ui.files import file_menu
from app.ui.support import settings
from app.ui.support.settings import Settings
from tests.ui.conftest import Answers, Driver


def erase(driver: Driver) -> None:
    driver.stroke((60, 50), (90, 60))
    driver.window.actions_.erase.trigger()
    driver.engine.finish()


def read(path: Path) -> NDArray[np.uint8]:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def test_before_a_picture_is_open(driver: Driver) -> None:
    window = driver.window
    assert window.contents.stack.currentWidget() is window.contents.welcome
    assert not window.actions_.erase.isEnabled()
    assert not window.actions_.save.isEnabled()
    assert not window.panel.erase_bar.button.isEnabled()
    assert window.status.picture_size.text() == "No picture"


def test_opening_shows_the_picture_and_a_hint(driver: Driver, photo: Path, answers: Answers) -> None:
    answers.path = photo
    window = driver.window
    with driver.qtbot.waitSignal(window.files.menu.documentTaken):
        window.actions_.open.trigger()
    assert window.contents.stack.currentWidget() is window.view
    assert window.status.picture_size.text() == "160 × 120 px"
    assert window.windowTitle() == "photo.png[*] – Moebius"
    assert window.contents.hint.isVisible()
    assert window.view.brush.size == 9, "40 px at a short side of 512"
    driver.stroke((30, 30), (40, 40))
    assert not window.contents.hint.isVisible()


def test_the_hint_can_be_sent_away_for_good(driver: Driver, photo: Path, store: Settings) -> None:
    driver.open(photo)
    driver.window.contents.hint.close_button.click()
    assert store.get(settings.HINT_SEEN)
    driver.open(photo)
    assert not driver.window.contents.hint.isVisible()


def test_a_sample_is_not_written_back(driver: Driver, answers: Answers, tmp_path: Path) -> None:
    window = driver.window
    sample, button = next(iter(window.contents.welcome.samples.items()))
    driver.qtbot.waitUntil(lambda: not button.icon().isNull())
    with driver.qtbot.waitSignal(window.files.menu.documentTaken):
        button.click()
    assert driver.document.picture.path is None
    assert window.workspace.name == sample.name
    answers.path = tmp_path / "mine.png"
    with driver.qtbot.waitSignal(window.workspace.written):
        window.actions_.save.trigger()
    assert answers.asked == ["save"]
    assert driver.document.picture.path == answers.path


@pytest.mark.parametrize("kind", ["missing", "text"])
def test_a_file_that_cannot_be_read_is_a_sentence(driver: Driver, photo: Path, tmp_path: Path, kind: str) -> None:
    driver.open(photo)
    document = driver.document
    path = tmp_path / "bad.jpg"
    if kind == "text":
        path.write_text("not a picture")
    with driver.qtbot.waitSignal(driver.window.messages.posted):
        driver.window.files.menu.open_path(path)
    assert "bad.jpg" in driver.texts()[0]
    assert driver.window.workspace.document is document, "the picture that is open stays"
    assert driver.window.status.activity.text() == "Ready"


def test_of_two_pictures_opened_at_once_the_later_one_counts(driver: Driver, photo: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.png"
    Image.new("RGB", (50, 40)).save(other)
    with driver.qtbot.waitSignal(driver.window.files.menu.documentTaken):
        driver.window.files.menu.open_path(photo)
        driver.window.files.menu.open_path(other)
    driver.window.services.background.settle()
    assert driver.window.workspace.name == "other.png"


def test_dropping_files_opens_the_first(driver: Driver, photo: Path) -> None:
    with driver.qtbot.waitSignal(driver.window.files.menu.documentTaken):
        driver.window.view.filesDropped.emit([str(photo), "/elsewhere/b.png"])
    assert "One picture at a time" in driver.texts()[0]
    assert driver.window.workspace.name == "photo.png"


def test_save_writes_to_the_file_it_came_from(driver: Driver, photo: Path) -> None:
    driver.open(photo)
    erase(driver)
    assert driver.window.isWindowModified()
    with driver.qtbot.waitSignal(driver.window.workspace.written):
        driver.window.actions_.save.trigger()
    assert not driver.window.isWindowModified()
    assert np.array_equal(read(photo), driver.document.pixels)
    driver.window.actions_.undo.trigger()
    assert driver.window.isWindowModified(), "the file holds the result, the window does not"
    driver.window.actions_.redo.trigger()
    assert not driver.window.isWindowModified()


def test_an_untouched_picture_is_never_rewritten(driver: Driver, photo: Path) -> None:
    photo.write_bytes(photo.read_bytes() + b"behind the end")  # which no program would keep
    before = photo.read_bytes(), photo.stat().st_mtime_ns
    driver.open(photo)
    with driver.qtbot.waitSignal(driver.window.workspace.written):
        driver.window.actions_.save.trigger()
    assert (photo.read_bytes(), photo.stat().st_mtime_ns) == before
    assert "left as it is" in driver.texts()[-1]


def test_pages_that_would_be_lost_are_asked_about_once(driver: Driver, tmp_path: Path, answers: Answers) -> None:
    rng = np.random.default_rng(0)
    pages = [Image.fromarray(rng.integers(0, 255, (120, 160, 3), np.uint8)) for _ in range(3)]
    path = tmp_path / "pages.tif"
    pages[0].save(path, save_all=True, append_images=pages[1:])
    driver.open(path)
    erase(driver)
    driver.qtbot.waitUntil(lambda: driver.window.workspace.history.unsaved)
    with driver.qtbot.waitSignal(driver.window.workspace.written):
        driver.window.actions_.save.trigger()
    assert answers.lost == []  # in its own file they are kept
    with Image.open(path) as image:
        assert getattr(image, "n_frames", 1) == 3
    answers.path = tmp_path / "one.png"
    for _ in range(2):
        with driver.qtbot.waitSignal(driver.window.workspace.written):
            driver.window.actions_.save_as.trigger()
    assert len(answers.lost) == 1
    assert any("3 pages" in sentence for sentence in answers.lost[0])


def test_painting_goes_on_while_a_file_is_written(driver: Driver, photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    driver.open(photo)
    erase(driver)
    saved = driver.document.pixels.copy()
    go_on, real = threading.Event(), write_picture

    def slow(*arguments: object, **options: object) -> None:
        assert go_on.wait(60)
        real(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(workspace, "write_picture", slow)
    driver.window.actions_.save.trigger()
    assert driver.window.status.activity.text().startswith("Saving photo.png…")
    driver.stroke((100, 20), (120, 20))
    driver.window.actions_.erase.trigger()
    driver.engine.finish()
    with driver.qtbot.waitSignal(driver.window.workspace.written):
        go_on.set()
    assert np.array_equal(read(photo), saved)
    assert driver.window.isWindowModified(), "what came after the save is not in the file"


def test_save_as_takes_the_new_name(
    driver: Driver, photo: Path, tmp_path: Path, answers: Answers, store: Settings
) -> None:
    driver.open(photo)
    answers.path = tmp_path / "new.jpg"
    with driver.qtbot.waitSignal(driver.window.workspace.written):
        driver.window.actions_.save_as.trigger()
    assert driver.window.workspace.name == "new.jpg"
    assert driver.document.picture.format == "JPEG"
    assert store.get(settings.RECENT_FILES) == [str(answers.path), str(photo)]
    assert [action.text() for action in driver.window.actions_.recent.actions()][:2] == [
        str(answers.path),
        str(photo),
    ]


def test_a_failed_save_says_so_and_keeps_the_work_unsaved(
    driver: Driver, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise DocumentError("The disk is full: make room and save again.")

    driver.open(photo)
    erase(driver)
    monkeypatch.setattr(workspace, "write_picture", fail)
    with driver.qtbot.waitSignal(driver.window.messages.posted):
        driver.window.actions_.save.trigger()
    assert driver.texts() == ["The disk is full: make room and save again."]
    assert driver.window.isWindowModified()
    assert not driver.window.workspace.saving


def test_surprises_have_details(driver: Driver, photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise RuntimeError("never thought of")

    monkeypatch.setattr(workspace, "read_picture", fail)
    with driver.qtbot.waitSignal(driver.window.messages.posted):
        driver.window.files.menu.open_path(photo)
    assert driver.texts() == ["photo.png could not be opened."]
    assert "never thought of" in driver.posted[0].details


@pytest.mark.parametrize("name", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_export_writes_a_copy(
    driver: Driver,
    photo: Path,
    tmp_path: Path,
    answers: Answers,
    store: Settings,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    class Agreeing(ExportDialog):
        def exec(self) -> int:
            self.format.setCurrentIndex(self.format.findData(name))
            self.quality.spin.setValue(80)
            return QDialog.DialogCode.Accepted.value

    monkeypatch.setattr(file_menu, "ExportDialog", Agreeing)
    driver.open(photo)
    erase(driver)
    answers.path = tmp_path / f"out{SAVE_FORMATS[name][0]}"
    with driver.qtbot.waitSignal(driver.window.workspace.written):
        driver.window.actions_.export.trigger()
    with Image.open(answers.path) as image:
        assert image.format == name
    if name in ("PNG", "TIFF"):
        assert np.array_equal(read(answers.path), driver.document.pixels)
    assert driver.document.picture.path == photo
    assert driver.window.isWindowModified(), "an export is not a save"
    assert store.get(settings.EXPORT_QUALITY) == 80
    assert store.get(settings.EXPORT_FORMAT) == name


def test_quality_counts_only_where_there_is_one(driver: Driver) -> None:
    picture = Picture(np.zeros((4, 4, 3), np.uint8))
    dialog = ExportDialog(driver.window, picture, driver.window.services.background, "JPEG", 70)
    assert dialog.format_name == "JPEG"
    assert dialog.quality_chosen == 70
    assert dialog.quality.isEnabled()
    dialog.format.setCurrentIndex(dialog.format.findData("PNG"))
    assert not dialog.quality.isEnabled()
    dialog.deleteLater()


def test_mask_alone_is_not_unsaved_work(driver: Driver, photo: Path, answers: Answers) -> None:
    driver.open(photo)
    driver.stroke((60, 50), (90, 60))
    driver.open(photo)
    assert not answers.asked


@pytest.mark.parametrize("answer", list(Unsaved))
def test_opening_over_unsaved_work_asks(driver: Driver, photo: Path, answers: Answers, answer: Unsaved) -> None:
    other = photo.with_name("other.png")
    Image.new("RGB", (50, 40)).save(other)
    driver.open(photo)
    erase(driver)
    pixels = driver.document.pixels.copy()
    answers.unsaved, answers.path = answer, photo.with_name("kept.moebius")
    if answer is Unsaved.CANCEL:
        driver.window.files.menu.open_path(other)
        assert driver.window.workspace.name == "photo.png"
    else:
        driver.open(other)
        assert driver.window.workspace.name == "other.png"
        assert np.array_equal(read(photo), pixels) == (answer is Unsaved.SAVE)
    assert answers.path.exists() == (answer is Unsaved.SESSION)
    assert answers.asked == ["unsaved", "save_session"][: 1 + (answer is Unsaved.SESSION)]


@pytest.mark.parametrize("answer", list(Unsaved))
def test_closing_with_unsaved_work_asks(driver: Driver, photo: Path, answers: Answers, answer: Unsaved) -> None:
    driver.open(photo)
    erase(driver)
    pixels = driver.document.pixels.copy()
    answers.unsaved, answers.path = answer, photo.with_name("kept.moebius")
    driver.window.close()
    if answer is Unsaved.CANCEL:
        driver.qtbot.wait(20)
        assert driver.window.isVisible()
        assert not driver.engine.shut_down
        return
    driver.qtbot.waitUntil(lambda: not driver.window.isVisible())
    assert driver.engine.shut_down
    assert np.array_equal(read(photo), pixels) == (answer is Unsaved.SAVE)
    assert answers.path.exists() == (answer is Unsaved.SESSION)


def test_an_erase_goes_on_when_closing_is_called_off(driver: Driver, photo: Path, answers: Answers) -> None:
    driver.open(photo)
    erase(driver)
    driver.stroke((100, 20), (120, 20))
    driver.window.actions_.erase.trigger()
    answers.unsaved = Unsaved.CANCEL
    driver.window.close()
    assert driver.window.erasing.job.running
    driver.engine.finish()
    assert not driver.document.mask.any()


def test_a_save_that_failed_does_not_close_the_window_later(
    driver: Driver, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()

    def fail(*_arguments: object, **_options: object) -> None:
        assert go_on.wait(60)
        raise DocumentError("The disk is full: make room and save again.")

    driver.open(photo)
    erase(driver)
    with monkeypatch.context() as patch:
        patch.setattr(workspace, "write_picture", fail)
        driver.window.actions_.save.trigger()
        driver.window.close()
        with driver.qtbot.waitSignal(driver.window.messages.posted):
            go_on.set()
    with driver.qtbot.waitSignal(driver.window.workspace.written):
        driver.window.actions_.save.trigger()
    driver.qtbot.wait(20)
    assert driver.window.isVisible()


def test_closing_during_an_erase_cancels_it(driver: Driver, photo: Path) -> None:
    driver.open(photo)
    driver.stroke((60, 50), (90, 60))
    driver.window.actions_.erase.trigger()
    driver.engine.step()
    driver.window.close()
    assert not driver.engine.busy
    assert driver.engine.shut_down
    assert not driver.window.isVisible()
