"""The Erase button, which is Cancel while an erase runs and Keep while there is a choice, with its progress."""

from __future__ import annotations

from enum import Enum

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from app.engine.protocol import EraseProgress
from app.ui.commands import Actions
from app.ui.support import check, theme

_STAGES = {"encoding": "Encoding the picture", "denoising": "Denoising", "decoding": "Decoding the result"}


class BarState(Enum):
    """What the large button does: text, icon, the icon's colour, the command."""

    IDLE = ("Erase", "wand-sparkles", "on_accent", "erase")
    RUNNING = ("Cancel", "x", "ink", "cancel")
    CHOOSING = ("Keep", "check", "on_accent", "keep")


class EraseBar(QWidget):
    """Always in sight at the panel's foot."""

    def __init__(self, actions: Actions) -> None:
        super().__init__()
        self.setObjectName("eraseBar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._actions = actions
        self.label = QLabel()
        self.label.setObjectName("faint")
        self.label.setAccessibleName("Progress")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        theme.fix(self.bar, height=6)
        self.bar.setAccessibleName("Progress of the erase")
        for widget in (self.label, self.bar):
            policy = widget.sizePolicy()
            policy.setRetainSizeWhenHidden(True)  # the button must not move under the pointer
            widget.setSizePolicy(policy)
        self.button = QPushButton()
        self.button.setObjectName("erase")
        theme.fix(self.button, height=42, icon=20)
        self.button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.button.clicked.connect(self._on_click)
        self.again = QPushButton()
        theme.set_icon(self.again, "refresh-cw")
        theme.fix(self.again, 46, 42, icon=18)
        self.again.setStyleSheet("padding: 0;")
        self.again.setAccessibleName(actions.again.iconText())
        self.again.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.again.clicked.connect(actions.again.trigger)
        self.live = check("Erase as you paint")
        self.live.setChecked(actions.live.isChecked())
        self.live.clicked.connect(actions.live.trigger)
        actions.live.toggled.connect(self.live.setChecked)
        for action in (actions.erase, actions.cancel, actions.keep, actions.again, actions.live):
            action.changed.connect(self._follow)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.button, 1)
        row.addWidget(self.again)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 8, 16, 14)
        column.setSpacing(6)
        column.addWidget(self.label)
        column.addWidget(self.bar)
        column.addSpacing(2)
        column.addLayout(row)
        column.addWidget(self.live)
        self.state = BarState.IDLE
        self.show_state(BarState.IDLE)
        self._follow()

    def show_state(self, state: BarState) -> None:
        """Offer what can be done now; progress begins anew where something runs."""
        running = state is BarState.RUNNING
        if not (running and self.state is BarState.RUNNING):
            self.bar.setRange(0, 0)
        self.state = state
        self.label.setVisible(state is not BarState.IDLE)
        self.bar.setVisible(running)
        text, icon, role, command = state.value
        self.button.setProperty("running", running)
        self.button.style().unpolish(self.button)
        self.button.style().polish(self.button)
        self.button.setText(f" {text}")
        self.button.setAccessibleName(text)
        self.button.setToolTip(self._actions[command].toolTip())
        theme.set_icon(self.button, icon, role)

    def show_progress(self, progress: EraseProgress, which: str = "") -> None:
        """How far the erase is; ``which`` says which result of several."""
        # Nobody knows how long the draft takes: a bar that only moves to and fro.
        self.bar.setRange(0, progress.total if progress.step else 0)
        self.bar.setValue(progress.step)
        self.label.setText(which + progress_text(progress))

    @Slot()
    def _on_click(self) -> None:
        self._actions[self.state.value[3]].trigger()

    @Slot()
    def _follow(self) -> None:
        self.again.setEnabled(self._actions.again.isEnabled())
        self.button.setToolTip(self._actions[self.state.value[3]].toolTip())
        self.again.setToolTip(self._actions.again.toolTip())
        self.live.setToolTip(self._actions.live.toolTip())


def progress_text(progress: EraseProgress) -> str:
    """E.g. ``Step 3 of 12, about 8 s left``."""
    stage = _STAGES.get(progress.stage, "")
    if progress.step == 0:
        return f"{stage or 'Making a first draft'}…"
    text = f"Step {progress.step} of {progress.total}"
    if stage and progress.stage != "denoising":
        return f"{text}: {stage.lower()}…"
    if progress.seconds_left is None:
        return text
    return f"{text}, {time_text(progress.seconds_left)} left"


def time_text(seconds: float) -> str:
    """A duration as a person would say it: ``about 8 s``, ``about 3 min``."""
    if seconds < 1:
        return "less than 1 s"
    if seconds < 90:
        return f"about {round(seconds)} s"
    return f"about {round(seconds / 60)} min"
