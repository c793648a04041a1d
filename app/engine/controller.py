"""The controller, the engine as the window sees it: requests go out, signals come back, nothing waits."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Qt, QThread, Signal, Slot

from app.engine.protocol import (
    AddRequest,
    EmbedDone,
    EmbedRequest,
    EngineNote,
    EngineState,
    EngineStatus,
    EraseCancelled,
    EraseChoice,
    EraseDone,
    EraseFailed,
    EraseOptions,
    EraseProgress,
    EraseRequest,
    IdleRequest,
    ImportDone,
    ImportFailed,
    ImportRequest,
    LoadRequest,
    MeasureEnded,
    MeasureProgress,
    MeasureRequest,
    ModelAdded,
    ModelInfo,
    ModelRefused,
    ModelsFound,
    SegmentRequest,
    SurveyRequest,
    TimesFound,
    TimesRequest,
)
from app.engine.worker import EngineWorker, Job


class EngineController(QObject):
    """Owns the engine's thread for the application's whole life. All methods are for the main thread."""

    statusChanged = Signal(object)
    progressed = Signal(object)  # EraseProgress
    previewed = Signal(object)  # ErasePreview, the newest only
    noted = Signal(object)  # EngineNote
    finished = Signal(object)  # EraseDone | EraseCancelled | EraseFailed
    modelsChanged = Signal()
    added = Signal(object)  # ModelAdded | ModelRefused
    imported = Signal(object)  # ImportDone | ImportFailed
    embedded = Signal(object)  # EmbedDone
    timesFound = Signal(object)  # TimesFound
    measured = Signal(object)  # MeasureProgress | MeasureEnded
    _requested = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._status = EngineStatus(EngineState.EMPTY)
        self._bundled: tuple[ModelInfo, ...] = ()
        self._installed: tuple[ModelInfo, ...] = ()
        self._added: tuple[ModelInfo, ...] = ()
        self._model, self._device, self._precision = "", "auto", "auto"
        self._job: Job[EraseRequest] | None = None
        self._loading: Job[LoadRequest] | None = None
        self._measuring: Job[MeasureRequest] | None = None
        self._ids = 0
        self._step = 0  # of the erase, the newest seen
        self._thread: QThread | None = QThread()
        self._thread.setObjectName("engine")
        self._worker = EngineWorker()
        self._worker.moveToThread(self._thread)
        queued = Qt.ConnectionType.QueuedConnection
        self._requested.connect(self._worker.handle, queued)
        self._worker.answered.connect(self._on_answer, queued)
        self._worker.previewReady.connect(self._on_preview, queued)
        self._thread.start()

    @property
    def busy(self) -> bool:
        """Whether an erase is under way that was not cancelled."""
        return self._job is not None

    def models(self) -> tuple[ModelInfo, ...]:
        """The models to choose from: bundled ones, installed ones, then folders added; none before a survey."""
        return (*self._bundled, *self._installed, *self._added)

    def survey(self, folders: Sequence[str] = ()) -> None:
        """Look at the models there are and those in ``folders``; ``modelsChanged`` tells when that is done."""
        self._requested.emit(SurveyRequest(tuple(folders)))

    def add_model(self, folder: str) -> None:
        """Add a model folder to the choice; ``added`` tells whether it holds one."""
        self._requested.emit(AddRequest(folder))

    def set_installed(self, infos: tuple[ModelInfo, ...]) -> None:
        """These are the user's own models now."""
        if infos != self._installed:
            self._installed = infos
            self.modelsChanged.emit()

    def import_model(self, source: str, known: str = "") -> int:
        """Take a model in, after what the engine is at; ``imported`` tells how it went, with the id returned.

        ``source`` is a file or folder; ``known`` names the catalogue's model that was downloaded there.
        """
        self._ids += 1
        self._requested.emit(ImportRequest(self._ids, source, known))
        return self._ids

    def status(self) -> EngineStatus:
        return self._status

    def load(self, model: str, device: str = "auto") -> None:
        """Make ``model`` the one that erases; ``statusChanged`` tells how it goes."""
        self._model, self._device = model, device
        self._ids += 1
        self._stop_loading()
        self._loading = Job(LoadRequest(self._ids, model, device, self._precision))
        self._requested.emit(self._loading)

    def use_precision(self, precision: str) -> None:
        """What models that are loaded from now on calculate in, as of :class:`LoadRequest`."""
        self._precision = precision

    def _stop_loading(self) -> None:
        """What is being loaded is not wanted any more; nothing happens where it is loaded already."""
        if self._loading is not None:
            self._loading.cancelled.set()
            self._loading = None

    def unload_after(self, minutes: float) -> None:
        """Unload the model after so many minutes without an erase; 0: never. ``statusChanged`` tells of it."""
        self._requested.emit(IdleRequest(minutes))

    def erase(
        self,
        rgb: NDArray[np.uint8],
        mask: NDArray[np.uint8],
        options: EraseOptions,
        source: NDArray[np.uint8] | None = None,
    ) -> int:
        """Start an erase and return its id; a running one is cancelled first.

        ``rgb (H, W, 3)``, ``mask (H, W)`` and ``source (H, W)`` must be copies nobody writes to any more. ``source``
        is above 127 where the fill may copy from, None: everywhere.
        """
        self.cancel()
        self.stop_measuring()
        self._ids += 1
        request = EraseRequest(self._ids, rgb, mask, self._model, self._device, options, self._precision, source)
        self._job, self._step = Job(request), 0
        self._requested.emit(self._job)
        return request.id

    def ask_times(self, model: str, device: str, choices: Sequence[EraseChoice]) -> None:
        """How long an erase takes with each of these choices; ``timesFound`` tells, after what the engine is at."""
        self._requested.emit(TimesRequest(model, device, tuple(choices)))

    def measure(self, model: str, device: str, choices: Sequence[EraseChoice]) -> None:
        """Measure how long these choices take, by short erases; ``measured`` tells how that goes, and of its end.

        An erase that is begun meanwhile ends it.
        """
        self.stop_measuring()
        self._ids += 1
        self._measuring = Job(MeasureRequest(self._ids, model, device, tuple(choices)))
        self._requested.emit(self._measuring)

    def stop_measuring(self) -> None:
        """End what is being measured; the window hears of it at once."""
        if self._measuring is not None:
            job, self._measuring = self._measuring, None
            job.cancelled.set()
            self.measured.emit(MeasureEnded(job.request.id))

    def embed(self, key: int, rgb: NDArray[np.uint8]) -> None:
        """Get ready for prompts on a picture ``(h, w, 3)``, which may be reduced; ``embedded`` tells how that went."""
        self._requested.emit(EmbedRequest(key, rgb, self._device))

    def segment(
        self, key: int, points: tuple[tuple[float, float], ...], *, box: bool
    ) -> Future[NDArray[np.float32] | None]:
        """What is at a position or in a box of the picture embedded under ``key``, as of :class:`SegmentRequest`.

        To be waited for on another thread; it comes after what the engine is at.
        """
        request = SegmentRequest(key, points, box, Future())
        self._requested.emit(request)
        return request.logits

    def cancel(self) -> None:
        """End the running erase at once for the window; the thread follows between two layers of the network."""
        if self._job is None:
            return
        job, self._job = self._job, None
        job.cancelled.set()
        self.finished.emit(EraseCancelled(job.request.id))

    def shutdown(self) -> None:
        """Stop the thread and wait for it; the controller can't be used afterwards."""
        if self._thread is None:
            return
        self._stop_loading()
        self.stop_measuring()
        if self._job is not None:
            self._job.cancelled.set()
            self._job = None
        self._thread.quit()
        self._thread.wait()
        self._thread = None

    @Slot()
    def _on_preview(self) -> None:
        newest = self._worker.previews.take()
        if newest is None or self._job is None or newest[0].id != self._job.request.id:
            return
        progress, preview = newest
        self._step = progress.step
        self.progressed.emit(progress)
        self.previewed.emit(preview)

    @Slot(object)
    def _on_answer(self, answer: object) -> None:
        if isinstance(answer, EngineStatus):
            self._status = answer
            self.statusChanged.emit(answer)
        elif isinstance(answer, ModelsFound):
            self._bundled, self._installed, self._added = answer.bundled, answer.installed, answer.added
            self.modelsChanged.emit()
        elif isinstance(answer, ModelAdded | ModelRefused):
            if isinstance(answer, ModelAdded) and all(known.key != answer.info.key for known in self.models()):
                self._added = (*self._added, answer.info)
            self.added.emit(answer)
        elif isinstance(answer, ImportDone | ImportFailed):
            self.imported.emit(answer)
        elif isinstance(answer, TimesFound):
            self.timesFound.emit(answer)
        elif isinstance(answer, MeasureProgress | MeasureEnded):
            if self._measuring is not None and answer.id == self._measuring.request.id:
                self._measuring = None if isinstance(answer, MeasureEnded) else self._measuring
                self.measured.emit(answer)
        elif isinstance(answer, EmbedDone):
            self.embedded.emit(answer)
        elif isinstance(answer, EraseProgress):
            # A newer preview may have come before it.
            if self._job is not None and answer.id == self._job.request.id and answer.step >= self._step:
                self.progressed.emit(answer)
        elif isinstance(answer, EngineNote):
            if self._job is not None and answer.id == self._job.request.id:
                self.noted.emit(answer)
        elif isinstance(answer, EraseDone | EraseCancelled | EraseFailed):
            if self._job is None or answer.id != self._job.request.id:
                return  # of a job cancelled before
            self._job = None
            self.finished.emit(answer)
