"""The message banner: a bar in the window, which waits for nobody."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.ui.support import Level, Message, theme

_ICONS = {Level.ERROR: ("circle-alert", 20, "error_ink"), Level.INFO: ("info", 20, "ink")}


class MessageBanner(QFrame):
    """Shows the newest message until it is sent away."""

    dismissed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self.setAccessibleName("Message")
        self._icon, self._text = QLabel(), QLabel()
        self._text.setWordWrap(True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self.offer = QPushButton()
        self.offer.setAccessibleName("Do what this message offers")
        self.details = QPushButton("Details…")
        self.details.setAccessibleName("Show details of this message")
        self.close_button = QToolButton()
        theme.set_icon(self.close_button, "x")
        self.close_button.setToolTip("Close this message")
        self.close_button.setAccessibleName("Close this message")
        for button in (self.offer, self.details, self.close_button):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 8, 8)
        row.setSpacing(10)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._text, 1)
        row.addWidget(self.offer)
        row.addWidget(self.details)
        row.addWidget(self.close_button)
        self.offer.clicked.connect(self._accept)
        self.details.clicked.connect(self._show_details)
        self.close_button.clicked.connect(self.dismiss)
        self.message: Message | None = None
        self.hide()

    @Slot(object)
    def show_message(self, message: Message) -> None:
        """Show ``message`` in place of the one before."""
        self.message = message
        theme.set_mark(self._icon, *_ICONS[message.level])
        self._text.setText(message.text)
        self.setAccessibleDescription(message.text)
        self.offer.setVisible(message.offer is not None)
        self.offer.setText("" if message.offer is None else message.offer.title)
        self.details.setVisible(bool(message.details))
        self.setProperty("level", message.level.value)
        self.style().unpolish(self)
        self.style().polish(self)
        self.show()

    @Slot()
    def dismiss(self) -> None:
        """Send the message away."""
        self.message = None
        self.hide()
        self.dismissed.emit()

    @Slot()
    def _accept(self) -> None:
        offer = self.message.offer if self.message is not None else None
        self.dismiss()
        if offer is not None:
            offer.accept()

    @Slot()
    def _show_details(self) -> None:
        if self.message is None:
            return
        dialog = QDialog(self.window())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle("Details")
        dialog.resize(720, 420)
        text = QPlainTextEdit(f"{self.message.text}\n\n{self.message.details}")
        text.setReadOnly(True)
        text.setAccessibleName("Details")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        copy = buttons.addButton("Copy", QDialogButtonBox.ButtonRole.ActionRole)
        copy.clicked.connect(text.selectAll)
        copy.clicked.connect(text.copy)
        buttons.rejected.connect(dialog.reject)
        column = QVBoxLayout(dialog)
        column.addWidget(text)
        column.addWidget(buttons)
        dialog.show()
