"""Strokes of clone and heal on their way into the history."""

from __future__ import annotations

import traceback

from PySide6.QtCore import QObject, Slot

from app.canvas.view import CanvasView
from app.document.history import Edit
from app.document.pixels import area
from app.document.retouch import RetouchStroke
from app.ui.editing.background_edits import BackgroundEdits
from app.ui.editing.history_access import HistoryAccess
from app.ui.editing.workspace import Workspace
from app.ui.support import Messages

NOT_WHILE_ERASING = "An erase is being made from these pixels: keep its result or cancel it, then retouch."
NO_MEMORY = "There is not enough memory for this stroke, so it was taken back: close other programs and try again."
NOT_RETOUCHED = "The stroke could not be finished, so it was taken back."

_HEAL_COST = 64  # times as long as pixels that are only copied


class RetouchEdits(QObject):
    """Makes one edit of every stroke: exact, off the main thread where that takes long."""

    def __init__(
        self,
        view: CanvasView,
        workspace: Workspace,
        access: HistoryAccess,
        jobs: BackgroundEdits,
        messages: Messages,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._view, self._workspace, self._access = view, workspace, access
        self._jobs, self._messages = jobs, messages
        view.set_retouch_gate(self._refused)
        view.retouchFinished.connect(self._on_finished)
        view.noticed.connect(messages.info)

    def _refused(self) -> str:
        return NOT_WHILE_ERASING if self._access.erasing else ""

    @Slot(object)
    def _on_finished(self, stroke: RetouchStroke) -> None:
        document = self._workspace.document
        if document is None:
            return

        def failed(error: Exception) -> None:
            self._view.refresh_pixels(stroke.restore())
            if isinstance(error, MemoryError):
                self._messages.error(NO_MEMORY)
            else:
                self._messages.error(NOT_RETOUCHED, "".join(traceback.format_exception(error)))

        def done(_edit: Edit | None) -> None:
            pass

        size = area(stroke.box) * (_HEAL_COST if stroke.retouch.heal else 1)
        self._jobs.when_free(lambda: self._jobs.put_in(document, size, stroke.edit, done, failed))
