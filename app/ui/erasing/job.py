"""One erase from the press of the button until its result is kept or it is given up.

With several seeds it is run once for each, and the results wait to be chosen from. Until one is
kept the document is not touched: what is seen are previews over it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal, Slot

from app.canvas.view import CanvasView
from app.document.editing import Document
from app.document.pixels import Box
from app.engine.protocol import (
    EngineNote,
    EngineState,
    EraseAnswer,
    EraseDone,
    EraseFailed,
    EraseOptions,
    ErasePreview,
    EraseProgress,
    Patch,
)
from app.ui.support import Engine, Messages

NOTHING_TO_ERASE = "Nothing to erase yet: brush over what should go, then press Erase."
NOT_SAMPLED = "This model draws what it fills in and copies nothing, so the sample area did not count: choose another."
NO_MODEL = "No model is chosen yet: choose one in the panel, then press Erase."


@dataclass(frozen=True)
class Hole:
    """What is erased: private copies, nobody writes to them."""

    document: Document
    rgb: NDArray[np.uint8]  # (H, W, 3), sRGB
    mask: NDArray[np.uint8]  # (H, W), as it was when the erase began
    box: Box  # around what is above 0
    source: NDArray[np.uint8] | None = None  # (H, W), above 127: the fill may copy from there; None: everywhere
    sampled: bool = False  # the sample area says so


@dataclass(frozen=True)
class Candidate:
    """One result to choose from."""

    options: EraseOptions  # how it was made
    patches: tuple[Patch, ...]
    sampled: bool = False  # the fill kept to the sample area


class EraseJob(QObject):
    """The erase that is running or waits for a choice, if any."""

    runningChanged = Signal(bool)  # the engine is at work, or no more
    activeChanged = Signal()  # running, choosing or neither
    progressed = Signal(object)  # EraseProgress
    candidatesChanged = Signal()  # another one, or another is shown
    kept = Signal(object, object)  # Hole, Candidate: put it into the document, then call the view's set_hole(None)
    ended = Signal(bool)  # over; whether a result was kept

    def __init__(self, engine: Engine, view: CanvasView, messages: Messages, parent: QObject) -> None:
        super().__init__(parent)
        self._engine, self._view, self._messages = engine, view, messages
        self._hole: Hole | None = None
        self._id: int | None = None  # of the run under way
        self._plans: list[EraseOptions] = []  # the one under way first
        self._wanted = 0
        self.candidates: list[Candidate] = []
        self.shown: int | None = None  # None: the run under way is
        self.region: int | None = None  # that is chosen for, None: all of them
        self._chosen: dict[int, int] = {}  # candidates by regions for which another than the one shown was chosen
        engine.progressed.connect(self._on_progress)
        engine.previewed.connect(self._on_preview)
        engine.noted.connect(self._on_note)
        engine.finished.connect(self._on_finished)

    # -- what is going on ------------------------------------------------------------------

    @property
    def running(self) -> bool:
        """Whether the engine is at work for it."""
        return self._id is not None

    @property
    def active(self) -> bool:
        """Whether an erase is under way or waits for a choice."""
        return self._hole is not None

    @property
    def choosing(self) -> bool:
        """Whether there are results to choose from."""
        return self._wanted > 1 and bool(self.candidates)

    @property
    def wanted(self) -> int:
        """How many results are to choose from in the end."""
        return self._wanted

    @property
    def hole(self) -> Hole | None:
        """What is being erased."""
        return self._hole

    @property
    def regions(self) -> tuple[Box, ...]:
        """Boxes that can be chosen for one by one: holes that are apart, the same in every result."""
        boxes = {tuple(patch.box for patch in candidate.patches) for candidate in self.candidates}
        return next(iter(boxes)) if len(boxes) == 1 else ()

    @property
    def choice(self) -> int | None:
        """The result shown, in the region that is chosen for."""
        return self.shown if self.region is None else self._chosen.get(self.region, self.shown)

    # -- commands --------------------------------------------------------------------------

    def may_start(self, document: Document) -> bool:
        """Whether there is something to erase and something to do it; a message where not."""
        if not document.masked:
            self._messages.info(NOTHING_TO_ERASE)
        elif self._engine.status().state is EngineState.EMPTY:
            self._messages.info(NO_MODEL)
        else:  # also where the model failed to load: with the cause removed it may load now
            return True
        return False

    def start(self, hole: Hole, plans: Sequence[EraseOptions]) -> None:
        """Erase ``hole`` once for each plan; nothing may be active."""
        self._hole, self._plans, self._wanted = hole, list(plans), len(plans)
        self._view.set_hole(hole.mask)
        self._run_next()
        self.activeChanged.emit()

    def cancel(self) -> None:
        """Give the erase and its results up, at once: whatever the engine still sends is not for this document."""
        if self._hole is not None:
            self._view.set_hole(None)
            self._end()
            self._engine.cancel()
            self.ended.emit(False)

    def keep(self) -> None:
        """Take the result shown, the first where none is; the others and what still runs are dropped."""
        if self._hole is None or not self.candidates:
            return
        hole, candidate = self._hole, self._mixed()
        self._end()
        self._engine.cancel()
        self.kept.emit(hole, candidate)
        self.ended.emit(True)

    def step(self, direction: int) -> None:
        """Show the next (1) or the previous (-1) result."""
        if self.choosing:
            start = (-1 if direction > 0 else 0) if self.choice is None else self.choice
            self.show(start + direction)

    def show(self, index: int) -> None:
        """Show the result of that number, counted round and round."""
        if self._hole is not None and self.candidates:
            if self.region is None:
                self.shown, self._chosen = index % len(self.candidates), {}
            else:
                self._chosen[self.region] = index % len(self.candidates)
            self._show_patches()
            self.candidatesChanged.emit()

    def step_region(self) -> None:
        """Choose for the next region, after the last of them for all."""
        if self.choosing and len(self.regions) > 1:
            following = 0 if self.region is None else self.region + 1
            self.region = following if following < len(self.regions) else None
            if self.shown is None:
                self.show(0)
            self._view.set_frame(None if self.region is None else self.regions[self.region])
            self.candidatesChanged.emit()

    # -- inside ----------------------------------------------------------------------------

    def _mixed(self) -> Candidate:
        """What is shown: of every region the result chosen for it."""
        shown = self.candidates[self.shown or 0]
        if not self._chosen:
            return shown
        patches = [self.candidates[self._chosen.get(i, self.shown or 0)].patches[i] for i in range(len(shown.patches))]
        return replace(shown, patches=tuple(patches))

    def _run_next(self) -> None:
        assert self._hole is not None
        was = self.running
        self._id = self._engine.erase(self._hole.rgb, self._hole.mask, self._plans[0], self._hole.source)
        if not was:
            self.runningChanged.emit(True)

    def _stop_running(self) -> None:
        if self._id is not None:
            self._id = None
            self.runningChanged.emit(False)

    def _end(self) -> None:
        self._hole, self._plans, self._wanted = None, [], 0
        self.candidates, self.shown, self.region, self._chosen = [], None, None, {}
        self._view.set_frame(None)
        self._stop_running()
        self.candidatesChanged.emit()
        self.activeChanged.emit()

    def _show_patches(self) -> None:
        assert self._hole is not None
        assert self.shown is not None
        self._view.set_hole(self._hole.mask)
        for patch in self._mixed().patches:
            self._view.show_preview(patch.box, patch.rgb)

    @Slot(object)
    def _on_progress(self, progress: EraseProgress) -> None:
        if progress.id == self._id:
            self.progressed.emit(progress)

    @Slot(object)
    def _on_preview(self, preview: ErasePreview) -> None:
        if preview.id == self._id and self.shown is None:
            self._view.show_preview(preview.box, preview.rgb)

    @Slot(object)
    def _on_note(self, note: EngineNote) -> None:
        if note.id == self._id:
            self._messages.info(note.message)

    @Slot(object)
    def _on_finished(self, answer: EraseAnswer) -> None:
        if self._id is None or answer.id != self._id:
            return
        if isinstance(answer, EraseDone):
            self.candidates.append(Candidate(self._plans[0], answer.patches, answer.sampled))
            if self._hole is not None and self._hole.sampled and not answer.sampled:
                self._messages.info(NOT_SAMPLED)
            self._plans.pop(0)
            if self._wanted == 1:
                self.keep()
            else:
                self._go_on()
        elif isinstance(answer, EraseFailed):
            self._messages.error(answer.message, answer.details)
            self._plans.clear()
            if self.candidates:
                self._go_on()
            else:
                self._view.set_hole(None)
                self._end()
                self.ended.emit(False)
        else:  # cancelled by the engine itself
            self._view.set_hole(None)
            self._end()
            self.ended.emit(False)

    def _go_on(self) -> None:
        if self._plans:
            self._run_next()
        else:
            self._stop_running()
            self.shown = self.shown or 0
        if self.shown is not None:
            self._show_patches()
        self.candidatesChanged.emit()
        self.activeChanged.emit()
