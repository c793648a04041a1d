"""Access to the history as it may be used now: which steps are allowed, and edits put on it."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot

from app.canvas.view import CanvasView
from app.document.history import Edit
from app.ui.editing.workspace import Workspace


class HistoryAccess(QObject):
    """How far undo and redo may go, and every edit on its way into the history.

    While an erase is active, what it is made from cannot be undone: only what came since.
    """

    pushed = Signal(object)  # Edit

    def __init__(self, view: CanvasView, workspace: Workspace, parent: QObject) -> None:
        super().__init__(parent)
        self._view, self._workspace = view, workspace
        self._began = 0  # where the history was when the erase began
        self._erasing = False
        self.blocked = False  # a change is being worked out, or steps are being taken: nothing else may edit

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

    @property
    def erasing(self) -> bool:
        """Whether an erase runs or waits for a choice."""
        return self._erasing

    def set_erasing(self, active: bool) -> None:
        """Whether an erase runs or waits for a choice: what it is made from stays as it is meanwhile."""
        if active and not self._erasing:
            self._began = self._workspace.history.index()
        self._erasing = active

    def _first(self) -> int:
        """The fewest steps that may be done."""
        history = self._workspace.history
        return min(self._began, history.index()) if self._erasing else 0

    def _last(self) -> int:
        """The most steps that may be done: pixels stay as they are while an erase is made from them."""
        history = self._workspace.history
        last = history.count()
        if self._erasing:
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
