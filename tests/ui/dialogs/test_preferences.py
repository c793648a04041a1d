"""Preferences, and what is found again at the next start."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QColorDialog
from pytestqt.qtbot import QtBot

from app.canvas.tools.base import Tool
from app.ui.dialogs.preferences import Preferences
from app.ui.support import settings, theme
from app.ui.support.messages import Messages
from app.ui.support.settings import Settings
from app.ui.window.main_window import MainWindow
from tests.ui.conftest import Driver
from tests.ui.fake_engine import FakeEngine


@pytest.fixture
def dialog(driver: Driver, store: Settings) -> Preferences:
    found = Preferences(driver.window, store)
    found.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    driver.qtbot.addWidget(found)
    return found


def choose(box: object, text: str) -> None:
    index = box.findText(text)  # type: ignore[attr-defined]
    box.setCurrentIndex(index)  # type: ignore[attr-defined]
    box.activated.emit(index)  # type: ignore[attr-defined]


def test_every_choice_is_put_on_at_once(driver: Driver, dialog: Preferences, store: Settings) -> None:
    window = driver.window
    choose(dialog.theme, "Light")
    assert theme.current() == ("light", 1.0)
    choose(dialog.scale, "125 %")
    assert theme.current() == ("light", 1.25)
    dialog.opacity.spin.setValue(30)
    assert window.panel.overlay.opacity.value == 30
    dialog.candidates.spin.setValue(3)
    assert window.panel.erase.candidates.value == 3
    dialog.budget.spin.setValue(500)
    assert window.workspace.history.budget == 500 * 10**6
    dialog.live.click()
    assert window.actions_.live.isChecked()
    dialog.joins.click()
    assert store.get(settings.LIVE_JOINS)
    dialog.unload.spin.setValue(30)
    assert driver.engine.unload_minutes == 30
    dialog.softness.spin.setValue(80)
    assert store.get(settings.PRESSURE_SOFTNESS) == 0.8


def test_a_page_is_reset(driver: Driver, dialog: Preferences, store: Settings) -> None:
    store.set(settings.THEME, "light")
    store.set(settings.CANDIDATES, 4)
    dialog.reset_button.click()
    assert store.get(settings.THEME) == "dark"
    assert dialog.theme.currentText() == "Dark"
    assert store.get(settings.CANDIDATES) == 4, "that is on another page"
    assert dialog.candidates.value == 4


def test_the_masks_colour(
    driver: Driver, dialog: Preferences, store: Settings, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from PySide6.QtGui import QColor

    driver.open(photo)
    driver.stroke((60, 50), (90, 60))
    store.set(settings.OVERLAY_OPACITY, 1.0)
    monkeypatch.setattr(QColorDialog, "getColor", lambda *_arguments: QColor("#3060ff"))
    dialog.overlay_colour.click()
    assert store.get(settings.OVERLAY_COLOUR) == "#3060ff"
    view = driver.window.view
    shown = view.grab().toImage().pixelColor(view.to_widget(75, 55).toPoint())
    assert shown.name() == "#3060ff"
    assert driver.window.panel.overlay.colour.accessibleDescription() == "#3060ff"


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_they_are_opened_by_their_keys(driver: Driver) -> None:
    for name, kind in (("preferences", "Preferences"), ("shortcuts", "ShortcutEditor")):
        driver.window.actions_[name].trigger()
        found = [child for child in driver.window.children() if type(child).__name__ == kind]
        assert len(found) == 1
        found[0].close()  # type: ignore[attr-defined]


def again(qtbot: QtBot, store: Settings) -> MainWindow:
    window = MainWindow(FakeEngine(), store, Messages())
    qtbot.addWidget(window)
    return window


def test_everything_is_found_as_it_was_left(driver: Driver, store: Settings, photo: Path) -> None:
    driver.open(photo)
    window, do = driver.window, driver.window.actions_
    do.tools[Tool.LASSO].trigger()
    window.panel.tool.spacing.spin.setValue(25)
    window.panel.tool.smoothing.spin.setValue(40)
    window.panel.tool.pressure_hardness.click()
    window.panel.tool.tolerance.spin.setValue(60)
    window.panel.tool.contiguous.click()
    do.harder.trigger()
    do.softer.trigger()
    do.split.trigger()
    do.live.trigger()
    do.navigator.trigger()
    do.history.trigger()
    do.panel.trigger()
    window.panel.model.others.heading.click()
    second = again(driver.qtbot, store)
    assert second.view.tool is Tool.LASSO
    assert second.actions_.tools[Tool.LASSO].isChecked()
    brush = second.view.brush
    assert (brush.spacing, brush.smoothing, brush.pressure_hardness) == (0.25, 0.4, True)
    assert brush.hardness == pytest.approx(0.9)
    assert second.panel.tool.tolerance.value == 60
    assert not second.panel.tool.contiguous.isChecked()
    assert second.view.split
    assert second.actions_.live.isChecked()
    assert second.panel.navigator.unfolded
    assert second.actions_.navigator.isChecked()
    assert second.panel.tabs.currentIndex() == 1
    assert second.panel.isHidden()
    assert second.panel.model.others.unfolded
    second.close()


def test_tool_options_show_only_what_the_tool_needs(driver: Driver, photo: Path) -> None:
    driver.open(photo)
    tool = driver.window.panel.tool
    expected = {
        Tool.BRUSH: (True, False, False),
        Tool.ERASER: (True, False, False),
        Tool.LASSO: (False, False, True),
        Tool.RECTANGLE: (False, False, True),
        Tool.SIMILAR: (False, True, True),
        Tool.PAN: (False, False, True),
    }
    for chosen, shown in expected.items():
        driver.window.actions_.tools[chosen].trigger()
        assert (tool.brush_size.isVisible(), tool.tolerance.isVisible(), tool.note.isVisible()) == shown
        assert tool.heading.accessibleName() == chosen.value


def test_similar_colours_by_the_options(driver: Driver, photo: Path) -> None:
    driver.open(photo)
    driver.window.actions_.tools[Tool.SIMILAR].trigger()
    driver.window.panel.tool.tolerance.spin.setValue(255)
    driver.stroke((60, 50), (60, 50))
    assert driver.document.mask.all()
    assert driver.window.workspace.history.count() == 1


def test_the_split_follows_its_command_and_is_remembered(driver: Driver, photo: Path, store: Settings) -> None:
    driver.open(photo)
    driver.window.actions_.split.trigger()
    assert driver.window.view.split
    assert store.get(settings.SPLIT)
    driver.window.view.set_split(False)
    assert not driver.window.actions_.split.isChecked()


def test_the_panel_goes_and_comes(driver: Driver) -> None:
    window = driver.window
    window.actions_.panel.trigger()
    assert not window.panel.isVisible()
    window.actions_.history.trigger()
    assert window.panel.isVisible()
    assert window.panel.tabs.currentIndex() == 1
    window.actions_.options.trigger()
    assert window.panel.tabs.currentIndex() == 0


def test_settings_that_make_no_sense_are_the_default(store: Settings) -> None:
    store.set(settings.THEME, "pink")
    assert store.get(settings.THEME) == "dark"
    store.set(settings.SCALE, 900)
    assert store.get(settings.SCALE) == 200


def test_numbers_are_remembered_for_each_model(driver: Driver, store: Settings) -> None:
    panel = driver.window.panel
    panel.erase.steps.spin.setValue(20)
    panel.model.model.setCurrentIndex(1)
    assert (panel.erase.steps.value, panel.erase.guidance.value) == (12, 4.5), "its own"
    panel.erase.context.setCurrentIndex(2)
    panel.erase.context.activated.emit(2)
    assert panel.erase.options().context == 256
    panel.model.model.setCurrentIndex(0)
    assert panel.erase.options().context is None, "another model's"
    second = again(driver.qtbot, store)
    second.start(model="fake")
    assert second.panel.erase.steps.value == 20
    second.panel.model.model.setCurrentIndex(1)
    assert second.panel.erase.options().context == 256
    second.panel.erase.context.setCurrentIndex(0)
    second.panel.erase.context.activated.emit(0)
    second.panel.model.model.setCurrentIndex(0)
    panel.model.model.setCurrentIndex(0)
    panel.erase.steps.spin.setValue(6)
    assert store.get(settings.OPTIONS) == "{}", "what is the model's own need not be remembered"
    store.set(settings.OPTIONS, "[3")
    second.panel.show_defaults()
    assert second.panel.erase.steps.value == 6
    second.close()
