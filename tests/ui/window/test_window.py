from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app.canvas.drawing.layers import OVERLAY
from app.canvas.tools.base import Tool
from app.engine.protocol import EngineState, EngineStatus
from app.ui.dialogs.shortcuts import ShortcutEditor
from app.ui.support import settings
from app.ui.support.messages import Level, Message, Messages
from app.ui.support.settings import Settings
from app.ui.window.banner import MessageBanner
from app.ui.window.main_window import MainWindow
from tests.ui.conftest import Answers, Driver
from tests.ui.fake_engine import FakeEngine


def test_everything_has_an_accessible_name(driver: Driver, photo: Path) -> None:
    driver.open(photo)
    kinds = (QAbstractButton, QAbstractSlider, QAbstractSpinBox, QComboBox)
    nameless = []
    for widget in driver.window.findChildren(QWidget):
        inner = isinstance(widget.parent(), QAbstractSpinBox | QComboBox) or isinstance(widget, QLineEdit)
        if isinstance(widget, kinds) and not inner and "scroll" not in type(widget).__name__.lower():
            text = widget.text() if isinstance(widget, QAbstractButton) else ""
            if not (widget.accessibleName() or text.strip()) and not widget.objectName().startswith("qt_"):
                nameless.append(f"{type(widget).__name__} in {type(widget.parent()).__name__}")
    assert not nameless


def test_no_shortcut_is_used_twice(driver: Driver) -> None:
    seen: dict[str, str] = {}
    for action in driver.window.findChildren(QAction):
        for keys in action.shortcuts():
            text = keys.toString(QKeySequence.SequenceFormat.PortableText)
            assert text not in seen, f"{text}: {action.text()} and {seen[text]}"
            seen[text] = action.text()


def test_tools_by_key_and_click(driver: Driver, photo: Path) -> None:
    driver.open(photo)
    window = driver.window
    for key, tool in ((Qt.Key.Key_E, Tool.ERASER), (Qt.Key.Key_H, Tool.PAN)):
        driver.qtbot.keyClick(window.view, key)
        assert window.view.tool is tool
        assert window.actions_.tools[tool].isChecked()
    window.actions_.tools[Tool.BRUSH].trigger()
    assert window.view.tool is Tool.BRUSH


def test_brush_by_key_and_panel(driver: Driver, photo: Path, store: Settings) -> None:
    driver.open(photo)
    window = driver.window
    driver.qtbot.keyClick(window.view, Qt.Key.Key_BracketRight)
    assert window.view.brush.size == 10
    assert window.panel.tool.brush_size.value == 10
    window.panel.tool.brush_size.spin.setValue(45)
    assert window.view.brush.size == 45
    window.panel.tool.brush_size.slider.setValue(window.panel.tool.brush_size.slider.maximum())
    assert window.view.brush.size == 600
    window.panel.tool.brush_size.spin.setValue(18)
    window.panel.tool.hardness.spin.setValue(50)
    assert window.view.brush.hardness == 0.5
    assert store.get(settings.BRUSH_SCALE) == 2.0, "twice the default for this picture"
    assert store.get(settings.BRUSH_HARDNESS) == 0.5


def test_the_overlays_strength_is_remembered(driver: Driver, photo: Path, store: Settings) -> None:
    driver.open(photo)
    driver.stroke((60, 50), (90, 60))
    view, overlay = driver.window.view, driver.window.panel.overlay.opacity
    assert overlay.value == 70
    at = view.to_widget(75, 55).toPoint()
    overlay.spin.setValue(100)
    shown = view.grab().toImage().pixelColor(at)
    assert (shown.red(), shown.green(), shown.blue()) == OVERLAY
    assert store.get(settings.OVERLAY_OPACITY) == 1.0


def test_a_message_does_not_move_the_picture(driver: Driver, photo: Path) -> None:
    driver.open(photo)
    view = driver.window.view
    before = view.mapTo(driver.window, view.to_widget(10, 10))
    driver.window.messages.error("Something failed.")
    driver.qtbot.waitUntil(driver.window.contents.banner.isVisible)
    driver.qtbot.wait(10)
    assert view.mapTo(driver.window, view.to_widget(10, 10)) == before
    assert driver.window.contents.banner.height() < 60


def test_mask_commands_are_undone(driver: Driver, photo: Path) -> None:
    driver.open(photo)
    do, document = driver.window.actions_, driver.document
    do.invert_mask.trigger()
    assert document.mask.all()
    do.clear_mask.trigger()
    assert not document.mask.any()
    do.undo.trigger()
    assert document.mask.all()
    assert do.undo.text() == "&Undo Invert mask"
    assert do.redo.text().startswith("&Redo ")
    do.undo.trigger()
    assert not document.mask.any()
    assert do.undo.text() == "&Undo"


def test_zoom_commands(driver: Driver, photo: Path) -> None:
    driver.open(photo)
    window = driver.window
    window.status.actual.click()
    assert window.view.zoom == 1.0
    assert window.status.zoom.text() == "100 %"
    window.actions_.zoom_in.trigger()
    assert window.view.zoom == 1.5
    window.actions_.zoom_out.trigger()
    window.actions_.zoom_out.trigger()
    assert window.status.zoom.text() == "67 %"
    window.status.fit.click()
    assert window.view.zoom > 1.5


def test_show_before_by_menu(driver: Driver, photo: Path) -> None:
    driver.open(photo)
    driver.window.actions_.before.trigger()
    assert driver.window.view.showing_before
    assert driver.window.contents.badge.isVisible()
    driver.window.actions_.before.trigger()
    assert not driver.window.view.showing_before


def test_models(driver: Driver, answers: Answers, store: Settings, tmp_path: Path) -> None:
    window, panel = driver.window, driver.window.panel
    assert driver.engine.loads == [("fake", "auto")]
    assert panel.model.note.text() == "Paints the hole in one colour."
    assert panel.model.device.text() == "Processor (CPU)"
    panel.model.model.setCurrentIndex(1)
    assert driver.engine.loads[-1] == ("other", "auto")
    assert store.get(settings.MODEL) == "other"
    assert (panel.erase.steps.value, panel.erase.guidance.value) == (12, 4.5)
    answers.path = tmp_path / "empty"
    panel.model.add.click()
    assert "There is no model" in driver.texts()[0]
    answers.path = tmp_path / "my-model"
    panel.model.add.click()
    assert driver.engine.loads[-1] == (str(answers.path), "auto")
    assert panel.model.model.currentText() == "Added model"
    assert store.get(settings.MODEL_FOLDERS) == [str(answers.path)]
    driver.engine.set_status(EngineStatus(EngineState.LOADING, title="Big model"))
    assert window.status.activity.text() == "Loading Big model…"


def test_the_model_used_last_is_loaded_again(qtbot: QtBot, store: Settings) -> None:
    store.set(settings.MODEL, "/models/my-model")
    store.set(settings.MODEL_FOLDERS, ["/models/my-model", "/gone"])
    engine = FakeEngine()
    window = MainWindow(engine, store, Messages())
    qtbot.addWidget(window)
    window.start()
    assert engine.loads == [("/models/my-model", "auto")]
    window.close()


def test_where_the_model_runs_can_be_chosen_where_there_is_a_choice(driver: Driver, store: Settings) -> None:
    where, engine = driver.window.panel.model.where, driver.engine
    assert where.isHidden(), "nothing to choose from"
    engine.set_status(EngineStatus(EngineState.READY, "fake", "Fake", "cuda", devices=("cuda", "cpu")))
    assert not where.isHidden()
    assert [where.itemText(i) for i in range(where.count())] == [
        "Run on the fastest device",
        "Run on: Graphics card (CUDA)",
        "Run on: Processor (CPU)",
    ]
    where.setCurrentIndex(2)
    where.activated.emit(2)
    assert engine.loads[-1] == ("fake", "cpu")
    assert store.get(settings.DEVICE) == "cpu"
    engine.set_status(EngineStatus(EngineState.READY, "fake", "Fake", "cpu", devices=("cuda", "cpu")))
    assert where.currentData() == "cpu"
    assert driver.window.status.device.text() == "Processor (CPU)"


def test_a_card_that_is_not_used_is_named_with_what_would_use_it(driver: Driver) -> None:
    panel, line = driver.window.panel.model.device, driver.window.status.device
    seen = EngineStatus(EngineState.READY, "fake", "Fake", "cpu", unused_card="NVIDIA RTX 3060", why_unused="build")
    driver.engine.set_status(seen)
    assert line.text() == "Processor (CPU); NVIDIA RTX 3060 not used"
    assert "NVIDIA RTX 3060 is not used: install the package moebius-cuda" in panel.text()
    assert "moebius-cuda" in line.toolTip() and "make package ARGS=--cuda" in panel.toolTip()
    driver.engine.set_status(replace(seen, why_unused="driver"))
    assert "driver" in panel.text() and "newest driver" in line.toolTip()
    driver.engine.set_status(EngineStatus(EngineState.READY, "fake", "Fake", "cpu"))
    assert (line.text(), line.toolTip(), panel.toolTip()) == ("Processor (CPU)", "", "")


def test_a_lower_precision_is_chosen_and_shown(driver: Driver, store: Settings) -> None:
    engine = driver.engine
    assert engine.precision == "auto"
    loads = len(engine.loads)
    store.set(settings.PRECISION, "bf16")
    assert engine.precision == "bf16"
    assert len(engine.loads) == loads + 1
    engine.set_status(EngineStatus(EngineState.READY, "fake", "Fake", "cpu", precision="bf16"))
    assert driver.window.status.device.text() == "Processor (CPU), bf16"


def test_a_device_that_is_gone_can_be_left(qtbot: QtBot, store: Settings) -> None:
    store.set(settings.DEVICE, "cuda")
    engine = FakeEngine()
    window = MainWindow(engine, store, Messages())
    qtbot.addWidget(window)
    window.start()
    assert engine.loads == [("fake", "cuda")]
    where = window.panel.model.where
    assert not where.isHidden()
    assert where.currentText() == "Run on: CUDA (not present)"
    where.setCurrentIndex(0)
    where.activated.emit(0)
    assert engine.loads[-1] == ("fake", "auto")
    window.close()


def test_a_folder_named_at_the_start_that_holds_no_model(qtbot: QtBot, store: Settings) -> None:
    engine, messages = FakeEngine(), Messages()
    window = MainWindow(engine, store, messages)
    qtbot.addWidget(window)
    told: list[str] = []
    messages.posted.connect(lambda message: told.append(message.text))
    window.start(model="/some/folder")
    assert "There is no model in /some/folder" in told[0]
    assert engine.loads == [("fake", "auto")], "the first there is takes its place"
    window.close()


def test_a_model_named_at_the_start(qtbot: QtBot, store: Settings) -> None:
    engine = FakeEngine()
    window = MainWindow(engine, store, Messages())
    qtbot.addWidget(window)
    window.start(model="/some/model", device="cpu")
    assert engine.loads == [("/some/model", "cpu")]
    window.close()


def test_geometry_is_remembered(qtbot: QtBot, store: Settings) -> None:
    window = MainWindow(FakeEngine(), store, Messages())
    qtbot.addWidget(window)
    window.resize(1000, 640)
    window.show()
    window.close()
    again = MainWindow(FakeEngine(), store, Messages())
    qtbot.addWidget(again)
    assert again.height() == 640
    again.close()


def test_seed(driver: Driver) -> None:
    panel = driver.window.panel
    seeds = set()
    for _ in range(5):
        panel.erase.roll_seed()
        seeds.add(panel.erase.seed.value())
    assert len(seeds) > 1


def test_advanced_is_folded_away(driver: Driver) -> None:
    panel = driver.window.panel
    assert not panel.erase.strength.isVisible()
    panel.erase.advanced.heading.click()
    assert panel.erase.strength.isVisible()


def test_focus_goes_between_canvas_and_panel(driver: Driver, photo: Path) -> None:
    driver.open(photo)
    window = driver.window
    window.activateWindow()
    driver.qtbot.waitUntil(window.view.hasFocus)
    window.actions_.focus.trigger()
    assert window.panel.tool.brush_size.spin.hasFocus()
    window.actions_.focus.trigger()
    assert window.view.hasFocus()


def test_messages_wait_for_a_window(qtbot: QtBot) -> None:
    messages = Messages()
    posted: list[Message] = []
    messages.error("Something failed.")
    messages.posted.connect(posted.append)
    assert not posted
    messages.begin_showing()
    messages.info("Something else.")
    assert posted == [Message("Something failed."), Message("Something else.", level=Level.INFO)]


@pytest.mark.qt_log_ignore("propagateSizeHints")  # the platform without a screen says so of every dialog
def test_a_message_can_be_sent_away(qtbot: QtBot) -> None:
    banner = MessageBanner()
    qtbot.addWidget(banner)
    banner.show_message(Message("Failed.", "Traceback"))
    assert banner.isVisible()
    banner.details.click()
    details = [child for child in banner.children() if type(child).__name__ == "QDialog"]
    assert len(details) == 1
    banner.close_button.click()
    assert not banner.isVisible()


def test_the_list_of_shortcuts_names_the_canvas_keys(driver: Driver) -> None:
    dialog = ShortcutEditor(driver.window, driver.window.actions_)
    driver.qtbot.addWidget(dialog)
    items = dialog.tree.findItems("", Qt.MatchFlag.MatchContains | Qt.MatchFlag.MatchRecursive, 1)
    keys = {part.strip() for item in items for part in item.text(1).split(", ")}
    assert {"Tab", "Alt", "Ctrl+Enter", "B", "Ctrl+Z"} <= keys


def test_a_number_being_typed_counts(driver: Driver, photo: Path) -> None:
    driver.open(photo)
    panel = driver.window.panel
    driver.window.activateWindow()
    panel.erase.steps.spin.setFocus()
    panel.erase.steps.spin.selectAll()
    driver.qtbot.keyClicks(panel.erase.steps.spin, "33")
    assert panel.erase.options().steps == 33
    driver.qtbot.keyClick(panel.erase.steps.spin, Qt.Key.Key_Return)
    assert driver.window.view.hasFocus(), "the keys are the canvas's again"
