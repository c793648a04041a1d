"""Everything that keeps an artist's work when something goes wrong: autosave, recovery, crash reports."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QWidget

from app.canvas.view import CanvasView
from app.document.session import UnsavedSession
from app.ui.commands import Actions
from app.ui.editing import Opened, Workspace, picture_settings
from app.ui.files import FileMenu
from app.ui.sessions import crash_report
from app.ui.sessions.autosave import Autosave
from app.ui.sessions.crash_reporting import CrashReports
from app.ui.sessions.recovery import Recovery
from app.ui.support import Services


class SessionsController(QObject):
    """Makes the parts of this package and connects them with the Help and File menus."""

    def __init__(
        self,
        window: QWidget,
        services: Services,
        actions: Actions,
        view: CanvasView,
        workspace: Workspace,
        files: FileMenu,
    ) -> None:
        super().__init__(window)
        background, messages = services.background, services.messages
        self._view, self._workspace, self._files = view, workspace, files
        workspace.refresh = view.refresh
        workspace.picture_settings = lambda: picture_settings.of_view(view)
        self.autosave = Autosave(workspace, services.settings, messages, self)
        self.recovery = Recovery(window, background, messages, self._restore)
        self.reports = CrashReports(window, background, services.settings, messages)
        actions.recover.triggered.connect(self.recovery.show)
        actions.log.triggered.connect(self.reports.open_log)
        actions.reports.triggered.connect(self.reports.show)
        for name in actions.commands:
            actions[name].triggered.connect(partial(_note, name))
        # One question after the other.
        self.recovery.closed.connect(self.reports.offer)

    def start(self, recover: str = "") -> None:
        """The window is there: offer what was not saved; ``recover`` names what to restore without asking."""
        if recover:
            self.recovery.begin_with(recover)
        else:
            self.recovery.begin()

    def cancel(self) -> bool:
        """Give up the session file being written; whether one was."""
        saving = self._workspace.session_saving
        if saving:
            self._workspace.session_writer.cancel()
        return saving

    def put_back(self, opened: Opened) -> None:
        """Show a session as it was left."""
        loaded = opened.loaded
        if loaded is None:
            return
        self._view.layers.keep_before_tiles(loaded.before)
        picture_settings.put_back(self._view, loaded.state.settings)

    def end(self) -> None:
        """The window closes: what it has open is saved, or not wanted."""
        self._workspace.session_writer.end()
        self._workspace.session_writer.wait()

    @Slot(object)
    def _restore(self, lost: UnsavedSession) -> None:
        self._files.unless_unsaved(lambda: self._workspace.restore(lost))


def _note(name: str, _checked: bool = False) -> None:
    crash_report.note(name)
