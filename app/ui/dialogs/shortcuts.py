"""The shortcut editor: see and change the keys of every command."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QColor, QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.ui.commands import CANVAS_KEYS, MENUS, Actions, normal, score
from app.ui.support import theme

_NAME = Qt.ItemDataRole.UserRole


class ShortcutEditor(QDialog):
    """Nothing is changed before OK; two commands with the same keys cannot be confirmed."""

    def __init__(self, window: QWidget, actions: Actions) -> None:
        super().__init__(window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Shortcuts")
        self._actions = actions
        self.keys: dict[str, tuple[str, ...]] = {name: actions.keys(name) for name in actions.commands}
        self.search = QLineEdit()
        self.search.setPlaceholderText("Find a command or a key")
        self.search.setAccessibleName("Find a command or a key")
        self.tree = QTreeWidget()
        self.tree.setAccessibleName("Commands and their keys")
        self.tree.setHeaderLabels(["Command", "Keys"])
        self.tree.header().setStretchLastSection(True)
        self.edit = QKeySequenceEdit()
        self.edit.setMaximumSequenceLength(1)
        self.edit.setAccessibleName("New keys for the command chosen")
        self.caption = QLabel()
        self.caption.setBuddy(self.edit)
        self.clear_button, self.reset_button = QPushButton("&Remove"), QPushButton("Re&set")
        self.clear_button.setToolTip("The command chosen gets no keys")
        self.reset_button.setToolTip("The command chosen gets its own keys back")
        self.conflict = QLabel()
        self.conflict.setObjectName("conflict")
        self.conflict.setWordWrap(True)
        self.conflict.setAccessibleName("Conflict")
        row = QHBoxLayout()
        row.addWidget(self.caption)
        row.addWidget(self.edit, 1)
        row.addWidget(self.clear_button)
        row.addWidget(self.reset_button)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self.ok = buttons.button(QDialogButtonBox.StandardButton.Ok)
        self.reset_all = buttons.addButton("Reset &All", QDialogButtonBox.ButtonRole.ResetRole)
        for button in (self.clear_button, self.reset_button, self.reset_all):
            button.setAutoDefault(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(12)
        column.addWidget(self.search)
        column.addWidget(self.tree, 1)
        column.addLayout(row)
        column.addWidget(self.conflict)
        column.addWidget(buttons)
        self._items: dict[str, QTreeWidgetItem] = {}
        self._fill()
        self.search.textChanged.connect(self._filter)
        self.tree.currentItemChanged.connect(self._on_chosen)
        self.edit.keySequenceChanged.connect(self._on_keys)
        self.clear_button.clicked.connect(lambda: self.change(()))
        self.reset_button.clicked.connect(lambda: self.change(normal(actions.commands[self.chosen].keys)))
        self.reset_all.clicked.connect(self._reset_all)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self.resize(theme.px(600), theme.px(560))
        self.tree.setColumnWidth(0, theme.px(320))
        self.choose("open")

    @property
    def chosen(self) -> str:
        """The command whose keys are shown to be changed, empty where none is."""
        item = self.tree.currentItem()
        return str(item.data(0, _NAME) or "") if item is not None else ""

    def choose(self, name: str) -> None:
        """Go to a command."""
        self.tree.setCurrentItem(self._items[name])

    def change(self, keys: tuple[str, ...]) -> None:
        """Give the command chosen other keys."""
        if self.chosen:
            self.keys[self.chosen] = keys
            self._show()

    def conflicts(self) -> dict[str, list[str]]:
        """Keys that several commands have, with these commands."""
        users: dict[str, list[str]] = {}
        for name, keys in self.keys.items():
            for key in keys:
                users.setdefault(key, []).append(name)
        return {key: names for key, names in users.items() if len(names) > 1}

    def accept(self) -> None:
        """Put the keys on."""
        self._actions.set_keys(self.keys)
        super().accept()

    def _fill(self) -> None:
        for menu in MENUS:
            group = QTreeWidgetItem(self.tree, [menu.replace("&", "")])
            for name, command in self._actions.commands.items():
                if command.menu == menu:
                    item = QTreeWidgetItem(group, [command.name])
                    item.setToolTip(0, command.help)
                    item.setData(0, _NAME, name)
                    self._items[name] = item
        group = QTreeWidgetItem(self.tree, ["On the canvas"])
        for text, keys in CANVAS_KEYS:
            item = QTreeWidgetItem(group, [text, keys])
            item.setToolTip(0, "These keys cannot be changed")
        self.tree.expandAll()
        self._show()

    @Slot()
    def _show(self) -> None:
        conflicts = self.conflicts()
        in_conflict = {name for names in conflicts.values() for name in names}
        for name, item in self._items.items():
            item.setText(1, ",  ".join(_native(key) for key in self.keys[name]))
            role = "error_ink" if name in in_conflict else "ink"
            item.setForeground(1, QColor(theme.colour(role)))
            font = item.font(0)
            font.setBold(self.keys[name] != normal(self._actions.commands[name].keys))
            item.setFont(0, font)
        lines = []
        for key, names in conflicts.items():
            titles = " and ".join(f"“{self._actions.commands[name].name}”" for name in names)
            lines.append(f"{_native(key)} is used by {titles}: give one of them other keys.")
        self.conflict.setText("\n".join(lines))
        self.conflict.setVisible(bool(lines))
        self.ok.setEnabled(not lines)
        self._on_chosen()

    @Slot()
    def _on_chosen(self) -> None:
        name = self.chosen
        for widget in (self.edit, self.clear_button, self.reset_button):
            widget.setEnabled(bool(name))
        self.caption.setText("&New keys")
        self.edit.blockSignals(True)
        keys = self.keys.get(name, ())
        self.edit.setKeySequence(QKeySequence(keys[0]) if keys else QKeySequence())
        self.edit.blockSignals(False)

    @Slot(QKeySequence)
    def _on_keys(self, keys: QKeySequence) -> None:
        text = keys.toString(QKeySequence.SequenceFormat.PortableText)
        self.change((text,) if text else ())

    @Slot()
    def _reset_all(self) -> None:
        self.keys = {name: normal(command.keys) for name, command in self._actions.commands.items()}
        self._show()

    @Slot(str)
    def _filter(self, query: str) -> None:
        for row in range(self.tree.topLevelItemCount()):
            group = self.tree.topLevelItem(row)
            assert group is not None
            seen = False
            for number in range(group.childCount()):
                item = group.child(number)
                text = f"{item.text(0)} {item.text(1)} {group.text(0)}"
                hidden = score(query, text) is None and query.lower() not in text.lower()
                item.setHidden(hidden)
                seen = seen or not hidden
            group.setHidden(not seen)


def _native(key: str) -> str:
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)
