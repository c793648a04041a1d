from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtGui import QGuiApplication

from app.canvas.drawing.images import to_qimage
from app.document.formats.encode import encode_picture
from app.document.formats.files import write_picture
from app.document.pixels import colour
from app.document.pixels.picture import Picture
from app.ui.dialogs import questions
from app.ui.dialogs.questions import Unsaved
from app.ui.files import clipboard
from tests.document.icc_files import P3
from tests.ui.conftest import Answers, Driver


def _erase(driver: Driver) -> None:
    driver.stroke((60, 50), (90, 60))
    driver.window.actions_.erase.trigger()
    driver.engine.finish()


def _copied(driver: Driver, action: str) -> np.ndarray:
    with driver.qtbot.waitSignal(driver.window.messages.posted):
        driver.window.actions_[action].trigger()
    data = bytes(QGuiApplication.clipboard().mimeData().data("image/png").data())
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image)


def test_what_is_copied_is_what_is_seen(driver: Driver, photo: Path, tmp_path: Path) -> None:
    driver.open(photo)
    _erase(driver)
    np.testing.assert_array_equal(_copied(driver, "copy"), driver.document.pixels)
    deep = Picture(np.random.default_rng(0).integers(0, 65536, (30, 40, 3)).astype(np.uint16), icc_profile=P3)
    write_picture(deep, tmp_path / "deep.png")
    driver.engine.cancel()
    driver.window.workspace.history.saved_version = driver.window.workspace.history.pixel_version
    driver.open(tmp_path / "deep.png")
    np.testing.assert_array_equal(_copied(driver, "copy"), colour.srgb_pixels(deep))
    assert driver.texts()[-1] == clipboard.COPIED


def test_the_newest_copy_counts(driver: Driver, photo: Path) -> None:
    driver.open(photo)
    driver.stroke((60, 50), (90, 60))
    driver.window.actions_.copy.trigger()
    np.testing.assert_array_equal(_copied(driver, "copy_mask"), driver.document.mask)


@pytest.mark.parametrize("answer", [Unsaved.CANCEL, Unsaved.DISCARD])
def test_pasting_opens_a_picture_and_asks_first(driver: Driver, photo: Path, answers: Answers, answer: Unsaved) -> None:
    driver.open(photo)
    _erase(driver)
    _copied(driver, "copy")
    copied = driver.document.pixels.copy()
    answers.unsaved = answer
    if answer is Unsaved.CANCEL:
        driver.window.actions_.paste.trigger()
        assert driver.window.workspace.name == "photo.png"
        return
    with driver.qtbot.waitSignal(driver.window.files.menu.documentTaken):
        driver.window.actions_.paste.trigger()
    assert answers.asked == ["unsaved"]
    np.testing.assert_array_equal(driver.document.pixels, copied)
    assert driver.window.workspace.name == clipboard.PASTED
    assert driver.document.picture.path is None
    assert driver.window.isWindowModified(), "it was never saved"
    answers.path = photo.with_name("pasted.png")
    with driver.qtbot.waitSignal(driver.window.workspace.written):
        driver.window.actions_.save.trigger()
    assert not driver.window.isWindowModified()


def test_pasting_files_images_and_nothing(driver: Driver, photo: Path) -> None:
    board = QGuiApplication.clipboard()
    board.setText("no picture")
    driver.window.actions_.paste.trigger()
    driver.window.actions_.paste_mask.trigger()
    assert set(driver.texts()) <= {clipboard.NOTHING}
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(photo))])
    board.setMimeData(mime)
    with driver.qtbot.waitSignal(driver.window.files.menu.documentTaken):
        driver.window.actions_.paste.trigger()
    assert driver.document.picture.path == photo
    pixels = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    board.setImage(to_qimage(pixels))
    with driver.qtbot.waitSignal(driver.window.files.menu.documentTaken):
        driver.window.actions_.paste.trigger()
    np.testing.assert_array_equal(driver.document.pixels[..., :3], pixels)


def test_damaged_pictures_are_a_sentence(driver: Driver, photo: Path) -> None:
    driver.open(photo)
    mime = QMimeData()
    mime.setData("image/png", b"\x89PNG\r\n\x1a\nnothing")
    QGuiApplication.clipboard().setMimeData(mime)
    with driver.qtbot.waitSignal(driver.window.messages.posted):
        driver.window.actions_.paste.trigger()
    assert clipboard.PASTED in driver.texts()[-1]
    assert driver.window.workspace.name == "photo.png"


def test_a_mask_is_pasted_as_one_step(driver: Driver, photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    driver.open(photo)
    driver.stroke((60, 50), (90, 60))
    mask = driver.document.mask.copy()
    _copied(driver, "copy_mask")
    driver.window.actions_.clear_mask.trigger()
    with driver.qtbot.waitSignal(driver.window.editing.access.pushed):
        driver.window.actions_.paste_mask.trigger()
    np.testing.assert_array_equal(driver.document.mask, mask)
    driver.window.actions_.undo.trigger()
    assert not driver.document.mask.any()
    asked: list[object] = []

    def ask(*arguments: object) -> str:
        asked.append(arguments[1])
        return "add"

    monkeypatch.setattr(questions, "ask_mask_mode", ask)
    QGuiApplication.clipboard().setImage(to_qimage(np.full((30, 40, 3), 255, np.uint8)))
    with driver.qtbot.waitSignal(driver.window.editing.access.pushed):
        driver.window.actions_.paste_mask.trigger()
    assert asked == ["the picture on the clipboard"]
    assert driver.document.mask.min() == 255


def test_a_picture_is_dropped_without_a_file(driver: Driver) -> None:
    data = encode_picture(Picture(np.zeros((8, 12, 3), np.uint8)), "PNG", "a")
    with driver.qtbot.waitSignal(driver.window.files.menu.documentTaken):
        driver.window.contents.welcome.pictureDropped.emit(data)
    assert driver.document.size == (12, 8)
