"""The commands undo, redo, and going to a step: large ones run on another thread, further ones follow."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from app.canvas.view import CanvasView
from app.ui.editing.background_edits import BackgroundEdits
from app.ui.editing.history_access import HistoryAccess
from app.ui.editing.workspace import Workspace
from app.ui.support import Messages

NOT_NOW = "An erase is being made from these pixels: keep its result or cancel it, then go back further."


class UndoRedo(QObject):
    """What the user does with the history."""

    def __init__(
        self,
        view: CanvasView,
        workspace: Workspace,
        editing: HistoryAccess,
        jobs: BackgroundEdits,
        messages: Messages,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._view, self._workspace, self._editing = view, workspace, editing
        self._jobs, self._messages = jobs, messages

    @property
    def can_undo(self) -> bool:
        """Whether an undo would be taken, now or after the steps under way."""
        return self._editing.can_undo or self._jobs.stepping

    @property
    def can_redo(self) -> bool:
        """Whether a redo would be taken, now or after the steps under way."""
        return self._editing.can_redo or self._jobs.stepping

    @Slot()
    def undo(self) -> None:
        """One step back; a stroke being painted is given up instead."""
        if self._view.stroking:
            self._view.cancel_stroke()
        elif self._jobs.stepping:
            self._jobs.when_free(self.undo)
        elif self._editing.can_undo:
            self._jobs.go_to(self._workspace.history.index() - 1)

    @Slot()
    def redo(self) -> None:
        """One step forward again."""
        if self._view.stroking:
            return
        if self._jobs.stepping:
            self._jobs.when_free(self.redo)
        elif self._editing.can_redo:
            self._jobs.go_to(self._workspace.history.index() + 1)

    @Slot(int)
    def go_to(self, index: int) -> None:
        """Back or forward until ``index`` steps are done; as far as may be while an erase is active."""
        if self._view.stroking or self._editing.blocked:
            return
        nearest = self._editing.nearest(index)
        if nearest != self._workspace.history.index():
            self._jobs.go_to(nearest)
        if nearest != index:
            self._messages.info(NOT_NOW)
