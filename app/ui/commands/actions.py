"""Qt actions of all commands, with the shortcuts the user gave them, in menus."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping

from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu, QWidget

from app.canvas.tools import Tool
from app.ui.commands.table import COMMANDS, MENUS, Command
from app.ui.support import Settings, settings, theme


class Actions:
    """One ``QAction`` for every command, as an attribute of the command's name; who answers connects to it."""

    def __init__(self, window: QMainWindow, store: Settings) -> None:
        self._window, self._settings = window, store
        self.commands: dict[str, Command] = {command.id: command for command in COMMANDS}
        self._actions = {command.id: self._make(command) for command in COMMANDS}
        self.tools: dict[Tool, QAction] = {tool: self[f"tool_{tool.name.lower()}"] for tool in Tool}
        group = QActionGroup(window)
        for action in self.tools.values():
            group.addAction(action)
        self.tools[Tool.BRUSH].setChecked(True)
        self.recent = QMenu("Open &Recent", window)
        self.menus: dict[str, QMenu] = {}  # by their titles
        self._fill_menus()
        self._put_on(self._chosen())

    def __getitem__(self, name: str) -> QAction:
        return self._actions[name]

    def __getattr__(self, name: str) -> QAction:
        try:
            return self.__dict__["_actions"][name]
        except KeyError:
            raise AttributeError(f"there is no command {name}") from None

    def need_picture(self) -> Iterable[QAction]:
        """The commands that make no sense before a picture is open."""
        return [self[command.id] for command in COMMANDS if command.picture]

    def name_steps(self, undo: str, redo: str) -> None:
        """Say what the next undo and redo would do."""
        for name, step in (("undo", undo), ("redo", redo)):
            action = self[name]
            action.setText(f"{self.commands[name].text} {step}".rstrip())
            self._tell(action, f"{self.commands[name].name} {step}".rstrip())

    # -- shortcuts -------------------------------------------------------------------------

    def keys(self, name: str) -> tuple[str, ...]:
        """The shortcuts a command has now, as portable text."""
        return tuple(_text(keys) for keys in self[name].shortcuts())

    def set_keys(self, chosen: Mapping[str, tuple[str, ...]]) -> None:
        """Give commands other shortcuts, and remember them; commands not named get their own back."""
        others = {name: list(keys) for name, keys in chosen.items() if keys != normal(self.commands[name].keys)}
        self._settings.set(settings.SHORTCUTS, json.dumps(others))
        self._put_on(self._chosen())

    def _chosen(self) -> dict[str, tuple[str, ...]]:
        try:
            known = json.loads(self._settings.get(settings.SHORTCUTS))
            return {name: tuple(map(str, keys)) for name, keys in known.items() if name in self.commands}
        except (ValueError, AttributeError, TypeError):  # a file somebody has edited
            return {}

    def _put_on(self, chosen: Mapping[str, tuple[str, ...]]) -> None:
        for name, command in self.commands.items():
            keys = chosen.get(name, command.keys)
            self[name].setShortcuts([QKeySequence(key) for key in keys])
            self._tell(self[name], command.name)

    @staticmethod
    def _tell(action: QAction, name: str) -> None:
        keys = native(action)
        action.setToolTip(f"{name}  ({keys})" if keys else name)

    # -- building --------------------------------------------------------------------------

    def show_recent(self, paths: list[str], open_path: Callable[[str], None], clear: Callable[[], None]) -> None:
        """Fill the menu of pictures opened last."""
        self.recent.clear()
        for path in paths:
            # An ampersand would be taken for an underlined letter.
            action = self.recent.addAction(path.replace("&", "&&"))
            action.triggered.connect(lambda _checked=False, path=path: open_path(path))
        self.recent.setEnabled(bool(paths))
        if paths:
            self.recent.addSeparator()
            self.recent.addAction("Clear This List").triggered.connect(lambda: clear())

    def _make(self, command: Command) -> QAction:
        action = QAction(command.text, self._window)
        action.setObjectName(command.id)
        if command.icon:
            theme.set_icon(action, command.icon)
        action.setIconText(command.name)
        action.setStatusTip(command.help)
        action.setWhatsThis(command.help)
        action.setCheckable(command.checkable)
        # Else a Mac would move them by the words in their texts.
        roles = {"quit": QAction.MenuRole.QuitRole, "about": QAction.MenuRole.AboutRole}
        roles["preferences"] = QAction.MenuRole.PreferencesRole
        action.setMenuRole(roles.get(command.id, QAction.MenuRole.NoRole))
        self._window.addAction(action)
        return action

    def _fill_menus(self) -> None:
        for title in MENUS:
            menu = self.menus[title] = self._window.menuBar().addMenu(title)
            for command in COMMANDS:
                if command.menu != title:
                    continue
                if command.line:
                    menu.addSeparator()
                menu.addAction(self[command.id])
                if command.id == "open":
                    menu.addMenu(self.recent)


def native(action: QAction) -> str:
    """The action's first shortcut as this system writes it; empty where it has none."""
    return action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)


def follow_tip(widget: QWidget, action: QAction) -> None:
    """Let a widget say what the action says, also when its keys change."""
    action.changed.connect(lambda: widget.setToolTip(action.toolTip()))
    widget.setToolTip(action.toolTip())


def normal(keys: Iterable[str]) -> tuple[str, ...]:
    """Shortcuts as Qt writes them on every system."""
    return tuple(_text(QKeySequence(key)) for key in keys)


def _text(keys: QKeySequence) -> str:
    return keys.toString(QKeySequence.SequenceFormat.PortableText)
