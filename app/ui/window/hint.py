"""The first hint, which floats over the canvas."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QWidget

from app.ui.support import theme

FIRST_HINT = "Brush over a thing (B) or have it found (O), Erase (Ctrl+Enter), mend by hand (C, J)"
_MARGIN = 20


class Hint(QFrame):
    """Stays at the lower middle of its parent until sent away."""

    dismissed = Signal()

    def __init__(self, text: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("hint")
        self.setAccessibleName(text)
        label = QLabel(text)
        mark = QLabel()
        theme.set_mark(mark, "brush", 18, "float_ink")
        self.close_button = QToolButton()
        theme.set_icon(self.close_button, "x", "float_ink")
        self.close_button.setToolTip("Do not show this hint again")
        self.close_button.setAccessibleName("Do not show this hint again")
        self.close_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.close_button.clicked.connect(self.dismissed)
        self.setCursor(Qt.CursorShape.ArrowCursor)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 8, 8, 8)
        row.setSpacing(10)
        for widget in (mark, label, self.close_button):
            row.addWidget(widget)
        self._over = parent
        parent.installEventFilter(self)
        self.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def pop_up(self) -> None:
        """Show the hint."""
        self.show()
        self._place()
        self.raise_()

    def _place(self) -> None:
        self.adjustSize()
        parent = self._over
        left = (parent.width() - self.width()) // 2
        self.move(max(0, left), parent.height() - self.height() - _MARGIN)
