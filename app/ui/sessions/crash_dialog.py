"""The dialog of crash reports, to read, copy or delete."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from PySide6.QtCore import QDateTime, QLocale, Qt, Signal, Slot
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from app.ui.support import ComboBox, theme


class CrashDialog(QDialog):
    """One report at a time."""

    folderAsked = Signal()
    deleteAsked = Signal(str)  # the file's name

    def __init__(self, window: QWidget, reports: Sequence[tuple[str, str]], *, new: bool) -> None:
        """``reports`` are file names and texts, the newest first; ``new``: they are shown at the start."""
        super().__init__(window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Crash reports")
        self._texts = dict(reports)
        title = QLabel("Something went wrong the last time" if new else "Crash reports")
        title.setObjectName("title")
        text = QLabel(
            "What is known about it is below. It names no picture, it is kept on this computer, and nothing is ever "
            "sent. If you want to tell the makers of Moebius, copy it into your message."
        )
        text.setObjectName("faint")
        text.setWordWrap(True)
        self.choice = ComboBox()
        self.choice.setAccessibleName("Report")
        for name, _ in reports:
            self.choice.addItem(_when(name), name)
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setAccessibleName("Text of the report")
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        role = QDialogButtonBox.ButtonRole
        self.copy = buttons.addButton("&Copy", role.ActionRole)
        self.folder = buttons.addButton("Open &Folder", role.ActionRole)
        self.delete = buttons.addButton("&Delete", role.DestructiveRole)
        for button in (self.copy, self.folder, self.delete):
            button.setAutoDefault(False)  # Enter closes, and deletes nothing
        self.close_button = buttons.button(QDialogButtonBox.StandardButton.Close)
        self.close_button.setDefault(True)
        self.close_button.setFocus()
        self.choice.currentIndexChanged.connect(self._show)
        self.copy.clicked.connect(self._copy)
        self.folder.clicked.connect(self.folderAsked)
        self.delete.clicked.connect(self._delete)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(12)
        column.addWidget(title)
        column.addWidget(text)
        column.addWidget(self.choice)
        column.addWidget(self.text, 1)
        column.addWidget(buttons)
        self.resize(theme.px(680), theme.px(520))
        self._show()

    @Slot()
    def _show(self) -> None:
        self.text.setPlainText(self._texts.get(self.choice.currentData(), ""))
        self.choice.setVisible(self.choice.count() > 1)

    @Slot()
    def _copy(self) -> None:
        self.text.selectAll()
        self.text.copy()

    @Slot()
    def _delete(self) -> None:
        self.deleteAsked.emit(self.choice.currentData())
        self.choice.removeItem(self.choice.currentIndex())
        if self.choice.count() == 0:
            self.accept()


def _when(name: str) -> str:
    """The time in a report's name, as people here write it."""
    try:
        when = datetime.strptime(name[7:22], "%Y%m%d-%H%M%S")
    except ValueError:
        return name
    return QLocale().toString(QDateTime.fromSecsSinceEpoch(int(when.timestamp())), QLocale.FormatType.ShortFormat)
