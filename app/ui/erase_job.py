"""One erase from the press of the button until its result is in the document or it is given up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal, SignalInstance, Slot

from app.canvas.view import CanvasView
from app.document.document import Document
from app.engine.protocol import (
    EngineState,
    EngineStatus,
    EraseAnswer,
    EraseDone,
    EraseFailed,
    EraseOptions,
    ErasePreview,
    EraseProgress,
    ModelInfo,
)
from app.ui.messages import Messages

NOTHING_TO_ERASE = "Nothing to erase yet: brush over what should go, then press Erase."


class Engine(Protocol):
    """What the window needs of the engine's controller."""

    @property
    def statusChanged(self) -> SignalInstance: ...
    @property
    def progressed(self) -> SignalInstance: ...
    @property
    def previewed(self) -> SignalInstance: ...
    @property
    def finished(self) -> SignalInstance: ...
    @property
    def busy(self) -> bool: ...
    def models(self) -> tuple[ModelInfo, ...]: ...
    def status(self) -> EngineStatus: ...
    def add_model(self, folder: str) -> ModelInfo: ...
    def load(self, model: str, device: str = "auto") -> None: ...
    def erase(self, rgb: NDArray[np.uint8], mask: NDArray[np.uint8], options: EraseOptions) -> int: ...
    def cancel(self) -> None: ...
    def shutdown(self) -> None: ...


@dataclass(frozen=True)
class _Running:
    id: int
    document: Document
    mask: NDArray[np.uint8]  # (H, W), as it was when the erase began


class EraseJob(QObject):
    """The erase that is running, if any. Until it is done the document is not touched."""

    runningChanged = Signal(bool)
    progressed = Signal(object)  # EraseProgress
    done = Signal(object)  # Edit, applied already

    def __init__(self, engine: Engine, view: CanvasView, messages: Messages, parent: QObject) -> None:
        super().__init__(parent)
        self._engine, self._view, self._messages = engine, view, messages
        self._running: _Running | None = None
        engine.progressed.connect(self._on_progress)
        engine.previewed.connect(self._on_preview)
        engine.finished.connect(self._on_finished)

    @property
    def running(self) -> bool:
        """Whether an erase is under way."""
        return self._running is not None

    def start(self, document: Document, options: Callable[[], EraseOptions]) -> bool:
        """Begin to erase what the mask covers; False, and a message, where that cannot be."""
        if self._running is not None:
            return False
        status = self._engine.status()
        if document.mask_box() is None:
            self._messages.info(NOTHING_TO_ERASE)
        elif status.state is EngineState.EMPTY:
            self._messages.info("No model is chosen yet: choose one in the panel, then press Erase.")
        else:  # also where the model failed to load: with the cause removed it may load now
            self._begin(document, options())
        return self._running is not None

    def cancel(self) -> None:
        """Give the erase up, at once: whatever the engine still sends is not for this document."""
        if self._running is not None:
            self._end()
            self._engine.cancel()

    def _begin(self, document: Document, options: EraseOptions) -> None:
        self._view.pause_stroke()
        mask = document.mask.copy()
        rgb = np.array(document.picture.rgb, order="C")
        self._running = _Running(self._engine.erase(rgb, mask, options), document, mask)
        self._view.set_hole(mask)
        self.runningChanged.emit(True)

    def _end(self) -> None:
        self._running = None
        self._view.set_hole(None)
        self.runningChanged.emit(False)

    @Slot(object)
    def _on_progress(self, progress: EraseProgress) -> None:
        if self._running is not None and progress.id == self._running.id:
            self.progressed.emit(progress)

    @Slot(object)
    def _on_preview(self, preview: ErasePreview) -> None:
        if self._running is not None and preview.id == self._running.id:
            self._view.show_preview(preview.box, preview.rgb)

    @Slot(object)
    def _on_finished(self, answer: EraseAnswer) -> None:
        running = self._running
        if running is None or answer.id != running.id:
            return
        self._end()
        if isinstance(answer, EraseDone):
            self._apply(running, answer)
        elif isinstance(answer, EraseFailed):
            self._messages.error(answer.message, answer.details)

    def _apply(self, running: _Running, answer: EraseDone) -> None:
        document = running.document
        self._view.pause_stroke()
        if not self._view.has_before:
            self._view.set_before(document.pixels.copy())
        edit = document.apply_result(answer.patches, running.mask)
        if edit is None:
            self._messages.info("The model found nothing to change here.")
        else:
            self._view.refresh(part.box for part in edit.parts)
            self.done.emit(edit)
