"""Every command of the window: its name, icon, shortcut and place in the menus."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu

from app.canvas.tools import Tool
from app.ui import theme

_Keys = str | QKeySequence.StandardKey

# Keys the canvas understands by itself, for the list of shortcuts.
CANVAS_KEYS = (
    ("Move the picture", "Space + drag, or the middle button"),
    ("Zoom about the pointer", "Wheel"),
    ("Brush size", "Ctrl+Wheel"),
    ("Eraser while held (with the eraser: brush)", "Alt"),
    ("Straight line from the last point", "Shift + click"),
    ("Show the picture before, while held", "Tab"),
)


class Actions:
    """The window's commands; who answers them connects to ``triggered``."""

    def __init__(self, window: QMainWindow) -> None:
        self._window = window
        keys = QKeySequence.StandardKey
        self.open = self._make("Open…", "folder-open", keys.Open)
        self.save = self._make("Save", "save", keys.Save)
        self.save_as = self._make("Save As…", "", "Ctrl+Shift+S")
        self.export = self._make("Export…", "download", "Ctrl+Shift+E")
        self.quit = self._make("Quit", "", "Ctrl+Q")
        self.undo = self._make("Undo", "undo-2", "Ctrl+Z")
        self.redo = self._make("Redo", "redo-2", "Ctrl+Shift+Z", "Ctrl+Y")
        self.clear_mask = self._make("Clear Mask", "trash-2", "Ctrl+D")
        self.invert_mask = self._make("Invert Mask", "contrast", "Ctrl+I")
        self.erase = self._make("Erase", "wand-sparkles", "Ctrl+Enter", "Ctrl+Return")
        self.cancel = self._make("Cancel Erase", "x", "Esc")
        self.smaller = self._make("Smaller Brush", "", "[")
        self.larger = self._make("Larger Brush", "", "]")
        self.zoom_in = self._make("Zoom In", "zoom-in", "Ctrl++", "Ctrl+=")
        self.zoom_out = self._make("Zoom Out", "zoom-out", "Ctrl+-")
        self.fit = self._make("Fit to Window", "maximize", "Ctrl+0")
        self.actual = self._make("Actual Size (100%)", "scan", "Ctrl+1")
        self.before = self._make("Show Before", "eye", "Ctrl+B")
        self.before.setCheckable(True)
        self.focus = self._make("Go to Canvas or Panel", "", "F6")
        self.shortcuts = self._make("Shortcuts", "keyboard", "F1")
        self.about = self._make("About Moebius", "info")

        self.tools: dict[Tool, QAction] = {
            Tool.BRUSH: self._make("Brush", "brush", "B"),
            Tool.ERASER: self._make("Eraser", "eraser", "E"),
            Tool.PAN: self._make("Hand", "hand", "H"),
        }
        group = QActionGroup(window)
        for action in self.tools.values():
            action.setCheckable(True)
            group.addAction(action)
        self.tools[Tool.BRUSH].setChecked(True)

        self.recent = QMenu("Open Recent", window)
        self._fill_menus()

    def need_picture(self) -> tuple[QAction, ...]:
        """The commands that make no sense before a picture is open."""
        return (
            *(self.save, self.save_as, self.export, self.clear_mask, self.invert_mask, self.erase),
            *(self.smaller, self.larger, self.zoom_in, self.zoom_out, self.fit, self.actual, self.before),
            *self.tools.values(),
        )

    def name_steps(self, undo: str, redo: str) -> None:
        """Say what the next undo and redo would do."""
        for action, verb, step in ((self.undo, "Undo", undo), (self.redo, "Redo", redo)):
            action.setText(f"{verb} {step}".rstrip())
            action.setToolTip(f"{action.text()}  ({native(action)})")

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

    def _make(self, text: str, icon: str, *keys: _Keys) -> QAction:
        action = QAction(text, self._window)
        if icon:
            action.setIcon(theme.icon(icon))
        plain = text.rstrip("…")
        action.setIconText(plain)
        if keys:
            action.setShortcuts([QKeySequence(key) for key in keys])
            action.setToolTip(f"{plain}  ({native(action)})")
        self._window.addAction(action)
        return action

    def _fill_menus(self) -> None:
        bar = self._window.menuBar()
        file = bar.addMenu("&File")
        file.addAction(self.open)
        file.addMenu(self.recent)
        file.addSeparator()
        file.addActions([self.save, self.save_as, self.export])
        file.addSeparator()
        file.addAction(self.quit)
        edit = bar.addMenu("&Edit")
        edit.addActions([self.undo, self.redo])
        edit.addSeparator()
        edit.addActions([self.clear_mask, self.invert_mask])
        edit.addSeparator()
        edit.addActions([*self.tools.values(), self.smaller, self.larger])
        edit.addSeparator()
        edit.addActions([self.erase, self.cancel])
        view = bar.addMenu("&View")
        view.addActions([self.zoom_in, self.zoom_out, self.fit, self.actual])
        view.addSeparator()
        view.addAction(self.before)
        view.addSeparator()
        view.addAction(self.focus)
        help_menu = bar.addMenu("&Help")
        help_menu.addActions([self.shortcuts, self.about])


def native(action: QAction) -> str:
    """The action's first shortcut as this system writes it."""
    return action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
