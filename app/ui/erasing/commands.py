"""The commands that erase: by the button, as you paint, again in another way; and what becomes of the result."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal, Slot

from app.canvas.view import CanvasView
from app.document.editing import Document, model_view, needs_sixteen_bits
from app.document.history import Edit
from app.document.pixels import area as box_area
from app.document.pixels import bounds
from app.engine.protocol import EraseOptions
from app.ui.editing import BackgroundEdits, Workspace
from app.ui.erasing.chosen import another_way
from app.ui.erasing.job import Candidate, EraseJob, Hole
from app.ui.erasing.part_again import part_of
from app.ui.support import Messages, Settings, settings

NOTHING_AGAIN = "Nothing has been erased yet that could be erased again: brush over what should go, then press Erase."
NO_MEMORY = "There is not enough memory for this erase: close other programs and try again."
NOT_ERASED = "The erase could not be done: the picture is as it was."
_SIXTEEN_BIT_COST = 16  # times as long as pixels that are only copied
SAMPLED_NAME = "Erase from the sample area"
NO_CHANGE = "The model found nothing to change here."


@dataclass(frozen=True)
class _Last:
    """The result that is newest, for Again."""

    edit: Edit
    options: EraseOptions  # how it was made
    hole: Hole  # what was erased
    version: int  # of the pixels with it
    index: int  # of the history with it


class _Scratch:
    """Copies that an edit can be undone on."""

    def __init__(self, document: Document) -> None:
        self.picture = document.picture.copy()
        self.pixels = self.picture.pixels
        self.mask = self.samples = np.empty(document.mask.shape, np.uint8)  # what is written to them is not read

    def mark_changed(self) -> None:
        pass


class EraseCommands(QObject):
    """Starts erases and puts what is kept of them into the document, as one step each."""

    begun = Signal()
    erased = Signal()

    def __init__(
        self,
        job: EraseJob,
        jobs: BackgroundEdits,
        view: CanvasView,
        workspace: Workspace,
        options: Callable[[bool], EraseOptions],
        store: Settings,
        messages: Messages,
        parent: QObject,
    ) -> None:
        """``options(new_seed)`` answers how to erase, with another seed than the last if so asked."""
        super().__init__(parent)
        self._job, self._jobs, self._view, self._workspace = job, jobs, view, workspace
        self._options, self._settings, self._messages = options, store, messages
        self._last: _Last | None = None
        self._replaces: _Last | None = None  # what the erase under way takes the place of
        self._queued = False  # a stroke waits for its turn
        self._pausing = False
        self._kept_early = False  # the erase is over, its result is still being put in
        job.kept.connect(self._on_kept)
        job.ended.connect(self._on_ended)

    # -- commands --------------------------------------------------------------------------

    @Slot()
    def erase(self) -> None:
        """Erase what the mask covers; a result that waits for a choice is kept first."""
        document = self._workspace.document
        if document is None or self._job.running:
            return
        self._keep_open()
        kept = self._job.choosing and not self._jobs.busy
        if kept:
            self._job.keep()
        if self._jobs.busy:  # after a result that is still being put in
            self._queued = self._queued or kept
            return
        if self._job.active or (kept and not document.masked):
            return
        if self._job.may_start(document):
            self._start(document, None)

    @Slot()
    def again(self) -> None:
        """Erase the last hole anew, with another seed and in another way; the new result takes the place of the old.

        With a part of that result brushed over only that part is erased, as a step of its own.
        """
        document, last = self._workspace.document, self._last
        if document is None or self._job.active or self._jobs.busy:
            return
        if (
            last is not None
            and last.hole.document is document
            and self._workspace.history.pixel_version == last.version
        ):
            self._start(document, last, again=last)
        elif document.masked:
            self._start(document, None, again=last, new_seed=True)
        else:
            self._messages.info(NOTHING_AGAIN)

    @Slot()
    def cancel(self) -> None:
        """Give the erase and its results up."""
        self._job.cancel()

    def settle(self) -> None:
        """Keep the result that is seen, where a choice is waited for: what is seen is what is saved."""
        if self._job.choosing and not self._job.running:
            self._job.keep()
        self._jobs.finish()

    def forget(self) -> None:
        """Another document: nothing to erase again."""
        self._job.cancel()
        self._jobs.let_go([self._last])
        self._last = None
        self._kept_early = self._queued = False

    @Slot(object)
    def on_stroke(self, edit: Edit) -> None:
        """A tool has finished an edit of the mask: erase it now, where that is wanted."""
        document = self._workspace.document
        if self._pausing or document is None or not self._settings.get(settings.LIVE):
            return
        if edit.name.startswith("Eraser") or not edit.changes_mask or not document.masked:
            return
        if not self._job.running:
            self.erase()
        elif self._settings.get(settings.LIVE_JOINS) and self._replaces is None:
            self._job.cancel()
            self.erase()
        else:
            self._queued = True

    # -- inside ----------------------------------------------------------------------------

    def _start(
        self, document: Document, replaces: _Last | None, *, again: _Last | None = None, new_seed: bool = False
    ) -> None:
        """``again``: the result of which only a part is meant, where something of it is masked."""
        self._pause()
        self._queued = False

        def copy() -> tuple[Hole, _Last | None, bool]:
            part = None
            if again is not None and again.hole.document is document and document.masked:
                part = part_of(document.mask, again.hole.mask, again.hole.box)
            if part is not None or replaces is None:
                return copy_hole(part), None, part is not None
            return copy_old(replaces), replaces, True

        def copy_hole(part: NDArray[np.uint8] | None) -> Hole:
            mask = document.mask.copy() if part is None else part
            marked = document.sample_source()
            rgb, source = model_view(document.picture, mask, marked)
            return Hole(document, rgb, mask, bounds(mask), source, marked is not None)

        def copy_old(old: _Last) -> Hole:
            scratch = _Scratch(document)
            old.edit.undo(scratch)
            marked = document.sample_source()
            rgb, source = model_view(scratch.picture, old.hole.mask, marked)
            return Hole(document, rgb, old.hole.mask, old.hole.box, source, marked is not None)

        def begin(copied: tuple[Hole, _Last | None, bool]) -> None:
            hole, self._replaces, repeated = copied
            self.begun.emit()
            first = replace(
                self._options(new_seed or again is not None), sixteen_bit=needs_sixteen_bits(document.picture)
            )
            if again is not None and repeated:
                first = another_way(first, again.options)
            plans = [first]
            for _ in range(self._settings.get(settings.CANDIDATES) - 1):
                plans.append(another_way(replace(first, seed=(plans[-1].seed + 1) % 2**31), plans[-1]))
            self._job.start(hole, plans)

        cost = _SIXTEEN_BIT_COST if needs_sixteen_bits(document.picture) else 1
        self._jobs.when_free(  # a stroke of clone or heal may be on its way in
            lambda: self._jobs.prepare(document, "Getting ready to erase", copy, begin, self._on_failed, cost)
        )

    def _keep_open(self) -> None:
        self._pausing = True  # it is erased by who asks, not for having been masked
        try:
            self._view.keep_open()
        finally:
            self._pausing = False

    def _pause(self) -> None:
        self._pausing = True  # the part of a stroke handed over is no stroke let go
        try:
            self._view.pause_stroke()
        finally:
            self._pausing = False

    @Slot(object, object)
    def _on_kept(self, hole: Hole, candidate: Candidate) -> None:
        replaces, self._replaces = self._replaces, None
        self._jobs.when_free(lambda: self._put_in(hole, candidate, replaces))

    def _put_in(self, hole: Hole, candidate: Candidate, replaces: _Last | None) -> None:
        document, history = hole.document, self._workspace.history
        self._pause()
        # With strokes painted since on top of it, the old result stays below them as a step of its own.
        undone = (
            replaces is not None
            and history.pixel_version == replaces.version
            and history.index() == replaces.index
            and history.canUndo()
        )

        def back() -> None:
            if undone and history.canRedo():
                self._jobs.go_to(history.index() + 1)

        def laid(edit: Edit | None) -> None:
            self._view.set_hole(None)
            if edit is not None:
                self._jobs.let_go([self._last])
                self._last = _Last(edit, candidate.options, hole, history.pixel_version, history.index())
                self.erased.emit()
            else:
                back()
                self._messages.info(NO_CHANGE)
            if self._kept_early:
                self._on_ended(True)

        def failed(error: Exception) -> None:
            self._view.set_hole(None)
            self._kept_early = self._queued = False
            back()
            self._on_failed(error)

        area = sum(box_area(box) for box in (hole.box, *(patch.box for patch in candidate.patches)))
        if needs_sixteen_bits(document.picture):
            area *= _SIXTEEN_BIT_COST

        name = SAMPLED_NAME if hole.sampled and candidate.sampled else "Erase"

        def put_in() -> None:
            self._jobs.put_in(
                document, area, lambda: document.result_edit(candidate.patches, hole.mask, hole.box, name), laid, failed
            )

        if undone:
            self._jobs.go_to(history.index() - 1, put_in)
        else:
            put_in()

    @Slot(bool)
    def _on_ended(self, kept: bool) -> None:
        self._kept_early = kept and self._jobs.busy
        if self._kept_early:
            return
        queued, self._queued = self._queued, False
        self._replaces = None
        document = self._workspace.document
        if kept and queued and document is not None and document.masked:
            self.erase()

    def _on_failed(self, error: Exception) -> None:
        if isinstance(error, MemoryError):
            self._messages.error(NO_MEMORY)
        else:
            self._messages.error(NOT_ERASED, "".join(traceback.format_exception(error)))
