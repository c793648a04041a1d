"""The choice of a speed: presets one below the other, each with how long an erase takes with it here."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QHBoxLayout, QLabel, QPushButton, QRadioButton, QWidget

from app.ui.panels.erase_bar import time_text

CUSTOM = "custom"  # numbers that are no preset's
TITLES = {"fast": "Fast", "balanced": "Balanced", "best": "Best", CUSTOM: "Custom"}
UNKNOWN = "not measured yet"
_TIPS = {
    "fast": "Fewer steps, and where the model has it a smaller working size and arithmetic of half the width",
    "balanced": "Between the two",
    "best": "The most steps, in exact arithmetic where this device does it",
    CUSTOM: "The numbers under Erase, as they are",
}


class SpeedChoice(QWidget):
    """Shows what it is told; ``chosen`` and the button's wishes go out."""

    chosen = Signal(str)  # the name of a preset
    measureAsked = Signal()
    stopAsked = Signal()

    def __init__(self) -> None:
        super().__init__()
        heading = QLabel("Speed")
        heading.setObjectName("heading")
        self.button = QPushButton()
        self.button.setObjectName("small")
        self.button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.button.clicked.connect(self._on_button)
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(heading, 1)
        top.addWidget(self.button)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        grid.addLayout(top, 0, 0, 1, 2)
        self.choices: dict[str, QRadioButton] = {}
        self.times: dict[str, QLabel] = {}
        group = QButtonGroup(self)
        for row, (name, title) in enumerate(TITLES.items(), start=1):
            choice, time = QRadioButton(title), QLabel()
            choice.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            choice.setAccessibleName(f"Speed: {title}")
            time.setObjectName("faint")
            time.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            group.addButton(choice)
            grid.addWidget(choice, row, 0)
            grid.addWidget(time, row, 1)
            self.choices[name], self.times[name] = choice, time
            choice.clicked.connect(lambda _checked=False, name=name: self._on_choice(name))
        self.progress = QLabel()
        self.progress.setObjectName("faint")
        self.progress.setAccessibleName("Progress of measuring")
        self.progress.setWordWrap(True)
        self.progress.hide()
        grid.addWidget(self.progress, len(TITLES) + 1, 0, 1, 2)
        self.measuring = False
        self.show_measuring(None)
        self.offer((), "")

    @property
    def shown(self) -> str:
        """The name of what is chosen; empty where there is nothing to choose."""
        return next((name for name, choice in self.choices.items() if choice.isChecked()), "")

    def offer(self, names: Sequence[str], chosen: str) -> None:
        """Offer these presets, ``chosen`` or the custom numbers being used; with no names nothing is shown."""
        self.setVisible(bool(names))
        for name, choice in self.choices.items():
            seen = name in names or (name == CUSTOM and chosen == CUSTOM)
            choice.setVisible(seen)
            self.times[name].setVisible(seen)
        if chosen in self.choices:
            self.choices[chosen].setChecked(True)

    def show_times(self, times: dict[str, float | None]) -> None:
        """How many seconds an erase takes with each, None where that is not known."""
        for name, label in self.times.items():
            seconds = times.get(name)
            text = UNKNOWN if seconds is None else time_text(seconds)
            if seconds is None:
                why = "An erase with it, or Measure, tells how long it takes on this computer"
            else:
                why = "One hole, from the parts of an erase as they were measured on this computer"
            label.setText(text)
            label.setToolTip(why)
            self.choices[name].setToolTip(_TIPS[name])
            self.choices[name].setAccessibleDescription(f"{text}. {_TIPS[name]}.")

    def show_measuring(self, reached: tuple[int, int] | None) -> None:
        """How many of how many short erases are done; None: nothing is measured now."""
        self.measuring = reached is not None
        self.button.setText("Cancel" if self.measuring else "Measure")
        self.button.setAccessibleName("Cancel measuring" if self.measuring else "Measure the speeds")
        self.button.setToolTip(
            "Stop measuring" if self.measuring else "Erase shortly from a test picture to know how long each takes here"
        )
        if reached is not None:
            done, total = reached
            self.progress.setText(f"Measuring: {done + 1} of {total}…" if total else "Measuring…")
        self.progress.setVisible(self.measuring)

    @Slot()
    def _on_button(self) -> None:
        (self.stopAsked if self.measuring else self.measureAsked).emit()

    def _on_choice(self, name: str) -> None:
        if name != CUSTOM:
            self.chosen.emit(name)
