"""The engine's thread: the only place in the application that imports :mod:`inference`, and so torch.

torch is imported on the first request, off the main thread, so that the window is there before it.
"""

from __future__ import annotations

import os
import sys
import threading
import time
import traceback
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.engine.downloads import model_info
from app.engine.importing import import_answer
from app.engine.protocol import (
    EngineNote,
    EngineState,
    EngineStatus,
    EraseCancelled,
    EraseDone,
    EraseFailed,
    ErasePreview,
    EraseProgress,
    EraseRequest,
    IdleRequest,
    ImportRequest,
    LoadRequest,
    ModelInfo,
    Patch,
)
from app.engine.slot import LatestSlot

if TYPE_CHECKING:
    from inference import ErasePipeline

OUT_OF_MEMORY = (
    "There was not enough memory to erase this. Close other programs, or brush over a smaller part at a time."
)
STOPPED = "The model stopped with an error. The picture is as it was; try again, or choose another model."
NOT_INSTALLED = "PyTorch could not be started, so nothing can be erased. Install the program again."


def preload_for_platform() -> None:
    """On Windows torch's libraries must be loaded before Qt's; does nothing elsewhere."""
    if sys.platform == "win32":
        import torch  # noqa: F401


def bundled_infos() -> tuple[ModelInfo, ...]:
    """The models that come with the program, the patch fill last; damaged ones are left out."""
    from inference.catalogue import PATCH_FILL, bundled_models

    infos = []
    for name in (*bundled_models(), PATCH_FILL):
        try:
            infos.append(model_info(name))
        except ValueError:
            continue
    return tuple(infos)


def explain(error: BaseException) -> str:
    """A sentence for the user about what went wrong."""
    from inference.errors import InferenceError, out_of_memory

    if isinstance(error, InferenceError):
        return str(error)
    if out_of_memory(error):
        return OUT_OF_MEMORY
    if isinstance(error, ImportError):
        return NOT_INSTALLED
    return STOPPED


class Job:
    """What the main thread and the engine share of one erase: a flag to stop it."""

    def __init__(self, request: EraseRequest) -> None:
        self.request = request
        self.cancelled = threading.Event()


class EngineWorker(QObject):
    """Handles one request after the other; every outcome is an answer, never an exception."""

    answered = Signal(object)
    previewReady = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.previews: LatestSlot[tuple[EraseProgress, ErasePreview]] = LatestSlot()
        self._pipeline: ErasePipeline | None = None
        self._loaded: tuple[str, str] | None = None
        self._prepared = False
        self._idle = QTimer(self)  # moves to the engine's thread with its parent
        self._idle.setSingleShot(True)
        self._idle.timeout.connect(self._unload)

    @Slot(object)
    def handle(self, request: object) -> None:
        self._idle.stop()
        if isinstance(request, IdleRequest):
            self._idle.setInterval(round(request.minutes * 60_000))
        elif isinstance(request, LoadRequest):
            self._load(request.model, request.device)
        elif isinstance(request, Job):
            self.answered.emit(self._erase(request))
        elif isinstance(request, ImportRequest):
            self._prepare_thread()
            self.answered.emit(import_answer(request, explain))
        if self._pipeline is not None and self._idle.interval() > 0:
            self._idle.start()

    @Slot()
    def _unload(self) -> None:
        """Give the model's memory back; the next erase loads it again."""
        if self._loaded is None or self._pipeline is None:
            return
        (model, _), title = self._loaded, self._pipeline.folder.title
        self._pipeline = self._loaded = None
        from inference.ladder import free_caches

        free_caches()
        self.answered.emit(EngineStatus(EngineState.IDLE, model, title))

    def _prepare_thread(self) -> None:
        """Once, on the engine's thread: allocator, threads, and less right to the processor than the window."""
        if self._prepared:
            return
        self._prepared = True
        if sys.platform == "linux":
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 5)
        import torch

        from inference.memory import keep_freed_memory

        keep_freed_memory()
        cores = os.cpu_count() or 1
        torch.set_num_threads(cores - 1 if cores > 2 else cores)

    def _load(self, model: str, device: str) -> BaseException | None:
        """Load unless it is loaded already; tells the status, returns what went wrong."""
        if self._loaded == (model, device):
            return None
        self.answered.emit(EngineStatus(EngineState.LOADING, model))
        self._pipeline = self._loaded = None
        try:
            self._prepare_thread()
            from inference import ErasePipeline

            self._pipeline = ErasePipeline.load(model, device)
        except Exception as error:  # whatever it is, the window must hear of it
            self.answered.emit(
                EngineStatus(EngineState.FAILED, model, message=explain(error), details=traceback.format_exc())
            )
            return error
        self._loaded = (model, device)
        folder, where = self._pipeline.folder, self._pipeline.device
        self.answered.emit(EngineStatus(EngineState.READY, model, folder.title, where.type))
        return None

    def _erase(self, job: Job) -> EraseDone | EraseCancelled | EraseFailed:
        request = job.request
        if job.cancelled.is_set():  # before it began: nothing is loaded for it
            return EraseCancelled(request.id)
        failure = self._load(request.model, request.device)
        if failure is not None:
            return EraseFailed(request.id, explain(failure), "".join(traceback.format_exception(failure)))
        from inference.errors import Cancelled

        try:
            return self._run(job)
        except Cancelled:
            return EraseCancelled(request.id)
        except Exception as error:  # the engine must survive whatever the model does
            return EraseFailed(request.id, explain(error), traceback.format_exc())

    def _run(self, job: Job) -> EraseDone:
        from inference.errors import Cancelled

        request, options, pipeline = job.request, job.request.options, self._pipeline
        assert pipeline is not None
        start = time.monotonic()
        first_step = start

        def on_step(step: int, total: int, preview: Any) -> None:
            nonlocal first_step
            if job.cancelled.is_set():
                raise Cancelled
            now = time.monotonic()
            if step == 0:
                first_step = now
            left = (now - first_step) / step * (total - step) if step else None
            answer = (
                EraseProgress(request.id, step, total, left),
                ErasePreview(request.id, step, total, preview.box, preview.rgb),
            )
            if self.previews.put(answer):
                self.previewReady.emit()

        def on_note(sentence: str) -> None:
            self.answered.emit(EngineNote(request.id, sentence))

        if job.cancelled.is_set():
            raise Cancelled
        where = pipeline.device.type
        parts = pipeline.erase_parts(
            request.rgb,
            request.mask,
            steps=options.steps,
            guidance=options.guidance,
            strength=options.strength,
            seed=options.seed,
            context=options.context,
            colour=options.colour,
            solver=options.solver,
            guidance_until=options.guidance_until,
            on_step=on_step,
            on_note=on_note,
            cancelled=job.cancelled.is_set,
        )
        if pipeline.device.type != where:  # memory ran out there
            self.answered.emit(
                EngineStatus(EngineState.READY, request.model, pipeline.folder.title, pipeline.device.type)
            )
        if job.cancelled.is_set():
            raise Cancelled
        patches = tuple(Patch(part.box, part.rgb) for part in parts)
        return EraseDone(request.id, patches, time.monotonic() - start)
