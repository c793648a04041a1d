"""An engine that does what a test (or a demonstration) tells it to, one step at a time."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from app.engine.protocol import (
    Box,
    EmbedDone,
    EngineState,
    EngineStatus,
    EraseCancelled,
    EraseChoice,
    EraseDone,
    EraseFailed,
    EraseOptions,
    ErasePreview,
    EraseProgress,
    MeasureEnded,
    ModelAdded,
    ModelInfo,
    ModelRefused,
    Patch,
    TimesFound,
)

MODELS = (
    ModelInfo("fake", "Fake model", 6, 2.0, 0.5, "Paints the hole in one colour."),
    ModelInfo("other", "Other model", 12, 4.5, 1.0),
)
RESULT = (10, 200, 90)  # what an erased hole becomes


class FakeEngine(QObject):
    """Has the controller's signals and methods; an erase goes on only when ``step`` is called."""

    statusChanged = Signal(object)
    progressed = Signal(object)
    previewed = Signal(object)
    noted = Signal(object)
    finished = Signal(object)
    modelsChanged = Signal()
    added = Signal(object)
    imported = Signal(object)
    embedded = Signal(object)
    timesFound = Signal(object)
    measured = Signal(object)

    def __init__(self, total: int = 6, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.total = total
        self.imports: list[tuple[str, str]] = []  # their ids are 1, 2, ..
        self.precision = ""
        self.embeds: list[tuple[int, NDArray[np.uint8]]] = []
        self.prompts: list[tuple[int, tuple[tuple[float, float], ...], bool]] = []
        self.logits: NDArray[np.float32] | None = None  # what prompts are answered with; None: no such model
        self.loads: list[tuple[str, str]] = []
        self.requests: list[tuple[NDArray[np.uint8], NDArray[np.uint8], EraseOptions]] = []
        self.sources: list[NDArray[np.uint8] | None] = []  # of the requests
        self.shut_down = False
        self.times: dict[EraseChoice, float] = {}  # what is known
        self.asked = 0  # how often times were asked for
        self.measures: list[tuple[str, tuple[EraseChoice, ...]]] = []
        self.measuring = False
        self.unload_minutes: float | None = None
        self._models: tuple[ModelInfo, ...] = MODELS
        self._status = EngineStatus(EngineState.EMPTY)
        self._id = 0
        self._step: int | None = None  # None: nothing runs

    def models(self) -> tuple[ModelInfo, ...]:
        return self._models

    def status(self) -> EngineStatus:
        return self._status

    def set_status(self, status: EngineStatus) -> None:
        self._status = status
        self.statusChanged.emit(status)

    def survey(self, folders: Sequence[str] = ()) -> None:
        self._models = (*MODELS, *(added_info(folder) for folder in folders if "model" in Path(folder).name))
        self.modelsChanged.emit()

    def add_model(self, folder: str) -> None:
        if "model" not in Path(folder).name:
            reason = f"There is no model in {folder}: choose the folder that holds its config."
            self.added.emit(ModelRefused(folder, reason))
            return
        info = added_info(folder)
        if info not in self._models:
            self._models = (*self._models, info)
        self.added.emit(ModelAdded(folder, info))

    def set_installed(self, infos: tuple[ModelInfo, ...]) -> None:
        self._models = (*MODELS, *infos)
        self.modelsChanged.emit()

    def import_model(self, source: str, known: str = "") -> int:
        self.imports.append((source, known))
        return len(self.imports)

    def load(self, model: str, device: str = "auto") -> None:
        self.loads.append((model, device))
        self.set_status(EngineStatus(EngineState.READY, model, model, "cpu"))

    def use_precision(self, precision: str) -> None:
        self.precision = precision

    def unload_after(self, minutes: float) -> None:
        self.unload_minutes = minutes

    def ask_times(self, model: str, device: str, choices: Sequence[EraseChoice]) -> None:
        self.asked += 1
        self.timesFound.emit(TimesFound(model, tuple(self.times.get(choice) for choice in choices)))

    def measure(self, model: str, device: str, choices: Sequence[EraseChoice]) -> None:
        self.measures.append((model, tuple(choices)))
        self.measuring = True

    def stop_measuring(self) -> None:
        if self.measuring:
            self.measuring = False
            self.measured.emit(MeasureEnded(len(self.measures)))

    def embed(self, key: int, rgb: NDArray[np.uint8]) -> None:
        self.embeds.append((key, rgb))
        self.embedded.emit(EmbedDone(key, self.logits is not None))

    def segment(
        self, key: int, points: tuple[tuple[float, float], ...], *, box: bool
    ) -> Future[NDArray[np.float32] | None]:
        self.prompts.append((key, points, box))
        answer: Future[NDArray[np.float32] | None] = Future()
        answer.set_result(self.logits)
        return answer

    @property
    def busy(self) -> bool:
        return self._step is not None

    @property
    def current_id(self) -> int:
        return self._id

    def erase(
        self,
        rgb: NDArray[np.uint8],
        mask: NDArray[np.uint8],
        options: EraseOptions,
        source: NDArray[np.uint8] | None = None,
    ) -> int:
        assert not self.busy
        self.sources.append(source)
        self.requests.append((rgb, mask, options))
        self._id, self._step = self._id + 1, 0
        return self._id

    def step(self) -> bool:
        """Do the next step of the erase; False once it has ended."""
        if self._step is None:
            return False
        rgb, mask, _ = self.requests[-1]
        box = hole_box(mask)
        part = rgb[box[1] : box[3], box[0] : box[2]].copy()
        inside = mask[box[1] : box[3], box[0] : box[2]] > 127
        if self._step > self.total:
            self._step = None
            part[inside] = RESULT
            self.finished.emit(EraseDone(self._id, (Patch(box, part),), 1.0))
            return False
        left = float(self.total - self._step) if self._step else None
        self.progressed.emit(EraseProgress(self._id, self._step, self.total, left))
        if self._step:
            part[inside] = (40 * self._step % 256, 128, 128)
            self.previewed.emit(ErasePreview(self._id, self._step, self.total, box, part))
        self._step += 1
        return True

    def finish(self) -> None:
        """Do all the steps that are left."""
        while self.step():
            pass

    def fail(self, message: str, details: str = "") -> None:
        """End the erase with a failure."""
        self._step = None
        self.finished.emit(EraseFailed(self._id, message, details))

    def end_quietly(self) -> None:
        """The run has ended; who tests sends the answer."""
        self._step = None

    def cancel(self) -> None:
        if self._step is not None:
            self._step = None
            self.finished.emit(EraseCancelled(self._id))

    def shutdown(self) -> None:
        self.shut_down = True


def added_info(folder: str) -> ModelInfo:
    """What is known of a folder added by hand."""
    return ModelInfo(folder, "Added model", 20, 3.0, 1.0)


def hole_box(mask: NDArray[np.uint8]) -> Box:
    """The bounds of the hole, 8 px larger, within the picture."""
    rows, columns = np.nonzero(mask > 127)
    height, width = mask.shape
    return (
        max(0, int(columns.min()) - 8),
        max(0, int(rows.min()) - 8),
        min(width, int(columns.max()) + 9),
        min(height, int(rows.max()) + 9),
    )
