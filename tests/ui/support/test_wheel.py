"""The wheel over the controls of the panel and of the dialogs, as the system sends it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QDoubleSpinBox,
    QScrollArea,
    QScrollBar,
    QSpinBox,
    QWidget,
)

from tests.ui.conftest import Driver
from tests.ui.window.test_access import DIALOGS


def turn(widget: QWidget) -> None:
    """One notch towards the user over the widget's middle; unlike a sent event it may move the focus."""
    window = widget.window().windowHandle()
    at = widget.mapTo(widget.window(), QPointF(widget.rect().center()))
    for notch in (-120, -120):  # some styles swallow the first while a popup closes
        QTest.wheelEvent(window, at, QPoint(0, notch))


def controls(parent: QWidget) -> Iterator[QWidget]:
    for widget in parent.findChildren(QWidget):
        changes = isinstance(widget, QComboBox | QAbstractSpinBox | QAbstractSlider)
        if changes and not isinstance(widget, QScrollBar) and widget.isEnabled():
            yield widget


def value(control: QWidget) -> float:
    if isinstance(control, QComboBox):
        return control.currentIndex()
    assert isinstance(control, QSpinBox | QDoubleSpinBox | QAbstractSlider)
    return control.value()


def set_middle(control: QWidget) -> None:
    """So that it could change both ways."""
    if isinstance(control, QComboBox):
        control.setCurrentIndex(0)
    else:
        assert isinstance(control, QSpinBox | QDoubleSpinBox | QAbstractSlider)
        control.setValue(int((control.minimum() + control.maximum()) / 2))


@pytest.fixture
def area(driver: Driver) -> QScrollArea:
    panel = driver.window.panel
    for fold in (panel.tool, panel.tool.stroke, panel.overlay, panel.model.others, panel.erase, panel.erase.advanced):
        fold.set_unfolded(True)
    driver.window.resize(1100, 600)
    found = panel.tabs.currentWidget()
    assert isinstance(found, QScrollArea)
    driver.qtbot.waitUntil(lambda: found.verticalScrollBar().maximum() > 100)
    driver.window.view.setFocus()
    return found


def test_the_wheel_scrolls_the_panel_and_changes_no_control(driver: Driver, area: QScrollArea) -> None:
    seen, bar = 0, area.verticalScrollBar()
    for control in controls(driver.window.panel.tabs.currentWidget()):
        if not control.isVisibleTo(area):
            continue
        set_middle(control)
        driver.window.view.setFocus()
        area.ensureWidgetVisible(control)
        if bar.value() == bar.maximum():
            bar.setValue(bar.maximum() - 30)
        before, place = value(control), bar.value()
        turn(control)
        name = control.accessibleName()
        assert value(control) == before, name
        assert not control.hasFocus(), name
        assert bar.value() > place, name
        seen += 1
    assert seen > 12


def test_a_control_with_the_keyboard_takes_the_wheel(driver: Driver, area: QScrollArea) -> None:
    erase = driver.window.panel.erase
    for control in (erase.context, erase.steps.spin, erase.seed, erase.guidance.slider):
        set_middle(control)
        area.ensureWidgetVisible(control)
        control.setFocus(Qt.FocusReason.TabFocusReason)
        before, place = value(control), area.verticalScrollBar().value()
        turn(control)
        assert value(control) != before, control.accessibleName()
        assert area.verticalScrollBar().value() == place


@pytest.mark.parametrize("name", ["preferences", "shortcuts", "models", "export"])
def test_the_wheel_changes_no_control_of_a_dialog(driver: Driver, name: str) -> None:
    dialog = DIALOGS[name](driver)
    driver.qtbot.addWidget(dialog)
    dialog.show()
    dialog.activateWindow()
    driver.qtbot.waitUntil(dialog.isActiveWindow)  # then one of its controls may have the keyboard
    for control in controls(dialog):
        if not control.isVisible() or control.hasFocus():
            continue
        before = value(control)
        turn(control)
        assert (value(control), control.hasFocus()) == (before, False), control.accessibleName()
