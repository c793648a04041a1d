"""The appearance: theme and scale as the settings say, also when the system goes from day to night."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from app.ui.support import Settings, settings, theme


class Appearance(QObject):
    """Puts theme and scale on the application."""

    changed = Signal()

    def __init__(self, store: Settings, parent: QObject) -> None:
        super().__init__(parent)
        self._settings = store
        store.changed.connect(self._on_setting)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._apply)
        self._apply()

    @Slot(str)
    def _on_setting(self, key: str) -> None:
        if key in (settings.THEME.key, settings.SCALE.key):
            self._apply()

    @Slot()
    def _apply(self) -> None:
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        chosen = self._settings.get(settings.THEME)
        wanted = theme.system_theme() if chosen == "system" else chosen, self._settings.get(settings.SCALE) / 100
        if wanted != theme.current() or not application.styleSheet():
            theme.apply(application, *wanted)
            self.changed.emit()
