"""What is looked for in the picture on another thread: for the tools, and the commands that find, snap and grow."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from PySide6.QtCore import QObject, Slot

from app.canvas.view import CanvasView
from app.document.editing import Selections
from app.document.history import Edit
from app.document.mask import Segment, find_specks, find_wires
from app.document.pixels import bounds
from app.ui.commands import Actions
from app.ui.editing.background_edits import ALWAYS_LATER, BackgroundEdits
from app.ui.editing.mask_menu import MASK_EMPTY
from app.ui.editing.workspace import Workspace
from app.ui.support import Messages

HOW_TO_CHOOSE = "Click one to mask it, with Alt to drop it; Enter masks all, Esc gives up."
HOW_TO_GROW = "Drag an arrow to where the mask should grow, or use the arrow keys and Enter."
SNAPPED_ALREADY = "The mask fits its objects already."
NOT_FOUND = "Nothing could be found in the picture."
NO_MEMORY = "Nothing was found: there is not enough memory. Close other programs."

T = TypeVar("T")


class Search(QObject):
    """The window waits for none of it, and Esc gives up what is under way."""

    def __init__(
        self,
        actions: Actions,
        view: CanvasView,
        workspace: Workspace,
        jobs: BackgroundEdits,
        messages: Messages,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._view, self._workspace, self._jobs, self._messages = view, workspace, jobs, messages
        actions.snap_mask.triggered.connect(self._snap)
        actions.grow_towards.triggered.connect(self._grow)
        actions.find_wires.triggered.connect(lambda: self._find("wire", find_wires))
        actions.find_specks.triggered.connect(lambda: self._find("speck", find_specks))

    def propose(self, name: str, work: Callable[[Selections], T], done: Callable[[T], None]) -> None:
        """Do a tool's search as soon as nothing else is under way; given up, nobody is answered."""
        document, jobs = self._workspace.document, self._jobs
        if document is not None:
            jobs.when_free(
                partial(jobs.prepare, document, name, lambda: work(document), done, self._failed, ALWAYS_LATER)
            )

    def _find(self, name: str, look: Callable[..., list[Segment]]) -> None:
        if not self._may_begin():
            return

        def done(found: list[Segment]) -> None:
            if found:
                self._view.offer(found, name.capitalize())
                count = f"1 {name} was" if len(found) == 1 else f"{len(found)} {name}s were"
                self._messages.info(f"{count} found. {HOW_TO_CHOOSE}")
            else:
                self._messages.info(f"No {name}s were found.")

        self.propose(f"Looking for {name}s", lambda sheet: look(sheet.pixels), done)

    @Slot()
    def _snap(self) -> None:
        if self._may_begin(masked=True):

            def done(edit: Edit | None) -> None:
                if edit is None:
                    self._messages.info(SNAPPED_ALREADY)

            self._jobs.run("Snapping the mask", Selections.snap_mask, done, self._failed, ALWAYS_LATER)

    @Slot()
    def _grow(self) -> None:
        document = self._workspace.document
        if document is not None and self._may_begin(masked=True):
            self.propose("Looking at the mask", lambda sheet: bounds(sheet.mask, 127), self._begin_arrow)

    def _begin_arrow(self, box: tuple[int, int, int, int]) -> None:
        self._view.begin_arrow(((box[0] + box[2]) / 2, (box[1] + box[3]) / 2))
        self._messages.info(HOW_TO_GROW)

    def _may_begin(self, *, masked: bool = False) -> bool:
        self._view.keep_open()
        document = self._workspace.document
        if document is None or self._view.stroking or self._jobs.busy:
            return False
        if masked and not document.masked:
            self._messages.info(MASK_EMPTY)
            return False
        return True

    def _failed(self, error: Exception) -> None:
        if isinstance(error, MemoryError):
            self._messages.error(NO_MEMORY)
        else:
            self._messages.error(NOT_FOUND, "".join(traceback.format_exception(error)))
