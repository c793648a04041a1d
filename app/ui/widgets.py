"""Small controls the panel is made of: a labelled slider with its number, and a section."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QObject, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QDoubleSpinBox,
    QGridLayout,
    QLabel,
    QSlider,
    QVBoxLayout,
    QWidget,
)

_STEPS = 1000


class WheelGuard(QObject):
    """Keeps a control from changing when the wheel is meant to scroll past it: it must have the keyboard first."""

    def __init__(self, *controls: QWidget) -> None:
        super().__init__(controls[0])
        for control in controls:
            control.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return False


class NumberSlider(QWidget):
    """A slider and a spin box for one number; ``logarithmic`` gives small numbers as much room as large."""

    valueChanged = Signal(float)
    entered = Signal()  # Return was pressed in the number

    def __init__(
        self,
        label: str,
        low: float,
        high: float,
        *,
        decimals: int = 0,
        step: float = 1.0,
        suffix: str = "",
        logarithmic: bool = False,
        tip: str = "",
    ) -> None:
        super().__init__()
        self._low, self._high, self._logarithmic = low, high, logarithmic
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, _STEPS)
        self.spin = QDoubleSpinBox()
        self.spin.setRange(low, high)
        self.spin.setDecimals(decimals)
        self.spin.setSingleStep(step)
        self.spin.setSuffix(suffix)
        self.spin.setFixedWidth(78)
        self.spin.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.spin.setKeyboardTracking(False)
        self.spin.lineEdit().setTextMargins(6, 0, 6, 0)  # a style sheet's padding is ignored there
        caption = QLabel(label)
        caption.setBuddy(self.spin)
        for widget in (self.slider, self.spin):
            widget.setAccessibleName(label)
            widget.setToolTip(tip)
        WheelGuard(self.slider, self.spin)
        # Clicking a slider leaves the keyboard to the canvas.
        self.slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(2)
        grid.addWidget(caption, 0, 0)
        grid.addWidget(self.spin, 0, 1)
        grid.addWidget(self.slider, 1, 0, 1, 2)
        self.slider.valueChanged.connect(self._on_slider)
        self.spin.valueChanged.connect(self._on_spin)
        self.spin.lineEdit().returnPressed.connect(self.entered)
        self.set_value(low)

    @property
    def value(self) -> float:
        """The number shown, also while it is being typed."""
        self.spin.interpretText()
        return self.spin.value()

    def set_value(self, value: float) -> None:
        """Show another number without telling anybody."""
        for widget in (self.spin, self.slider):
            widget.blockSignals(True)
        self.spin.setValue(value)
        self.slider.setValue(self._to_slider(value))
        for widget in (self.spin, self.slider):
            widget.blockSignals(False)

    def _to_slider(self, value: float) -> int:
        if self._logarithmic:
            return round(_STEPS * math.log(value / self._low) / math.log(self._high / self._low))
        return round(_STEPS * (value - self._low) / (self._high - self._low))

    @Slot(int)
    def _on_slider(self, position: int) -> None:
        part = position / _STEPS
        if self._logarithmic:
            value = self._low * (self._high / self._low) ** part
        else:
            value = self._low + (self._high - self._low) * part
        before = self.spin.value()
        self.spin.blockSignals(True)
        self.spin.setValue(value)
        self.spin.blockSignals(False)
        if self.spin.value() != before:
            self.valueChanged.emit(self.spin.value())

    @Slot(float)
    def _on_spin(self, value: float) -> None:
        self.slider.blockSignals(True)
        self.slider.setValue(self._to_slider(value))
        self.slider.blockSignals(False)
        self.valueChanged.emit(value)


class Section(QWidget):
    """A heading with controls under it."""

    def __init__(self, title: str) -> None:
        super().__init__()
        heading = QLabel(title)
        heading.setObjectName("heading")
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(10)
        self.column.addWidget(heading)
