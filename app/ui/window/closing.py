"""Closing the window: unsaved work is asked about, what is being written or downloaded is waited for."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, QTimer, Slot
from PySide6.QtWidgets import QWidget

from app.ui.editing import Workspace
from app.ui.files import FileMenu
from app.ui.models import ModelLibrary


class Closing(QObject):
    """Closes the window later where it may not be closed at once."""

    def __init__(self, window: QWidget, workspace: Workspace, files: FileMenu, library: ModelLibrary) -> None:
        super().__init__(window)
        self._window, self._workspace, self._files, self._library = window, workspace, files, library
        self._given_up: int | None = None  # pixel version that may be lost
        self._when_written = False
        workspace.written.connect(self._on_written)
        workspace.writingFailed.connect(self._stay_open)

    def may_close(self) -> bool:
        """Whether nothing is lost if the window closes now; else the user is asked, or it closes when that is so."""
        history = self._workspace.history
        version = history.pixel_version
        if self._workspace.saving:
            self._when_written = True
            return False
        if history.unsaved and self._given_up != version:
            self._files.unless_unsaved(lambda: self._close_without(version))
            return False
        if self._library.busy:  # downloads are kept as far as they are
            if not self._library.closed:
                self._library.idle.connect(self._window.close, Qt.ConnectionType.QueuedConnection)
                self._library.finish()
            return False
        self._library.close()
        return True

    def _close_without(self, version: int) -> None:
        self._given_up = version  # saved meanwhile, or not wanted
        QTimer.singleShot(0, self._window, self._window.close)  # not inside the close event that asked

    @Slot()
    def _on_written(self) -> None:
        if self._when_written:
            self._when_written = False
            self._window.close()

    @Slot()
    def _stay_open(self) -> None:
        self._when_written = False
