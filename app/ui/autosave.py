"""When unsaved work is written to disk: some seconds after a change, at once where it is large or was saved."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Slot

from app.ui import settings
from app.ui.messages import Messages
from app.ui.settings import Settings
from app.ui.workspace import Workspace

_LARGE = 8_000_000
"""Bytes in memory from which an edit does not wait: what takes long to write begins early."""

_SOON_MS = 1000


class Autosave(QObject):
    """Has the workspace's keeper write what is new. This thread only hands over what never changes."""

    def __init__(self, workspace: Workspace, store: Settings, messages: Messages, parent: QObject) -> None:
        super().__init__(parent)
        self._workspace, self._settings, self._messages = workspace, store, messages
        self._known = 0  # place in the history that was handed over last
        self._unsaved = False  # what was handed over last
        self._told = False  # that it fails
        self._timer, self._soon = QTimer(self, singleShot=True), QTimer(self, singleShot=True, interval=_SOON_MS)
        for timer in (self._timer, self._soon):
            timer.timeout.connect(self.save_now)
        workspace.history.indexChanged.connect(self._on_change)
        workspace.begun.connect(self._on_taken)
        workspace.fileChanged.connect(self._on_file)
        workspace.keeper.failed.connect(self._on_failed)
        workspace.keeper.kept.connect(self._on_kept)
        workspace.keeper.unsettled.connect(self._soon.start)
        store.changed.connect(self._on_setting)

    @property
    def waiting(self) -> bool:
        """Whether something is to be written later."""
        return self._timer.isActive() or self._soon.isActive()

    @Slot()
    def save_now(self) -> None:
        """Write what is new."""
        self._timer.stop()
        self._soon.stop()
        if self._workspace.document is not None:
            self._known, self._unsaved = self._workspace.history.place, self._workspace.modified
            self._workspace.keeper.update(self._workspace.snapshot)

    @Slot()
    def _on_change(self) -> None:
        history = self._workspace.history
        if not self._settings.get(settings.AUTOSAVE) or history.place == self._known:
            return
        if not self._timer.isActive():
            self._timer.start(1000 * self._settings.get(settings.AUTOSAVE_SECONDS))
        index = history.index()
        if index and history.command(index - 1).nbytes > _LARGE and not self._soon.isActive():
            self._soon.start()

    @Slot()
    def _on_taken(self) -> None:
        """Another document, which the keeper has begun with by itself."""
        self._timer.stop()
        self._soon.stop()
        self._known, self._unsaved = self._workspace.history.place, self._workspace.modified

    @Slot()
    def _on_file(self) -> None:
        """It was saved: after a crash there is nothing to restore."""
        if self._unsaved != self._workspace.modified:
            self._soon.start()

    @Slot(str)
    def _on_setting(self, key: str) -> None:
        if key == settings.AUTOSAVE_SECONDS.key and self._timer.isActive():
            self._timer.start(1000 * self._settings.get(settings.AUTOSAVE_SECONDS))
        if key == settings.AUTOSAVE.key:
            self._known = -1
            if self._settings.get(settings.AUTOSAVE):
                self._on_change()
            else:
                self._timer.stop()
                self._soon.stop()

    @Slot(str)
    def _on_failed(self, sentence: str) -> None:
        if not self._told:  # not every half minute
            self._messages.error(sentence)
        self._told = True
        if self._settings.get(settings.AUTOSAVE):
            self._timer.start(1000 * self._settings.get(settings.AUTOSAVE_SECONDS))

    @Slot()
    def _on_kept(self) -> None:
        self._told = False
