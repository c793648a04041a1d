"""The slim strip of tools at the left."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QToolButton, QVBoxLayout, QWidget

from app.ui import theme


class ToolStrip(QFrame):
    """Groups of actions as icons, one below the other, with a line between the groups."""

    def __init__(self, groups: Sequence[Sequence[QAction]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("toolStrip")
        self.setAccessibleName("Tools")
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 8, 6, 8)
        column.setSpacing(4)
        for index, group in enumerate(groups):
            if index:
                line = QFrame()
                line.setObjectName("line")
                line.setFixedHeight(1)
                column.addSpacing(4)
                column.addWidget(line)
                column.addSpacing(4)
            for action in group:
                button = QToolButton()
                button.setDefaultAction(action)
                theme.fix(button, 36, 36, icon=22)
                button.setAccessibleName(action.iconText())
                button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
                column.addWidget(button)
        column.addStretch(1)
