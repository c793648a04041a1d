"""Undo: a thin layer between Qt's stack and the document's edits."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import QObject
from PySide6.QtGui import QUndoCommand, QUndoStack

from app.document.boxes import Box
from app.document.document import Document
from app.document.edits import Edit

Refresh = Callable[[Iterable[Box]], None]


class EditCommand(QUndoCommand):
    """One edit on the stack."""

    def __init__(self, history: History, document: Document, edit: Edit, refresh: Refresh) -> None:
        super().__init__(edit.name)
        self._history, self._document, self._edit, self._refresh = history, document, edit, refresh
        self.changes_pixels = any(part.target == "pixels" for part in edit.parts)
        self._version_before = history.pixel_version
        self._version_after = history.new_version() if self.changes_pixels else history.pixel_version
        self._applied = True  # push() calls redo(), but an edit handed out is done already

    def redo(self) -> None:
        if not self._applied:
            self._refresh(self._edit.redo(self._document))
        self._applied = True
        self._history.pixel_version = self._version_after

    def undo(self) -> None:
        self._refresh(self._edit.undo(self._document))
        self._applied = False
        self._history.pixel_version = self._version_before


class History(QUndoStack):
    """The undo stack, which also knows whether the pixels differ from the file.

    Only pixels count: a mask is not part of what Save writes.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.pixel_version = 0
        self.saved_version = 0
        self._newest = 0

    def new_version(self) -> int:
        """A number for pixels that were never there before."""
        self._newest += 1
        return self._newest

    @property
    def unsaved(self) -> bool:
        """Whether the pixels are others than those saved."""
        return self.pixel_version != self.saved_version

    def start_over(self) -> None:
        """Another document: nothing done, nothing unsaved."""
        self.pixel_version = self.saved_version = self._newest = 0
        self.clear()

    def redo_changes_pixels(self) -> bool:
        """Whether the next redo would change pixels, not only the mask."""
        command = self.command(self.index()) if self.canRedo() else None
        return isinstance(command, EditCommand) and command.changes_pixels
