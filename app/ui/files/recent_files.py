"""Recent files: the pictures opened last, without those that are gone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Slot

from app.ui.commands import Actions
from app.ui.support import Background, Settings, settings

_MOST = 10


class RecentFiles(QObject):
    """Keeps the menu and the settings; whether files are there is looked up off the main thread."""

    def __init__(
        self,
        parent: QObject,
        actions: Actions,
        store: Settings,
        background: Background,
        open_path: Callable[[str], None],
    ) -> None:
        super().__init__(parent)
        self._actions, self._settings, self._background, self._open = actions, store, background, open_path
        self._show()
        actions.recent.aboutToShow.connect(self.drop_missing)
        self.drop_missing()

    def add(self, path: Path) -> None:
        """A file was opened or saved."""
        name = str(path.absolute())
        others = [other for other in self._settings.get(settings.RECENT_FILES) if other != name]
        self._settings.set(settings.RECENT_FILES, [name, *others][:_MOST])
        self._show()

    @Slot()
    def drop_missing(self) -> None:
        """Look which files are gone, and show the others."""
        known = self._settings.get(settings.RECENT_FILES)
        if not known:
            return

        def done(gone: list[str]) -> None:
            if gone:
                left = [path for path in self._settings.get(settings.RECENT_FILES) if path not in gone]
                self._settings.set(settings.RECENT_FILES, left)
                self._show()

        self._background.run(lambda: [path for path in known if not _there(path)], done, lambda _error: None)

    def _show(self) -> None:
        self._actions.show_recent(self._settings.get(settings.RECENT_FILES), self._open, self._clear)

    def _clear(self) -> None:
        self._settings.forget(settings.RECENT_FILES)
        self._show()


def _there(path: str) -> bool:
    try:
        return Path(path).exists()
    except (OSError, ValueError):  # somewhere that may not be looked at: it may be there
        return True
