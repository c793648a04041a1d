"""The command palette: a searchable list of all commands."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Slot
from PySide6.QtGui import QColor, QIcon, QKeyEvent, QPixmap
from PySide6.QtWidgets import QDialog, QLineEdit, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from app.ui.commands.actions import Actions, native
from app.ui.commands.fuzzy import score
from app.ui.support import Settings, settings, theme

_RECENT = 8
_UP_DOWN = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)
_SELF = "find"


class CommandList(QDialog):
    """Type some letters, choose with the arrows, run with Return. Commands run before come first."""

    def __init__(self, window: QWidget, actions: Actions, store: Settings) -> None:
        super().__init__(window, Qt.WindowType.Popup)
        self.setObjectName("commandList")
        self.setWindowTitle("Find a command")
        self._actions, self._settings = actions, store
        self.search = QLineEdit()
        self.search.setPlaceholderText("Find a command")
        self.search.setAccessibleName("Find a command")
        self.search.setClearButtonEnabled(False)
        self.search.installEventFilter(self)
        self.list = QTreeWidget()
        self.list.setAccessibleName("Commands found")
        self.list.setColumnCount(2)
        self.list.setHeaderHidden(True)
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setIconSize(QSize(theme.px(16), theme.px(16)))
        blank = QPixmap(theme.px(16), theme.px(16))
        blank.fill(Qt.GlobalColor.transparent)
        self._blank = QIcon(blank)  # keeps the names in line
        self.list.header().setStretchLastSection(False)
        self.list.header().setSectionResizeMode(0, self.list.header().ResizeMode.Stretch)
        self.list.header().setSectionResizeMode(1, self.list.header().ResizeMode.ResizeToContents)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 10, 10, 10)
        column.setSpacing(8)
        column.addWidget(self.search)
        column.addWidget(self.list, 1)
        self.search.textChanged.connect(self._fill)
        self.search.returnPressed.connect(self._run)
        self.list.itemClicked.connect(self._run)
        self.resize(theme.px(520), theme.px(380))
        top = window.mapToGlobal(window.rect().topLeft())
        self.move(top.x() + (window.width() - self.width()) // 2, top.y() + theme.px(64))
        self._fill("")
        self.search.setFocus()

    def names(self) -> list[str]:
        """The commands found, the best first."""
        items = [self.list.topLevelItem(row) for row in range(self.list.topLevelItemCount())]
        return [item.data(0, Qt.ItemDataRole.UserRole) for item in items if item is not None]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.key() in _UP_DOWN:
            self.list.event(event)
            return True
        return False

    @Slot(str)
    def _fill(self, query: str) -> None:
        recent = self._settings.get(settings.RECENT_COMMANDS)
        ranked = []
        for order, (name, command) in enumerate(self._actions.commands.items()):
            if name == _SELF:
                continue
            menu = command.menu.replace("&", "")
            found = [score(query, command.name), score(query, f"{menu} {command.name} {command.help}")]
            if found[1] is None:
                continue
            # Letters of the name itself count more than those of its explanation.
            points = max(2 * found[0] if found[0] is not None else 0, found[1])
            age = recent.index(name) if name in recent else _RECENT
            usable = self._actions[name].isEnabled()
            # Commands run before win over others as good; what cannot be done now comes last.
            key = (not usable, -(points + _RECENT - age), order) if query.strip() else (not usable, age, order)
            ranked.append((key, name, usable))
        self.list.clear()
        for _key, name, usable in sorted(ranked):
            self._add(name, usable)
        first = self.list.topLevelItem(0)
        if first is not None:
            self.list.setCurrentItem(first)

    def _add(self, name: str, usable: bool) -> None:
        command, action = self._actions.commands[name], self._actions[name]
        menu = command.menu.replace("&", "")
        item = QTreeWidgetItem([f"{menu}: {command.name}", native(action)])
        item.setData(0, Qt.ItemDataRole.UserRole, name)
        item.setToolTip(0, command.help)
        item.setIcon(0, action.icon() if command.icon else self._blank)
        item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        for column in (0, 1):
            if not usable:
                item.setForeground(column, QColor(theme.colour("ink_disabled")))
            elif column:
                item.setForeground(column, QColor(theme.colour("ink_faint")))
        self.list.addTopLevelItem(item)

    @Slot()
    def _run(self) -> None:
        if not self.list.selectedItems():
            return
        name = self.list.selectedItems()[0].data(0, Qt.ItemDataRole.UserRole)
        action = self._actions[name]
        if not action.isEnabled():
            return
        others = [other for other in self._settings.get(settings.RECENT_COMMANDS) if other != name]
        self._settings.set(settings.RECENT_COMMANDS, [name, *others][:_RECENT])
        self.close()
        QTimer.singleShot(0, action, action.trigger)  # once the keyboard is back where it was
