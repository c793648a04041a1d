"""Crash reporting: reports offered at the next start, and under Help."""

from __future__ import annotations

from PySide6.QtCore import QObject, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QWidget

from app.engine.protocol import EngineStatus
from app.ui.sessions import crash_report
from app.ui.sessions.crash_dialog import CrashDialog
from app.ui.support import Background, Messages, Settings, log_file, settings

Texts = list[tuple[str, str]]  # of reports: the file's name, and what it says

NO_LOG = "Nothing has been noted yet, so there is no log to open."
NONE = "There are no crash reports: nothing has gone wrong so far that would need one."


class CrashReports(QObject):
    """Reads reports off the main thread and shows them."""

    def __init__(self, window: QWidget, background: Background, store: Settings, messages: Messages) -> None:
        super().__init__(window)
        self._window, self._background, self._settings, self._messages = window, background, store, messages
        self.dialog: CrashDialog | None = None

    @Slot()
    def offer(self) -> None:
        """The program has started: show what went wrong the last time, once."""
        seen = self._settings.get(settings.REPORT_SEEN)

        def look() -> Texts:
            crash_report.collect_faults()
            return [text for text in _read() if text[0] > seen]

        self._background.run(look, lambda found: self._show(found, new=True) if found else None, lambda _: None)

    @Slot()
    def show(self) -> None:
        """Show all there are."""
        if self.dialog is not None:
            self.dialog.raise_()
            self.dialog.activateWindow()
            return

        def done(found: Texts) -> None:
            if found:
                self._show(found, new=False)
            else:
                self._messages.info(NONE)

        self._background.run(_read, done, lambda _: self._messages.info(NONE))

    @Slot()
    def open_log(self) -> None:
        """Open the log in the program the system has for texts."""

        def done(there: bool) -> None:
            if not there:
                self._messages.info(NO_LOG)
            elif not QDesktopServices.openUrl(QUrl.fromLocalFile(str(log_file()))):
                self._messages.info(f"No program for texts was found; the log is {log_file()}.")

        self._background.run(log_file().is_file, done, lambda _: self._messages.info(NO_LOG))

    @Slot(object)
    def on_status(self, status: EngineStatus) -> None:
        """What a report says of the engine."""
        crash_report.set_device(f"{status.device} {status.precision}".strip())

    def _show(self, found: Texts, *, new: bool) -> None:
        if self.dialog is not None:
            self.dialog.close()
        self._settings.set(settings.REPORT_SEEN, max(name for name, _ in found))
        dialog = self.dialog = CrashDialog(self._window, found, new=new)
        dialog.folderAsked.connect(self._open_folder)
        dialog.deleteAsked.connect(self._delete)
        dialog.finished.connect(self._forget)
        dialog.show()

    @Slot()
    def _forget(self) -> None:
        self.dialog = None

    @Slot()
    def _open_folder(self) -> None:
        folder = crash_report.reports_folder()
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
            self._messages.info(f"No program for folders was found; the reports are in {folder}.")

    @Slot(str)
    def _delete(self, name: str) -> None:
        path = crash_report.reports_folder() / name

        def failed(_: Exception) -> None:
            self._messages.error(f"{path} could not be deleted: delete it in your file manager.")

        self._background.run(lambda: path.unlink(missing_ok=True), lambda _: None, failed)


def _read() -> Texts:
    return [(path.name, path.read_text("utf-8", "replace")) for path in crash_report.reports()]
