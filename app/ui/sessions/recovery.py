"""Recovery: pictures that were not saved when the program ended, found at the start and shown to choose from."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, Signal, Slot
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

import app
from app.document.session import UnsavedSession, find_unsaved
from app.ui.dialogs import questions
from app.ui.editing import unsaved_folder
from app.ui.sessions.recovery_dialog import RecoveryDialog
from app.ui.support import Background, Messages

NOTHING = "There are no unsaved pictures: everything was saved, or is open in another window."


@dataclass(frozen=True)
class Found:
    """An unsaved picture with what is shown of it."""

    lost: UnsavedSession
    image: QImage  # null where there is none


class Recovery(QObject):
    """Finds unsaved pictures, asks what to do with them, and does it."""

    closed = Signal()  # nothing is asked any more, or was found

    def __init__(
        self,
        window: QWidget,
        background: Background,
        messages: Messages,
        open_lost: Callable[[UnsavedSession], None],
    ) -> None:
        """``open_lost`` opens one in this window."""
        super().__init__(window)
        self._window, self._background, self._messages, self._open = window, background, messages, open_lost
        self.dialog: RecoveryDialog | None = None
        self._found: list[Found] = []

    @Slot()
    def begin(self) -> None:
        """The program has started: ask, if there is something."""
        self._look(lambda found: self._show(found) if found else self.closed.emit())

    def begin_with(self, name: str) -> None:
        """The program was started to restore the one in the folder ``name``."""

        def done(found: list[Found]) -> None:
            if found:
                self._open(found[0].lost)
            else:
                self._messages.error("This picture is open in another window, or was restored already.")
            self.closed.emit()

        self._look(done, name)

    @Slot()
    def show(self) -> None:
        """Show what there is."""
        if self.dialog is not None:
            self.dialog.raise_()
            self.dialog.activateWindow()
        else:
            self._look(lambda found: self._show(found) if found else self._messages.info(NOTHING))

    def _look(self, done: Callable[[list[Found]], None], only: str | None = None) -> None:
        def look() -> list[Found]:
            found = find_unsaved(unsaved_folder(), only)
            return [Found(lost, QImage(str(lost.thumbnail))) for lost in found]

        self._background.run(look, done, lambda _: self.closed.emit())

    def _show(self, found: list[Found]) -> None:
        self._release()
        self._found = found
        dialog = self.dialog = RecoveryDialog(self._window, [(one.lost, one.image) for one in found])
        dialog.restoreAsked.connect(self._restore)
        dialog.discardAsked.connect(self._discard)
        dialog.finished.connect(self._on_finished)
        dialog.show()

    @Slot(object)
    def _restore(self, chosen: list[int]) -> None:
        wanted = [self._found[row].lost for row in chosen]
        self._found = [one for row, one in enumerate(self._found) if row not in chosen]
        here, elsewhere = wanted[0], wanted[1:]
        if self.dialog is not None:
            self.dialog.accept()
        for lost in elsewhere:  # one picture to a window
            lost.folder.release()
            if not QProcess.startDetached(*restart("--recover", lost.folder.path.name))[0]:
                self._messages.error(
                    f"No other window could be opened for {lost.state.name}: "
                    "it is kept, and File > Unsaved Pictures opens it here."
                )
        self._open(here)

    @Slot(object)
    def _discard(self, chosen: list[int]) -> None:
        if self.dialog is None or not questions.ask_discard(self.dialog, len(chosen)):
            return
        gone = [self._found[row].lost for row in chosen]
        self._found = [one for row, one in enumerate(self._found) if row not in chosen]

        def remove() -> None:
            for lost in gone:
                lost.folder.remove()

        self._background.run(remove, lambda _: None, lambda _: None)
        self.dialog.show_pictures([(one.lost, one.image) for one in self._found])
        if not self._found:
            self.dialog.accept()

    @Slot()
    def _on_finished(self) -> None:
        self.dialog = None
        self._release()
        self.closed.emit()

    def _release(self) -> None:
        """What was not chosen waits for later."""
        for one in self._found:
            one.lost.folder.release()
        self._found = []


def restart(*arguments: str) -> tuple[str, list[str], str]:
    """The program, its arguments and the folder to start another window of it in."""
    if getattr(sys, "frozen", False):
        return sys.executable, list(arguments), ""
    return sys.executable, ["-m", "app.gui", *arguments], str(Path(app.__file__).resolve().parents[1])
