"""Autosave: unsaved work written to disk some seconds after a change, sooner where it is large or was saved."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from app.ui.editing import Workspace
from app.ui.support import Messages, Settings, settings

_LARGE = 8_000_000
"""Bytes in memory from which an edit does not wait: what takes long to write begins early."""

_SOON = 1.0  # s


class Autosave(QObject):
    """Hands what is new to the workspace's session writer, in things that never change: this thread does no more."""

    def __init__(self, workspace: Workspace, store: Settings, messages: Messages, parent: QObject) -> None:
        super().__init__(parent)
        self._workspace, self._settings, self._messages = workspace, store, messages
        self._session_writer = workspace.session_writer
        self._known = 0  # place in the history that was handed over last
        self._unsaved = False  # what was handed over last
        self._told = False  # that it fails
        workspace.history.indexChanged.connect(self._on_change)
        workspace.begun.connect(self._on_begun)
        workspace.fileChanged.connect(self._on_file)
        self._session_writer.failed.connect(self._on_failed)
        self._session_writer.kept.connect(self._on_kept)
        self._session_writer.unsettled.connect(self._try_again)
        store.changed.connect(self._on_setting)

    @Slot()
    def save_now(self) -> None:
        """Write what is new."""
        if self._workspace.document is not None:
            self._note()
            self._session_writer.update(self._workspace.snapshot)

    @Slot()
    def _on_change(self) -> None:
        history = self._workspace.history
        if not self._settings.get(settings.AUTOSAVE) or history.place == self._known:
            return
        index = history.index()
        large = index > 0 and history.command(index - 1).nbytes > _LARGE
        self._hand_over(_SOON if large else self._settings.get(settings.AUTOSAVE_SECONDS))

    @Slot()
    def _on_begun(self) -> None:
        """Another document, which the session writer has begun with by itself."""
        self._note()

    @Slot()
    def _on_file(self) -> None:
        """It was saved: after a crash there is nothing to restore."""
        if self._unsaved != self._workspace.modified:
            self._hand_over(_SOON)

    @Slot(str)
    def _on_setting(self, key: str) -> None:
        if key == settings.AUTOSAVE_SECONDS.key and self._session_writer.waiting is not None:
            self._session_writer.forget_waiting()
            self._hand_over(self._settings.get(settings.AUTOSAVE_SECONDS))
        if key == settings.AUTOSAVE.key:
            self._session_writer.forget_waiting()
            self._known = -1
            self._on_change()

    @Slot(str)
    def _on_failed(self, sentence: str) -> None:
        if not self._told:  # not every half minute
            self._messages.error(sentence)
        self._told = True
        self._try_again()

    @Slot()
    def _on_kept(self) -> None:
        self._told = False

    @Slot()
    def _try_again(self) -> None:
        if self._settings.get(settings.AUTOSAVE):
            self._hand_over(self._settings.get(settings.AUTOSAVE_SECONDS))

    def _hand_over(self, seconds: float) -> None:
        self._note()
        self._session_writer.hand_over(self._workspace.snapshot, seconds)

    def _note(self) -> None:
        self._known, self._unsaved = self._workspace.history.place, self._workspace.modified
