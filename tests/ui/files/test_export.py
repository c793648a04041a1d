"""The export dialog, before and after as one picture, dragging out, and the list of recent files."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image
from psd_tools import PSDImage
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog

from app.document.formats import LAYERED, export, read_picture_data
from app.document.formats.before_after import beside
from app.document.formats.encode import encode_picture
from app.document.formats.export import Export, estimate
from app.document.formats.files import read_picture, write_picture
from app.document.pixels.picture import JpegForm, Picture
from app.document.pixels.storage import Pixels
from app.ui.dialogs import questions
from app.ui.dialogs.export import ExportDialog, size_text
from app.ui.dialogs.questions import Losses
from app.ui.files import drag_out, file_menu
from app.ui.support import settings
from app.ui.support.background import Background
from app.ui.support.settings import Settings
from tests.document.icc_files import P3
from tests.ui.conftest import Answers, Driver


def _erase(driver: Driver) -> None:
    driver.stroke((60, 50), (90, 60))
    driver.window.actions_.erase.trigger()
    driver.engine.finish()


def _photo(width: int, height: int) -> Picture:
    small = np.random.default_rng(0).integers(0, 256, (height // 16, width // 16, 3), dtype=np.uint8)
    image = Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)
    return Picture(np.array(image))


def _choose(dialog: ExportDialog, name: str) -> None:
    dialog.format.setCurrentIndex(dialog.format.findData(name))


def test_choices_follow_the_picture_and_the_format(driver: Driver) -> None:
    deep = Picture(np.zeros((8, 8, 4), np.uint16), icc_profile=P3)
    dialog = ExportDialog(driver.window, deep, driver.window.services.background, "PNG", 80)
    form = dialog._form
    assert form.isRowVisible(dialog.bits)
    assert form.isRowVisible(dialog.colours)
    assert dialog.chosen == Export("PNG", 95, 16, False, False)
    _choose(dialog, "JPEG")
    assert not form.isRowVisible(dialog.bits)
    assert "16 bits per channel become 8, and transparent parts become white" in dialog.note.text()
    assert dialog.chosen == Export("JPEG", 80, 8, False, False)
    dialog.colours.setCurrentIndex(1)
    assert dialog.chosen.srgb
    dialog.done(0)
    plain = Picture(np.zeros((8, 8, 3), np.uint8), jpeg=JpegForm(((16,) * 64,), "4:2:0", False))
    dialog = ExportDialog(driver.window, plain, driver.window.services.background, "JPEG", 80)
    assert not dialog._form.isRowVisible(dialog.colours)
    for like, quality in ((True, None), (False, 80)):
        dialog.like.setChecked(like)
        assert dialog.chosen.quality == quality
        assert dialog.quality.isEnabled() != like
    dialog.done(0)


def test_the_size_is_told_and_older_questions_are_given_up(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = _photo(320, 240)
    dialog = ExportDialog(driver.window, picture, driver.window.services.background, "PNG", 80)
    driver.qtbot.waitUntil(lambda: "…" not in dialog.size_line.text())
    assert dialog.size_line.text() == f"Size: {size_text(len(encode_picture(picture, 'PNG', 'a')))}"
    _choose(dialog, "WEBP")
    assert dialog.size_line.text() == "Size: …"
    assert estimate(picture, Export("WEBP"), lambda: True) is None
    dialog._estimate()
    dialog._asked += 1  # something else was chosen
    dialog._timer.stop()
    driver.window.services.background.settle()
    assert dialog.size_line.text() == "Size: …"
    dialog.done(0)


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_large_pictures_are_told_from_parts(format: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "EXACT", 100_000)
    monkeypatch.setattr(export, "_TILE", 96)
    picture = _photo(1200, 900)
    found = estimate(picture, Export(format, 85), lambda: False)
    assert found == pytest.approx(len(encode_picture(picture, format, "a", quality=85)), rel=0.2)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_before_and_after_beside_each_other(kind: type) -> None:
    before: Pixels = np.full((20, 30, 4), 10, kind)
    after: Pixels = np.full((20, 30, 4), 20, kind)
    both = beside(before, Picture(after, icc_profile=P3))
    assert both.size == (62, 20)
    assert (both.pixels[:, :30] == 10).all()
    assert (both.pixels[:, 30:32] == np.iinfo(kind).max).all()
    assert (both.pixels[:, 32:] == 20).all()
    assert both.icc_profile == P3


@pytest.mark.parametrize("changed", [True, False])
def test_exporting_before_and_after(
    driver: Driver, photo: Path, tmp_path: Path, answers: Answers, monkeypatch: pytest.MonkeyPatch, changed: bool
) -> None:
    class Agreeing(ExportDialog):
        def exec(self) -> int:
            _choose(self, "PNG")
            self.content.setCurrentIndex(1)
            return QDialog.DialogCode.Accepted.value

    monkeypatch.setattr(file_menu, "ExportDialog", Agreeing)
    driver.open(photo)
    before = driver.document.pixels.copy()
    if changed:
        _erase(driver)
    answers.path = tmp_path / "both.png"
    with driver.qtbot.waitSignal(driver.window.workspace.written):
        driver.window.actions_.export.trigger()
    both = read_picture(answers.path).pixels
    np.testing.assert_array_equal(both[:, :160], before)
    np.testing.assert_array_equal(both[:, -160:], driver.document.pixels)
    assert np.array_equal(both[:, :160], both[:, -160:]) != changed


@pytest.mark.parametrize("kind", ["ORA", "PSD", "TIFF"])
def test_exporting_layers(
    driver: Driver, photo: Path, tmp_path: Path, answers: Answers, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    class Agreeing(ExportDialog):
        def exec(self) -> int:
            _choose(self, f"layers/{kind}")
            assert "sees the original" in self.note.text()
            assert not self._form.isRowVisible(self.content)
            return QDialog.DialogCode.Accepted.value

    asked: list[tuple[str, str]] = []

    def ask(_parent: object, suggestion: Path, kind: str) -> Path | None:
        asked.append((suggestion.name, kind))
        return answers.path

    monkeypatch.setattr(file_menu, "ExportDialog", Agreeing)
    monkeypatch.setattr(questions, "ask_save_layers", ask)
    driver.open(photo)
    before = driver.document.pixels.copy()
    _erase(driver)
    answers.path = tmp_path / f"layers{LAYERED[kind]}"
    with driver.qtbot.waitSignal(driver.window.workspace.written):
        driver.window.actions_.export.trigger()
    assert asked == [(f"photo-erased{LAYERED[kind]}", kind)]
    after = driver.document.pixels
    if kind == "ORA":
        with zipfile.ZipFile(answers.path) as file:
            original, merged = (
                read_picture_data(file.read(name), "a.png").pixels for name in ("data/original.png", "mergedimage.png")
            )
    elif kind == "PSD":
        below, top = PSDImage.open(answers.path)
        original, merged = (np.rint(np.asarray(layer.numpy("color")) * 255) for layer in (below, top))
    else:
        merged, original = (tifffile.imread(answers.path, key=index) for index in (0, 1))
    np.testing.assert_array_equal(original, before[..., :3])
    np.testing.assert_array_equal(merged, after[..., :3])


def test_a_save_that_loses_something_asks_first(driver: Driver, tmp_path: Path, answers: Answers) -> None:
    write_picture(Picture(np.zeros((30, 40, 3), np.uint16)), tmp_path / "deep.png")
    driver.open(tmp_path / "deep.png")
    answers.path = tmp_path / "shallow.jpg"
    answers.losses = Losses.CANCEL
    driver.window.actions_.save_as.trigger()
    assert answers.lost == [("shallow.jpg does not hold everything: 16 bits per channel become 8.",)]
    assert not driver.window.workspace.saving
    assert not answers.path.exists()
    answers.losses = Losses.SAVE
    with driver.qtbot.waitSignal(driver.window.workspace.written):
        driver.window.actions_.save_as.trigger()
    assert answers.path.exists()


def test_sizes_in_words() -> None:
    sizes = (0, 999, 1000, 99_949, 3_400_000, 999_600, 240_000_000, 5_000_000_000)
    words = ["0 bytes", "999 bytes", "1.0 kB", "99.9 kB", "3.4 MB", "1.0 MB", "240 MB", "5.0 GB"]
    assert [size_text(size) for size in sizes] == words


# -- dragging out --------------------------------------------------------------------------


@pytest.fixture
def dragged(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    dragged: list[Path] = []
    monkeypatch.setattr(drag_out.DragHandle, "drag", lambda _self, path: dragged.append(path))
    return dragged


def _drag(driver: Driver) -> None:
    handle = driver.window.status.handle
    start = handle.rect().center()
    QTest.mousePress(handle, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)
    driver.window.services.background.settle()
    QTest.mouseMove(handle, start + QPoint(QApplication.startDragDistance() + 5, 0))
    QTest.mouseRelease(handle, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)


def test_the_file_itself_is_dragged_or_a_copy(driver: Driver, photo: Path, dragged: list[Path]) -> None:
    _drag(driver)
    assert not dragged, "there is no picture"
    driver.open(photo)
    _drag(driver)
    assert dragged == [photo]
    _erase(driver)
    _drag(driver)
    assert dragged[1].name == "photo-erased.png"
    np.testing.assert_array_equal(read_picture(dragged[1]).pixels, driver.document.pixels)
    _drag(driver)
    assert dragged[2] == dragged[1], "made once"
    driver.window.actions_.undo.trigger()
    _drag(driver)
    assert dragged[3] == photo


def test_who_lets_go_too_early_is_told(driver: Driver, photo: Path, dragged: list[Path]) -> None:
    driver.open(photo)
    _erase(driver)
    handle = driver.window.status.handle
    handle.pressed_.emit()
    handle.let_go.emit(True)
    driver.qtbot.waitUntil(lambda: drag_out.READY in driver.texts())
    handle.let_go.emit(False)
    assert driver.texts()[-1] == drag_out.HOW


# -- recent files --------------------------------------------------------------------------


def test_files_that_are_gone_leave_the_list(driver: Driver, photo: Path, tmp_path: Path, store: Settings) -> None:
    gone = tmp_path / "gone.png"
    Image.new("RGB", (20, 20)).save(gone)
    driver.open(gone)
    driver.open(photo)
    recent = driver.window.actions_.recent
    assert [Path(path).name for path in store.get(settings.RECENT_FILES)] == ["photo.png", "gone.png"]
    gone.unlink()
    recent.aboutToShow.emit()
    driver.qtbot.waitUntil(lambda: len(store.get(settings.RECENT_FILES)) == 1)
    assert [action.text() for action in recent.actions()][:1] == [str(photo)]


def test_nobody_looks_where_there_is_nothing(qtbot: object, driver: Driver, store: Settings) -> None:
    store.forget(settings.RECENT_FILES)
    driver.window.files.menu.recent.drop_missing()
    assert not driver.window.actions_.recent.isEnabled()
    assert isinstance(driver.window.services.background, Background)
