"""The Erase button, which is Cancel while an erase runs, with its progress."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtWidgets import QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from app.engine.protocol import EraseProgress
from app.ui import theme


class EraseBar(QWidget):
    """Always in sight at the panel's foot."""

    eraseRequested = Signal()
    cancelRequested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("eraseBar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.label = QLabel()
        self.label.setObjectName("faint")
        self.label.setAccessibleName("Progress")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(6)
        self.bar.setAccessibleName("Progress of the erase")
        for widget in (self.label, self.bar):
            policy = widget.sizePolicy()
            policy.setRetainSizeWhenHidden(True)  # the button must not move under the pointer
            widget.setSizePolicy(policy)
        self.button = QPushButton()
        self.button.setObjectName("erase")
        self.button.setIconSize(QSize(20, 20))
        self.button.setMinimumHeight(42)
        self.button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.button.clicked.connect(self._on_click)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 10, 16, 16)
        column.setSpacing(6)
        column.addWidget(self.label)
        column.addWidget(self.bar)
        column.addSpacing(4)
        column.addWidget(self.button)
        self._running = False
        self.set_running(False)

    def set_running(self, running: bool) -> None:
        """Offer to cancel instead, and show progress."""
        self._running = running
        self.bar.setRange(0, 0)
        self.label.setVisible(running)
        self.bar.setVisible(running)
        self.button.setProperty("running", running)
        self.button.style().unpolish(self.button)
        self.button.style().polish(self.button)
        self.button.setText(" Cancel" if running else " Erase")
        self.button.setToolTip("Cancel: the picture stays as it was  (Esc)" if running else "Erase  (Ctrl+Enter)")
        self.button.setAccessibleName("Cancel" if running else "Erase")
        ink = theme.INK if running else theme.INK_ON_ACCENT
        self.button.setIcon(theme.icon("x" if running else "wand-sparkles", ink))

    def show_progress(self, progress: EraseProgress) -> None:
        """How far the erase is."""
        # Nobody knows how long the draft takes: a bar that only moves to and fro.
        self.bar.setRange(0, progress.total if progress.step else 0)
        self.bar.setValue(progress.step)
        self.label.setText(progress_text(progress))

    @Slot()
    def _on_click(self) -> None:
        (self.cancelRequested if self._running else self.eraseRequested).emit()


def progress_text(progress: EraseProgress) -> str:
    """E.g. ``Step 3 of 12, about 8 s left``."""
    if progress.step == 0:
        return "Making a first draft…"
    text = f"Step {progress.step} of {progress.total}"
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
