"""The undo history: the document's, with Qt's signals, and the picture on the screen kept up with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from PySide6.QtCore import QObject, QStandardPaths, Signal

from app.document.editing import Document
from app.document.history import Edit, Journey, Run, Step, remove_leftovers, run_now
from app.document.history import History as Steps
from app.document.pixels import Box
from app.document.session import Snapshot

Refresh = Callable[[Iterable[Box]], None]

UNREADABLE = (
    "This step was kept on disk and cannot be read back, so it cannot be undone or redone. "
    "Save the picture as it is; other programs may have removed temporary files."
)

NO_MEMORY = "There is not enough memory for this step: close other programs, then undo or redo again."


class History(QObject):
    """The steps of one document after the other, with the names QUndoStack gives them.

    It is none because a stack cannot forget its oldest commands while newer ones stay.
    """

    indexChanged = Signal(int)  # steps were done, undone or forgotten
    memoryChanged = Signal()  # they hold more or less memory
    failed = Signal(str)  # a step cannot be gone to; a sentence for the user

    def __init__(self, parent: QObject | None = None, run: Run = run_now, folder: Path | None = None) -> None:
        """``run`` does slow work, e.g. ``Background.run``; ``folder`` is where old steps are written to."""
        super().__init__(parent)
        cache = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.CacheLocation)
        folder = folder or Path(cache) / "history"
        self._steps = Steps(run, folder=folder)
        self._steps.listeners.append(self._on_own_change)
        self._document: Document | None = None
        self._refresh: Refresh = _show_nothing
        self._told = (0, 0)  # index and count
        self._pushing = False  # what is pushed is told of when that is done
        # Where the history was when its session file was written; None: the document's file is a picture.
        self.session_place: int | None = None
        run(lambda: remove_leftovers(folder), lambda _: None, lambda _: None)

    # -- what there is ---------------------------------------------------------------------

    def index(self) -> int:
        """How many steps are done."""
        return self._steps.index

    def count(self) -> int:
        """How many steps there are, undone ones too."""
        return len(self._steps.steps)

    def command(self, number: int) -> Step:
        """A step by its number, from 0; it is the same object as long as it is in the history."""
        return self._steps.steps[number]

    def text(self, number: int) -> str:
        """A step's name."""
        return self.command(number).name

    def canUndo(self) -> bool:
        """Whether a step is done."""
        return self.index() > 0

    def canRedo(self) -> bool:
        """Whether a step is undone."""
        return self.index() < self.count()

    def undoText(self) -> str:
        """The name of the step that ``undo`` undoes, "" when there is none."""
        return self.text(self.index() - 1) if self.canUndo() else ""

    def redoText(self) -> str:
        """The name of the step that ``redo`` does again, "" when there is none."""
        return self.text(self.index()) if self.canRedo() else ""

    @property
    def nbytes(self) -> int:
        """Memory the steps hold, in bytes."""
        return self._steps.nbytes

    @property
    def disk_nbytes(self) -> int:
        """Disk the oldest steps take, in bytes."""
        return self._steps.disk_nbytes

    @property
    def budget(self) -> int:
        """Memory the steps may hold, in bytes; may be set at any time."""
        return self._steps.budget

    @budget.setter
    def budget(self, nbytes: int) -> None:
        self._steps.budget = nbytes

    @property
    def pixel_version(self) -> int:
        """A number for the pixels as they are now."""
        return self._steps.pixel_version

    @property
    def saved_version(self) -> int:
        """The number of the pixels that were saved last."""
        return self._steps.saved_version

    @saved_version.setter
    def saved_version(self, version: int) -> None:
        self._steps.saved_version = version

    @property
    def place(self) -> int:
        """A number for pixels and mask as they are now."""
        return self._steps.place

    @property
    def unsaved(self) -> bool:
        """Whether something is not in the document's file: for a picture's file, which holds no mask, pixels."""
        if self.session_place is not None:
            return self.place != self.session_place
        return self._steps.unsaved

    def snapshot(self) -> Snapshot:
        """What is there now, in things that never change; what was forgotten is told once."""
        dropped, self._steps.dropped = tuple(self._steps.dropped or ()), []
        return Snapshot(tuple(self._steps.steps), self._steps.index, dropped, self._steps.forgotten)

    # -- going back and forth --------------------------------------------------------------

    def push(self, edit: Edit, document: Document, refresh: Refresh) -> None:
        """Add an edit that has been applied and is shown; ``refresh`` shows boxes that undo and redo change."""
        self._document, self._refresh = document, refresh
        self._pushing = True
        self._steps.push(edit)
        self._pushing = False
        self._tell()

    def undo(self) -> None:
        """Take the last step back now, if there is one."""
        if self.canUndo():
            self.go_to(self.index() - 1)

    def redo(self) -> None:
        """Do the next step again now, if there is one."""
        if self.canRedo():
            self.go_to(self.index() + 1)

    def go_to(self, index: int) -> None:
        """Undo or redo now until ``index`` steps are done, or one cannot be read back: ``failed`` follows then."""
        assert self._document is not None  # there is no step without one
        journey, problem = self.set_out(index), None
        try:
            journey.take(self._document)
        except Exception as error:
            problem = error
        self._refresh(journey.boxes)
        self.arrive(journey, problem)

    def set_out(self, index: int) -> Journey:
        """The way until ``index`` steps are done: to be taken, on any thread, shown, and handed to ``arrive``."""
        return self._steps.set_out(index)

    def arrive(self, journey: Journey, error: Exception | None) -> None:
        """Be where a journey got to; ``failed`` follows where ``error`` ended it early."""
        self._steps.arrive(journey)
        if isinstance(error, (OSError, MemoryError)):
            self.failed.emit(UNREADABLE if isinstance(error, OSError) else NO_MEMORY)
        self._tell()
        if error is not None and not isinstance(error, (OSError, MemoryError)):
            raise error

    def start_over(self) -> None:
        """Another document: nothing done, nothing unsaved."""
        self._steps.clear()
        self._document, self._refresh = None, _show_nothing
        self.session_place = None
        self._tell()

    def restore(
        self, edits: list[tuple[Edit, float]], index: int, document: Document, refresh: Refresh
    ) -> tuple[Step, ...]:
        """Begin with steps made earlier, with their times, of which ``index`` are done; answers them as they are here.

        As for a file of a session: nothing is unsaved.
        """
        self._steps.restore(edits, index)
        self._document, self._refresh = document, refresh
        self.session_place = self.place
        self._tell()
        return tuple(self._steps.steps)

    def close(self) -> None:
        """Remove the files of old steps, when nothing is being written any more."""
        self._steps.close()

    def _tell(self) -> None:
        self._told = (self.index(), self.count())
        self.indexChanged.emit(self.index())

    def _on_own_change(self) -> None:
        if self._told != (self.index(), self.count()) and not self._pushing:
            self._tell()
        self.memoryChanged.emit()


def _show_nothing(_: Iterable[Box]) -> None:
    """Before there is a document."""
