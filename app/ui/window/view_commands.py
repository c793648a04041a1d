"""The commands of the View menu: zoom, before, the panel and its pages, keyboard focus."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from app.ui.commands import Actions
from app.ui.support import Settings, settings
from app.ui.window.contents import WindowContents

_OPTIONS, _HISTORY = 0, 1  # pages of the panel


class ViewCommands(QObject):
    """Connects them with the canvas and the panel; remembers whether the panel is shown."""

    def __init__(self, actions: Actions, contents: WindowContents, store: Settings, parent: QObject) -> None:
        super().__init__(parent)
        self._actions, self._settings = actions, store
        self._view, self._panel = view, panel = contents.view, contents.panel
        actions.zoom_in.triggered.connect(lambda: view.zoom_step(1))
        actions.zoom_out.triggered.connect(lambda: view.zoom_step(-1))
        actions.fit.triggered.connect(view.fit)
        actions.actual.triggered.connect(lambda: view.set_zoom(1.0))
        actions.before.toggled.connect(view.set_show_before)
        view.beforeChanged.connect(actions.before.setChecked)
        actions.panel.toggled.connect(self._show_panel)
        actions.options.triggered.connect(lambda: self._show_page(_OPTIONS))
        actions.history.triggered.connect(lambda: self._show_page(_HISTORY))
        actions.navigator.setChecked(panel.navigator.unfolded)
        actions.navigator.toggled.connect(panel.navigator.set_unfolded)
        panel.navigator.heading.toggled.connect(actions.navigator.setChecked)
        actions.focus.triggered.connect(self._switch_focus)
        actions.panel.setChecked(store.get(settings.PANEL_SHOWN))
        panel.setVisible(store.get(settings.PANEL_SHOWN))

    @Slot()
    def _switch_focus(self) -> None:
        if self._view.hasFocus():
            self._actions.panel.setChecked(True)
            self._panel.take_focus()
        else:
            self._view.setFocus()

    @Slot(bool)
    def _show_panel(self, on: bool) -> None:
        self._settings.set(settings.PANEL_SHOWN, on)
        self._panel.setVisible(on)

    def _show_page(self, index: int) -> None:
        self._actions.panel.setChecked(True)
        self._panel.show_page(index)
