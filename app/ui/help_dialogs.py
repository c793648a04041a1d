"""About, and the list of shortcuts."""

from __future__ import annotations

from importlib import metadata

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QLabel,
    QMessageBox,
    QVBoxLayout,
    QWidget,
)

from app.ui.actions import CANVAS_KEYS, Actions, native

_ABOUT = """<h3>Moebius {version}</h3>
<p>Brush over a thing in a photo and it is gone. Everything happens on this computer;
no picture leaves it.</p>
<p>Free software under the Apache License 2.0. Icons: Lucide (ISC).</p>"""


def show_about(parent: QWidget) -> None:
    """Who this is."""
    try:
        version = metadata.version("moebius")
    except metadata.PackageNotFoundError:
        version = ""
    QMessageBox.about(parent, "About Moebius", _ABOUT.format(version=version))


def shortcuts_dialog(parent: QWidget, actions: Actions) -> QDialog:
    """Every key there is, in two columns; not shown yet."""
    found = [value for value in vars(actions).values() if hasattr(value, "shortcut")]
    rows = [(action.iconText(), native(action)) for action in (*actions.tools.values(), *found)]
    rows = [*CANVAS_KEYS, *((name, keys) for name, keys in rows if keys)]
    dialog = QDialog(parent)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setWindowTitle("Shortcuts")
    grid = QGridLayout()
    grid.setHorizontalSpacing(16)
    grid.setVerticalSpacing(7)
    grid.setColumnMinimumWidth(2, 24)
    half = (len(rows) + 1) // 2
    for index, (name, keys) in enumerate(rows):
        column = 0 if index < half else 3
        key = QLabel(keys)
        key.setObjectName("key")
        grid.addWidget(QLabel(name), index % half, column)
        grid.addWidget(key, index % half, column + 1, Qt.AlignmentFlag.AlignLeft)
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    buttons.rejected.connect(dialog.reject)
    box = QVBoxLayout(dialog)
    box.setContentsMargins(20, 18, 20, 16)
    box.setSpacing(16)
    box.addLayout(grid)
    box.addWidget(buttons)
    return dialog
