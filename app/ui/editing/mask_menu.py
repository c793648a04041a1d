"""The commands of the Mask menu."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from app.canvas.view import CanvasView
from app.document.editing import Document, Mark, Selections
from app.document.errors import DocumentError
from app.document.formats import MaskFile, read_mask_file, write_mask
from app.document.history import Edit
from app.ui.commands import Actions
from app.ui.dialogs import questions
from app.ui.editing.background_edits import BackgroundEdits
from app.ui.editing.workspace import Workspace
from app.ui.support import Background, Messages, Setting, Settings, settings

MASK_EMPTY = "There is no mask yet: brush over something first."

NO_SAMPLES = "There is no sample area yet: fills copy from anywhere."


class MaskMenu(QObject):
    """Every change of the mask that is no stroke, each one step of the history."""

    selected = Signal(object)  # Edit that a tool's selection made

    def __init__(
        self,
        window: QWidget,
        actions: Actions,
        view: CanvasView,
        workspace: Workspace,
        jobs: BackgroundEdits,
        background: Background,
        store: Settings,
        messages: Messages,
    ) -> None:
        super().__init__(window)
        self._window, self._view, self._workspace, self._jobs = window, view, workspace, jobs
        self._background, self._settings, self._messages = background, store, messages
        actions.fill_mask.triggered.connect(lambda: self._change("Filling the mask", Selections.fill_mask))
        actions.clear_mask.triggered.connect(lambda: self._change("Clearing the mask", Selections.clear_mask))
        actions.invert_mask.triggered.connect(lambda: self._change("Inverting the mask", Selections.invert_mask))
        actions.grow_mask.triggered.connect(lambda: self._by_pixels("Grow mask", settings.GROW, Selections.grow_mask))
        actions.shrink_mask.triggered.connect(
            lambda: self._by_pixels("Shrink mask", settings.GROW, Selections.shrink_mask)
        )
        actions.feather_mask.triggered.connect(
            lambda: self._by_pixels("Feather mask", settings.FEATHER, Selections.feather_mask)
        )
        actions.sample_masked.triggered.connect(lambda: self._mark_masked("Marking the sample area", Mark.FROM))
        actions.never_masked.triggered.connect(lambda: self._mark_masked("Marking what is never copied", Mark.NEVER))
        actions.clear_samples.triggered.connect(self._clear_samples)
        actions.import_mask.triggered.connect(self.import_mask)
        actions.export_mask.triggered.connect(self.export_mask)

    @Slot()
    def import_mask(self) -> None:
        """Ask which file, read it, and ask how to put it in where that is not plain."""
        document = self._workspace.document
        path = questions.ask_mask_file(self._window, self._folder()) if document is not None else None
        if document is None or path is None:
            return
        self._settings.set(settings.LAST_FOLDER, str(path.parent))
        self.read_mask(path, path.name)

    def read_mask(self, source: Path | Callable[[], bytes], name: str) -> None:
        """Read a mask, from a file or from what ``source`` answers off the main thread, and put it in."""
        document = self._workspace.document
        if document is None:
            return
        size, orientation = document.size, document.picture.orientation

        def read() -> MaskFile:
            file = source if isinstance(source, Path) else source()
            return read_mask_file(file, size, name, orientation=orientation)

        def done(found: MaskFile) -> None:
            if self._workspace.document is document:
                self._put_in(document, name, found)

        self._background.run(read, done, lambda error: self._report(f"No mask could be read from {name}.", error))

    @Slot()
    def export_mask(self) -> None:
        """Ask where to, and write the mask as a grey picture."""
        document = self._workspace.document
        if document is None:
            return
        if not document.masked:
            self._messages.info(MASK_EMPTY)
            return
        name = Path(self._workspace.name).stem or "picture"
        path = questions.ask_save_mask(self._window, Path(self._folder()) / f"{name}-mask.png")
        if path is None:
            return
        self._settings.set(settings.LAST_FOLDER, str(path.parent))

        def failed(error: Exception) -> None:
            self._report(f"The mask could not be written to {path.name}.", error)

        def write(mask: NDArray[np.uint8]) -> None:
            done = f"The mask is in {path.name}."
            self._background.run(lambda: write_mask(path, mask), lambda _nothing: self._messages.info(done), failed)

        self._workspace.prepare(document, "Exporting the mask", lambda: document.mask.copy(), write, failed)

    def _put_in(self, document: Document, name: str, found: MaskFile) -> None:
        how: questions.MaskMode | None = "replace"
        if found.original_size != document.size or document.masked:
            how = questions.ask_mask_mode(self._window, name, found.original_size, document.size, document.masked)
        if how is not None and self._workspace.document is document and not self._view.stroking:
            mode = how

            def done(edit: Edit | None) -> None:
                if edit is None:
                    self._messages.info(f"{name} changes nothing: the mask is the same already.")
                elif found.note:
                    self._messages.info(found.note)

            def put_in() -> None:
                self._jobs.run(
                    "Importing the mask", lambda selections: selections.set_mask(found.mask, mode), done, self._failed
                )

            self._jobs.when_free(put_in)

    def _change(self, name: str, change: Callable[[Selections], Edit | None]) -> None:
        self._jobs.run(name, change, lambda _edit: None, self._failed)

    def _mark_masked(self, name: str, mark: Mark) -> None:
        document = self._workspace.document
        if document is not None and not document.masked:
            self._messages.info(MASK_EMPTY)
            return
        self._change(name, lambda sheet: sheet.mark_masked(mark))

    @Slot()
    def _clear_samples(self) -> None:
        document = self._workspace.document
        if document is not None and not document.has_samples:
            self._messages.info(NO_SAMPLES)
            return
        self._change("Clearing the sample area", Selections.clear_samples)

    def select(self, name: str, area: int, change: Callable[[Selections], Edit | None]) -> None:
        """Make a tool's selection, which looks at about ``area`` pixels."""

        def done(edit: Edit | None) -> None:
            if edit is not None:
                self.selected.emit(edit)

        self._jobs.run(name, change, done, self._failed, area)

    def _failed(self, error: Exception) -> None:
        if isinstance(error, MemoryError):
            self._messages.error("The mask was not changed: there is not enough memory. Close other programs.")
        else:
            self._report("The mask could not be changed.", error)

    def _by_pixels(self, title: str, setting: Setting[int], change: Callable[[Selections, int], Edit | None]) -> None:
        document = self._workspace.document
        if document is None or self._view.stroking or self._jobs.busy:
            return
        if not document.masked:
            self._messages.info(MASK_EMPTY)
            return
        pixels = questions.ask_pixels(self._window, title, self._settings.get(setting), int(setting.high or 1))
        if pixels is not None:
            self._settings.set(setting, pixels)
            self._change(title, lambda mask: change(mask, pixels))

    def _folder(self) -> str:
        return self._settings.get(settings.LAST_FOLDER) or str(Path.home())

    def _report(self, sentence: str, error: Exception) -> None:
        if isinstance(error, DocumentError):
            self._messages.error(str(error))
        else:
            self._messages.error(sentence, "".join(traceback.format_exception(error)))
