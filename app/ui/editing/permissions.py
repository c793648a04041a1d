"""What may change the document: which steps back and forth are allowed now, and edits put on the history."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot

from app.canvas.view import CanvasView
from app.document.history.edits import Edit
from app.ui.editing.workspace import Workspace
from app.ui.erasing.job import EraseJob


class Editing(QObject):
    """How far undo and redo may go, and every edit on its way into the history.

    While an erase is active, what it is made from cannot be undone: only what came since.
    """

    pushed = Signal(object)  # Edit

    def __init__(self, view: CanvasView, workspace: Workspace, job: EraseJob, parent: QObject) -> None:
        super().__init__(parent)
        self._view, self._workspace, self._job = view, workspace, job
        self._began = 0  # where the history was when the erase began
        self._active = False
        self.blocked = False  # a change is being worked out, or steps are being taken: nothing else may edit
        job.activeChanged.connect(self._on_active)

    @property
    def can_undo(self) -> bool:
        """Whether there is a step back that may be taken now."""
        return not self.blocked and self._workspace.history.index() > self._first()

    @property
    def can_redo(self) -> bool:
        """Whether there is a step forward that may be taken now."""
        return not self.blocked and self._workspace.history.index() < self._last()

    def nearest(self, index: int) -> int:
        """As near to ``index`` steps done as one may go."""
        return min(max(index, self._first()), self._last())

    def _first(self) -> int:
        """The fewest steps that may be done."""
        history = self._workspace.history
        return min(self._began, history.index()) if self._job.active else 0

    def _last(self) -> int:
        """The most steps that may be done: pixels stay as they are while an erase is made from them."""
        history = self._workspace.history
        last = history.count()
        if self._job.active:
            undone = range(history.index(), last)
            last = next((number for number in undone if history.command(number).changes_pixels), last)
        return last

    def apply(self, edit: Edit | None) -> None:
        """Show what an edit changed, and put it on the history."""
        if edit is not None:
            for part in edit.parts:
                self._view.show_part(part.target, part.box)
            self.push(edit)

    @Slot(object)
    def push(self, edit: Edit) -> None:
        """Put an edit that is shown already on the history."""
        document, history = self._workspace.document, self._workspace.history
        if document is not None:
            history.push(edit, document, self._view.refresh)
            self.pushed.emit(edit)

    @Slot()
    def _on_active(self) -> None:
        if self._job.active and not self._active:
            self._began = self._workspace.history.index()
        self._active = self._job.active
