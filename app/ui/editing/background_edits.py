"""Background edits: changes of a whole document and steps of its history, off the main thread where large."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.canvas.view import CanvasView
from app.document.editing import Document, Selections
from app.document.history import Edit, EditPart, Target
from app.document.pixels import EMPTY, Box, union
from app.ui.editing.history_access import HistoryAccess
from app.ui.editing.workspace import Workspace
from app.ui.support import Background, Messages

AT_ONCE = 4_000_000
"""Pixels, or bytes of a step, up to which a change is made at once."""

ALWAYS_LATER = AT_ONCE + 1
"""The area to name of a change that takes long also in a small picture."""

CHANGED = "The mask was changed meanwhile, so this was not done: try again."

_SLICE = 0.008  # seconds the event loop is kept from the rest while a change is laid on
_SHOWN = 1024  # px; what has changed is shown by squares of this side

T = TypeVar("T")
Change: TypeAlias = Callable[[Selections], Edit | None]
Done: TypeAlias = Callable[[Edit | None], None]
Failed: TypeAlias = Callable[[Exception], None]


@dataclass(eq=False)
class _Job:
    """What is under way: first ``work`` on another thread, then perhaps the rest, here, piece by piece."""

    work: Callable[[], Any]
    ended: Callable[[Any], None]
    failed: Failed
    may_cancel: bool
    document: Document
    stepping: bool = False  # takes steps of the history
    rest: Iterator[None] | None = None  # does a piece whenever it is asked for the next
    laid: Callable[[], None] | None = None  # with all of it done


class BackgroundEdits(QObject):
    """Makes one change at a time; nothing else edits the document until all of it is there.

    What the hand does on the canvas meanwhile is done afterwards.
    """

    busyChanged = Signal(bool)
    activityChanged = Signal(str)  # what is being done, "" when nothing

    def __init__(
        self,
        view: CanvasView,
        workspace: Workspace,
        editing: HistoryAccess,
        messages: Messages,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._view, self._workspace, self._editing, self._messages = view, workspace, editing, messages
        self._background = Background(self)  # its own: what is saved takes seconds
        self._job: _Job | None = None
        self._next: list[Callable[[], None]] = []  # to be called when nothing is under way
        self._timer = QTimer(self, interval=0)
        self._timer.timeout.connect(self._on_timer)
        workspace.taken.connect(self._drop)

    @property
    def busy(self) -> bool:
        """Whether a change is being worked out or laid on."""
        return self._editing.blocked

    @property
    def stepping(self) -> bool:
        """Whether steps of the history are being taken."""
        return self.busy and self._job is not None and self._job.stepping

    # -- what can be done ------------------------------------------------------------------

    def run(self, name: str, change: Change, done: Done, failed: Failed, area: int | None = None) -> None:
        """Change the mask and put that on the history; ``done`` gets the edit, None where nothing changed.

        ``name`` is shown while it is worked out; ``area`` is about how many pixels it looks at, None: all.
        Nothing happens during a stroke or another change.
        """
        document = self._workspace.document
        if document is None or self._view.stroking or self.busy:
            return
        width, height = document.size
        if (width * height if area is None else area) <= AT_ONCE:
            edit = change(document)
            self._editing.apply(edit)
            done(edit)
            return
        revision = document.revision

        def ended(edit: Edit | None) -> None:
            if document.revision == revision and not document.stroking:
                self._lay(edit, done)
            else:
                self._end()
                self._messages.info(CHANGED)

        def work() -> Edit | None:
            return change(document.with_mask_copied())

        self._begin(f"{name}… Esc cancels.", _Job(work, ended, failed, True, document))

    def put_in(
        self, document: Document, area: int, make: Callable[[], Edit | None], done: Done, failed: Failed
    ) -> None:
        """Make an edit that has not been applied, apply it and put it on the history; it can't be cancelled.

        ``make`` only reads the document; ``area`` is about how many pixels it changes. Nothing else
        may be under way, nor a stroke.
        """
        job = _Job(make, lambda edit: self._lay(edit, done), failed, False, document)
        if area <= AT_ONCE:
            self._job = job
            self._work_now()
        else:
            self._begin("Putting the result in…", job)

    def prepare(
        self,
        document: Document,
        name: str,
        work: Callable[[], T],
        done: Callable[[T], None],
        failed: Failed,
        cost: int = 1,
    ) -> None:
        """Read the document and answer: at once where it is small. Nothing else may be under way, nor a stroke.

        ``cost``: how many times as long as copying it that takes.
        """
        width, height = document.size

        def ended(answer: T) -> None:
            self._end()
            done(answer)

        job = _Job(work, ended, failed, True, document)
        if width * height * cost <= AT_ONCE:
            self._job = job
            self._work_now()
        else:
            self._begin(f"{name}… Esc cancels.", job)

    def prepare_when_free(
        self, document: Document, name: str, work: Callable[[], T], done: Callable[[T], None], failed: Failed
    ) -> None:
        """``prepare``, as soon as nothing is under way; a stroke that changes the picture is handed over before."""
        self.when_free(self._view.pause_retouch)
        self.when_free(lambda: self.prepare(document, name, work, done, failed))

    def go_to(self, index: int, then: Callable[[], None] | None = None) -> None:
        """Undo or redo until ``index`` steps are done, or one cannot be taken: a message says so.

        It can't be cancelled; ``then`` is called when that is shown. Nothing else may be under way, nor a stroke.
        """
        document, history = self._workspace.document, self._workspace.history
        assert document is not None
        journey = history.set_out(index)

        def arrived(error: Exception | None = None) -> None:
            history.arrive(journey, error)
            self._end()
            if then is not None:
                then()

        def ended(_nothing: None) -> None:
            self._do_rest(self._showing(journey.parts), arrived)

        def failed(error: Exception) -> None:
            self._view.refresh(journey.boxes)  # steps before that one have been taken
            arrived(error)

        job = _Job(lambda: journey.take(document), ended, failed, False, document, stepping=True)
        document.changing = True
        if journey.cost <= AT_ONCE:
            self._job = job
            self._work_now()
        else:
            self._begin("Undoing…" if journey.back else "Redoing…", job)

    def when_free(self, call: Callable[[], None]) -> None:
        """Call something as soon as nothing is under way; now, where that is so."""
        if self.busy:
            self._next.append(call)
        else:
            call()

    @Slot()
    def cancel(self) -> None:
        """Give up what is being worked out, where it may be: the document has not been touched."""
        if self._job is not None and self._job.may_cancel:
            self._end()
            self._go_on()

    def finish(self) -> None:
        """Have results and steps in the document now, however long that takes; a change they wait for is given up."""
        if self._next:
            self.cancel()
        while self._job is not None and not self._job.may_cancel:
            if self._job.rest is None:
                self._background.settle()
            else:
                self._work_for(float("inf"))
            self._go_on()

    def let_go(self, things: list[object]) -> None:
        """Free what is large and not needed any more; nothing else may refer to it."""
        self._background.run(things.clear, lambda _nothing: None, lambda _error: None)

    def wait(self) -> None:
        """Return when no thread is at work any more."""
        self._background.wait()

    # -- inside ----------------------------------------------------------------------------

    def _begin(self, text: str, job: _Job) -> None:
        self._job = job
        self._editing.blocked = True
        self._view.set_held(True)
        self.activityChanged.emit(text)
        self.busyChanged.emit(True)

        def ended(answer: object) -> None:
            if job is self._job:
                job.ended(answer)
                self._go_on()

        def failed(error: Exception) -> None:
            if job is self._job:
                self._end()
                job.failed(error)
                self._go_on()

        self._background.run(job.work, ended, failed)

    def _work_now(self) -> None:
        job = self._job
        assert job is not None
        try:
            answer = job.work()
        except Exception as error:
            self._end()
            job.failed(error)
        else:
            job.ended(answer)
            if self._job is job and not self._editing.blocked:
                self._work_for(float("inf"))

    def _lay(self, edit: Edit | None, done: Done) -> None:
        """Lay an edit on that has not been applied, then put it on the history."""
        job = self._job
        assert job is not None
        if edit is None:
            self._end()
            done(None)
            return

        def laid() -> None:
            self._editing.push(edit)
            self._end()
            done(edit)

        job.document.mark_changed()
        self._do_rest(self._laying(edit, job.document), laid)

    def _do_rest(self, rest: Iterator[None], laid: Callable[[], None]) -> None:
        job = self._job
        assert job is not None
        job.may_cancel, job.rest, job.laid = False, rest, laid
        job.document.changing = True
        self._timer.start()

    def _laying(self, edit: Edit, document: Document) -> Iterator[None]:
        for part in edit.parts:
            if part.target == "pixels":
                self._view.keep_before([part.box])
            part.redo(document)
            self._view.show_part(part.target, part.box)
            yield

    def _showing(self, parts: list[EditPart]) -> Iterator[None]:
        squares: dict[tuple[Target, int, int], Box] = {}  # many small boxes cost more than what they hold
        for part in parts:
            at = part.target, part.box[0] // _SHOWN, part.box[1] // _SHOWN
            squares[at] = union(squares.get(at, EMPTY), part.box)
        for (target, _, _), box in squares.items():
            self._view.show_part(target, box)
            yield

    @Slot()
    def _on_timer(self) -> None:
        self._work_for(_SLICE)
        self._go_on()

    def _work_for(self, seconds: float) -> None:
        job = self._job
        assert job is not None
        assert job.rest is not None
        assert job.laid is not None
        end = time.perf_counter() + seconds
        for _ in job.rest:
            if time.perf_counter() >= end:
                return
        self._timer.stop()
        job.laid()

    def _end(self) -> None:
        if self._job is not None:
            self._job.document.changing = False
        self._job = None
        self._timer.stop()
        if self._editing.blocked:
            self._editing.blocked = False
            self._view.set_held(False)
            self.activityChanged.emit("")
            self.busyChanged.emit(False)

    def _go_on(self) -> None:
        while self._next and not self.busy:
            self._next.pop(0)()

    @Slot()
    def _drop(self) -> None:
        """Another document: nothing of it matters any more."""
        self._next.clear()
        self._end()
