"""Without a mouse and without sight: names for everything, and every control reached by Tab, in windows and dialogs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QScrollBar,
    QWidget,
)

from app.document.pixels.picture import Picture
from app.ui.commands.palette import CommandList
from app.ui.dialogs.export import ExportDialog
from app.ui.dialogs.preferences import Preferences
from app.ui.dialogs.shortcuts import ShortcutEditor
from app.ui.models.models_dialog import ModelsDialog
from app.ui.support.background import Background
from tests.ui.conftest import Driver

# The platform without a screen says so of every dialog
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

_KINDS = (QAbstractButton, QAbstractSlider, QAbstractSpinBox, QComboBox, QLineEdit, QAbstractItemView)


def nameless(root: QWidget) -> list[str]:
    """Controls that a screen reader could say nothing about."""
    found = []
    for widget in root.findChildren(QWidget):
        inner = isinstance(widget.parent(), QAbstractSpinBox | QComboBox | QAbstractItemView)
        popup = "ComboBox" in type(widget).__name__ and not isinstance(widget, QComboBox)
        if not isinstance(widget, _KINDS) or isinstance(widget, QScrollBar) or inner or popup:
            continue
        if widget.objectName().startswith("qt_") or not widget.isVisibleTo(root):
            continue
        text = widget.text() if isinstance(widget, QAbstractButton) else ""
        label = getattr(widget, "placeholderText", str)() if isinstance(widget, QLineEdit) else ""
        buddy = [one for one in root.findChildren(QWidget) if getattr(one, "buddy", lambda: None)() is widget]
        if not (widget.accessibleName() or text.strip() or label or buddy):
            found.append(f"{type(widget).__name__} in {type(widget.parent()).__name__}")
    return found


def export(driver: Driver) -> QWidget:
    pixels = np.zeros((20, 20, 3), np.uint8)
    return ExportDialog(driver.window, Picture(pixels), Background(driver.window), "JPEG", 90)


DIALOGS: dict[str, Callable[[Driver], QWidget]] = {
    "preferences": lambda driver: Preferences(driver.window, driver.window.settings),
    "commands": lambda driver: CommandList(driver.window, driver.window.actions_, driver.window.settings),
    "shortcuts": lambda driver: ShortcutEditor(driver.window, driver.window.actions_),
    "models": lambda driver: ModelsDialog(driver.window, driver.window.models.library, driver.window.settings),
    "export": export,
}


@pytest.mark.parametrize("name", DIALOGS)
def test_controls_of_dialogs_have_names(driver: Driver, name: str) -> None:
    dialog = DIALOGS[name](driver)
    dialog.show()
    assert dialog.windowTitle()
    assert not nameless(dialog)
    dialog.close()


def test_every_control_of_the_window_is_reached_by_tab(driver: Driver, photo: Path) -> None:
    driver.open(photo)
    window = driver.window
    assert not nameless(window)
    window.activateWindow()
    driver.qtbot.waitActive(window).__enter__()
    reached: list[QWidget] = []
    for key in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):  # both ways end at the canvas, where Tab means something else
        window.view.setFocus()
        window.actions_.focus.trigger()
        for _ in range(120):
            focused = QApplication.focusWidget()
            assert focused is not None
            if focused is window.view:
                break
            reached.append(focused)
            QTest.keyClick(focused, key)
        else:
            pytest.fail("Tab goes round and round")
    wanted = [
        widget
        for widget in window.findChildren(QWidget)
        if isinstance(widget, _KINDS)
        and widget.isVisibleTo(window)
        and widget.isEnabled()
        and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and widget.focusProxy() is None
        and not isinstance(widget.parent(), QAbstractSpinBox | QComboBox | QAbstractItemView)
    ]
    missed = [widget for widget in wanted if widget not in reached]
    assert not [f"{type(widget).__name__} {widget.accessibleName()}" for widget in missed]
