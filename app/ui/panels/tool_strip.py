"""The tool strip at the left."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QToolButton, QVBoxLayout, QWidget

from app.ui.support import theme

_BUTTON, _GAP, _LINE = 36, 4, 17  # px of the design: a button, between buttons, a line with its room


class ToolStrip(QFrame):
    """Groups of actions as icons, one below the other, side by side in a window too low for that."""

    def __init__(self, groups: Sequence[Sequence[QAction]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("toolStrip")
        self.setAccessibleName("Tools")
        self._columns = 1
        self._groups: list[tuple[QGridLayout, list[QToolButton]]] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 8, 6, 8)
        column.setSpacing(8)
        for index, group in enumerate(groups):
            if index:
                line = QFrame()
                line.setObjectName("line")
                line.setFixedHeight(1)
                column.addWidget(line)
            grid = QGridLayout()
            grid.setSpacing(_GAP)
            column.addLayout(grid)
            self._groups.append((grid, [_button(action) for action in group]))
        column.addStretch(1)
        self._arrange()

    def minimumSizeHint(self) -> QSize:
        return QSize(super().minimumSizeHint().width(), self._height(2))

    def resizeEvent(self, event: QResizeEvent) -> None:
        columns = 1 if self._height(1) <= self.height() else 2
        if columns != self._columns:
            self._columns = columns
            self._arrange()
        super().resizeEvent(event)

    def _height(self, columns: int) -> int:
        rows = sum(-(-len(buttons) // columns) for _grid, buttons in self._groups)
        return rows * (theme.px(_BUTTON) + _GAP) + (len(self._groups) - 1) * _LINE + 16

    def _arrange(self) -> None:
        for grid, buttons in self._groups:
            for number, button in enumerate(buttons):
                grid.addWidget(button, number // self._columns, number % self._columns)
        self.updateGeometry()


def _button(action: QAction) -> QToolButton:
    button = QToolButton()
    button.setDefaultAction(action)
    theme.fix(button, _BUTTON, _BUTTON, icon=22)
    button.setAccessibleName(action.iconText())
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button
