"""Widgets the panel is made of: a slider with its number, a section that folds, a colour button."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, Qt, Signal, Slot
from PySide6.QtGui import QColor, QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QColorDialog,
    QDoubleSpinBox,
    QGridLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.ui.support import theme
from app.ui.support.wheel import WheelGuard

_STEPS = 1000


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
        theme.fix(self.spin, width=78)
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

    def set_highest(self, high: float) -> None:
        """Let numbers up to ``high`` be chosen; what is shown stays where it can."""
        value, self._high = self.spin.value(), high
        self.spin.blockSignals(True)
        self.spin.setMaximum(high)
        self.spin.blockSignals(False)
        self.set_value(min(value, high))

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


class _Heading(QToolButton):
    """A button as wide as there is room: a longer text is cut with an ellipsis and never widens what is around."""

    def __init__(self) -> None:
        super().__init__()
        self._whole = ""
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def set_whole(self, text: str) -> None:
        """The text where there is room for it."""
        self._whole = text
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fit()

    def _fit(self) -> None:
        room = self.width() - self.iconSize().width() - 2 * self.fontMetrics().averageCharWidth() - 8
        self.setText(self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideRight, max(room, 0)))


class Fold(QWidget):
    """A heading that folds and unfolds the controls under it; ``column`` is where they go."""

    toggled = Signal(bool)  # by the user's hand

    def __init__(self, title: str, *, unfolded: bool = False, inner: bool = False) -> None:
        super().__init__()
        self.heading = _Heading()
        self.heading.setObjectName("innerFold" if inner else "fold")
        self.heading.setCheckable(True)
        self.heading.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        theme.fix(self.heading, icon=16)
        self.body = QWidget()
        self.column = QVBoxLayout(self.body)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(10)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(6)
        outer.addWidget(self.heading)
        outer.addWidget(self.body)
        self.set_title(title)
        self.heading.toggled.connect(self._on_toggled)
        self.heading.clicked.connect(self.toggled)
        self.heading.setChecked(unfolded)
        self._on_toggled(unfolded)

    def set_title(self, title: str) -> None:
        """Show another heading."""
        self.heading.set_whole(title)
        self.heading.setAccessibleName(title)
        self.heading.setToolTip(f"Fold or unfold: {title}")

    @property
    def unfolded(self) -> bool:
        """Whether the controls are seen."""
        return self.heading.isChecked()

    def set_unfolded(self, on: bool) -> None:
        """Show the controls or hide them."""
        self.heading.setChecked(on)

    @Slot(bool)
    def _on_toggled(self, on: bool) -> None:
        theme.set_icon(self.heading, "chevron-down" if on else "chevron-right")
        self.heading.setAccessibleDescription("Unfolded" if on else "Folded")
        self.body.setVisible(on)


class ColourButton(QPushButton):
    """Shows a colour and asks for another."""

    picked = Signal(str)  # #rrggbb

    def __init__(self, label: str) -> None:
        super().__init__()
        self.setObjectName("colour")
        self.setAccessibleName(label)
        self.setToolTip(f"{label}: choose another")
        self.setAutoDefault(False)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._colour, self._label = "#ffcc00", label
        self.clicked.connect(self._ask)

    def set_colour(self, colour: str) -> None:
        """Show another colour, ``#rrggbb``."""
        self._colour = colour
        self.setStyleSheet(f"background: {colour};")
        self.setAccessibleDescription(colour)

    @Slot()
    def _ask(self) -> None:
        chosen = QColorDialog.getColor(QColor(self._colour), self.window(), self._label)
        if chosen.isValid():
            self.set_colour(chosen.name())
            self.picked.emit(chosen.name())


def check(text: str, tip: str = "") -> QCheckBox:
    """A check box that leaves the keyboard to the canvas when it is clicked."""
    box = QCheckBox(text)
    box.setToolTip(tip)
    box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return box
