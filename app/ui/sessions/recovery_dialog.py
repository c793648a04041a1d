"""The recovery dialog: a list of pictures that were not saved when the program ended."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QDateTime, QLocale, QSize, Qt, Signal, Slot
from PySide6.QtGui import QIcon, QImage, QPainter, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.document.session import EXPIRE_DAYS, UnsavedSession
from app.ui.support import theme

_ICON = (96, 72)


class RecoveryDialog(QDialog):
    """Which of them to restore or to discard; closing it leaves them for later."""

    restoreAsked = Signal(object)  # list[int], rows
    discardAsked = Signal(object)  # list[int]

    def __init__(self, window: QWidget, pictures: Sequence[tuple[UnsavedSession, QImage]]) -> None:
        super().__init__(window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Unsaved pictures")
        title = QLabel("Moebius ended before these were saved")
        title.setObjectName("title")
        text = QLabel(
            "Each comes back with its mask and every step. One opens in this window, each further one in a window "
            f"of its own. What is left for later is kept for {EXPIRE_DAYS} days."
        )
        text.setObjectName("faint")
        text.setWordWrap(True)
        self.list = QListWidget()
        self.list.setAccessibleName("Unsaved pictures")
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.list.setIconSize(QSize(theme.px(_ICON[0]), theme.px(_ICON[1])))
        self.list.setSpacing(2)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.list.itemSelectionChanged.connect(self._update)
        self.list.itemActivated.connect(lambda _: self._restore())
        buttons = QDialogButtonBox()
        role = QDialogButtonBox.ButtonRole
        self.restore = buttons.addButton("&Restore", role.AcceptRole)
        self.restore.setObjectName("primary")
        self.restore_all = buttons.addButton("Restore &All", role.AcceptRole)
        self.later = buttons.addButton("&Later", role.RejectRole)
        self.discard = buttons.addButton("&Discard…", role.DestructiveRole)
        self.restore.clicked.connect(self._restore)
        self.restore_all.clicked.connect(self._restore_all)
        self.discard.clicked.connect(lambda: self.discardAsked.emit(self._rows()))
        self.later.clicked.connect(self.reject)
        self.restore.setDefault(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(12)
        column.addWidget(title)
        column.addWidget(text)
        column.addWidget(self.list, 1)
        column.addWidget(buttons)
        self.resize(theme.px(580), theme.px(420))
        self.show_pictures(pictures)

    def show_pictures(self, pictures: Sequence[tuple[UnsavedSession, QImage]]) -> None:
        """Show these, the first one chosen."""
        self.list.clear()
        for lost, image in pictures:
            item = QListWidgetItem(_icon(image), describe(lost))
            item.setToolTip(lost.state.session or lost.state.path or lost.state.name)
            self.list.addItem(item)
        self.restore_all.setVisible(len(pictures) > 1)
        if pictures:
            self.list.setCurrentRow(0)
        self._update()

    def _rows(self) -> list[int]:
        return sorted(self.list.row(item) for item in self.list.selectedItems())

    @Slot()
    def _restore(self) -> None:
        rows = self._rows()
        if rows:
            self.restoreAsked.emit(rows)

    @Slot()
    def _restore_all(self) -> None:
        self.restoreAsked.emit(list(range(self.list.count())))

    @Slot()
    def _update(self) -> None:
        chosen = bool(self.list.selectedItems())
        self.restore.setEnabled(chosen)
        self.discard.setEnabled(chosen)


def describe(lost: UnsavedSession) -> str:
    """Two lines: what it is, and how it was left."""
    state = lost.state
    name = Path(state.session or state.path or state.name).name
    when = QLocale().toString(QDateTime.fromSecsSinceEpoch(int(state.time)), QLocale.FormatType.ShortFormat)
    steps = "1 step" if len(state.steps) == 1 else f"{len(state.steps)} steps"
    return f"{name}\n{when}  ·  {state.form.width} × {state.form.height} px  ·  {steps}"


def _icon(image: QImage) -> QIcon:
    """The picture in the middle of a field of one size, so that the names stand below each other."""
    field = QPixmap(2 * theme.px(_ICON[0]), 2 * theme.px(_ICON[1]))
    field.fill(Qt.GlobalColor.transparent)
    if image.isNull():
        return QIcon(field)
    small = image.scaled(field.size(), Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)
    painter = QPainter(field)
    painter.drawImage((field.width() - small.width()) // 2, (field.height() - small.height()) // 2, small)
    painter.end()
    return QIcon(field)
