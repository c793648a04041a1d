"""What changes the document: steps of the history back and forth, and edits put on it."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot

from app.canvas.view import CanvasView
from app.document.edits import Edit
from app.ui.erase_job import EraseJob
from app.ui.messages import Messages
from app.ui.workspace import Workspace

NOT_NOW = "An erase is being made from these pixels: keep its result or cancel it, then go back further."


class Editing(QObject):
    """Undo, redo, and every edit on its way into the history.

    While an erase is active, what it is made from cannot be undone: only what came since.
    """

    pushed = Signal(object)  # Edit

    def __init__(
        self, view: CanvasView, workspace: Workspace, job: EraseJob, messages: Messages, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._view, self._workspace, self._job, self._messages = view, workspace, job, messages
        self._began = 0  # where the history was when the erase began
        self._active = False
        self.blocked = False  # a change of the mask is being worked out: nothing else may edit
        job.activeChanged.connect(self._on_active)

    @property
    def can_undo(self) -> bool:
        """Whether there is a step back that may be taken now."""
        history = self._workspace.history
        return not self.blocked and history.canUndo() and not (self._job.active and history.index() <= self._began)

    @property
    def can_redo(self) -> bool:
        """Whether there is a step forward that may be taken now."""
        history = self._workspace.history
        return not self.blocked and history.canRedo() and not (self._job.active and history.redo_changes_pixels())

    @Slot()
    def undo(self) -> None:
        """One step back; a stroke being painted is given up instead."""
        if self._view.stroking:
            self._view.cancel_stroke()
        elif self.can_undo:
            self._workspace.history.undo()

    @Slot()
    def redo(self) -> None:
        """One step forward again."""
        if not self._view.stroking and self.can_redo:
            self._workspace.history.redo()

    @Slot(int)
    def go_to(self, index: int) -> None:
        """Back or forward until ``index`` steps are done; as far as may be while an erase is active."""
        history = self._workspace.history
        if self._view.stroking or self.blocked:
            return
        if not self._job.active:
            history.go_to(index)
            return
        while history.index() > index and self.can_undo:
            history.undo()
        while history.index() < index and self.can_redo:
            history.redo()
        if history.index() != index:
            self._messages.info(NOT_NOW)

    def apply(self, edit: Edit | None) -> None:
        """Show what an edit changed, and put it on the history."""
        if edit is not None:
            self._view.refresh(part.box for part in edit.parts)
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
