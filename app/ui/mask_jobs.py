"""Changes of a whole mask, worked out off the main thread where the picture is large."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal, Slot

from app.canvas.view import CanvasView
from app.document.edits import Edit
from app.document.selections import Selections
from app.ui.background import Background
from app.ui.editing import Editing
from app.ui.messages import Messages
from app.ui.workspace import Workspace

AT_ONCE = 4_000_000
"""Pixels of a picture up to which a change is made at once."""

CHANGED = "The mask was changed meanwhile, so this was not done: try again."

Change = Callable[[Selections], Edit | None]
Failed = Callable[[Exception], None]


class MaskJobs(QObject):
    """Makes one change of the mask at a time; nothing else edits the document while it is worked out."""

    busyChanged = Signal(bool)

    def __init__(
        self,
        view: CanvasView,
        workspace: Workspace,
        editing: Editing,
        background: Background,
        messages: Messages,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._view, self._workspace, self._editing = view, workspace, editing
        self._background, self._messages = background, messages
        self._job = 0  # number of the newest; answers of older ones are dropped
        self._focused = False
        workspace.taken.connect(self.cancel)

    @property
    def busy(self) -> bool:
        """Whether a change is being worked out."""
        return self._editing.blocked

    def run(self, name: str, change: Change, done: Callable[[Edit | None], None], failed: Failed) -> None:
        """Make a change and put it on the history; ``done`` gets its edit, None where nothing changed.

        ``name`` is shown while it is worked out. Nothing happens during a stroke or another change.
        """
        document = self._workspace.document
        if document is None or self._view.stroking or self.busy:
            return
        width, height = document.size
        if width * height <= AT_ONCE:
            edit = change(document)
            self._editing.apply(edit)
            done(edit)
            return
        self._job += 1
        number, revision = self._job, document.revision
        self._block(True, name)

        def work() -> Edit | None:
            return change(document.with_mask_copied())

        def ended(edit: Edit | None) -> None:
            if number != self._job:
                return
            self._block(False)
            if document.revision != revision or document.stroking:
                self._messages.info(CHANGED)
                return
            if edit is not None:
                edit.redo(document)
                self._editing.apply(edit)
            done(edit)

        def broke(error: Exception) -> None:
            if number == self._job:
                self._block(False)
                failed(error)

        self._background.run(work, ended, broke)

    @Slot()
    def cancel(self) -> None:
        """Give up what is being worked out: the document has not been touched."""
        if self.busy:
            self._job += 1
            self._block(False)

    def _block(self, on: bool, name: str = "") -> None:
        if on:
            self._focused = self._view.hasFocus()
        self._editing.blocked = on
        self._view.setEnabled(not on)  # strokes and tools wait
        if not on and self._focused:
            self._view.setFocus()
        self._workspace.activityChanged.emit(f"{name}… Esc cancels." if on else "")
        self.busyChanged.emit(on)
