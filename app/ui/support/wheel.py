"""The wheel over a control: it scrolls what the control lies in, unless the control has the keyboard."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QComboBox, QSpinBox, QWidget


class WheelGuard(QObject):
    """Keeps controls from changing when the wheel is meant to scroll past them: they must have the keyboard first."""

    def __init__(self, *controls: QWidget) -> None:
        super().__init__(controls[0])
        for control in controls:
            # Qt gives the keyboard to what the wheel turns over before it sends the event, where the policy allows it.
            if control.focusPolicy() == Qt.FocusPolicy.WheelFocus:
                control.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            control.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return False


class ComboBox(QComboBox):
    """A combo box that the wheel changes only while it has the keyboard."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        WheelGuard(self)


class SpinBox(QSpinBox):
    """A spin box for whole numbers that the wheel changes only while it has the keyboard."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        WheelGuard(self)
