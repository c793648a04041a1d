"""The engine's thread: the only place in the application that imports :mod:`inference`, and so torch.

torch is imported on the first request, off the main thread, so that the window is there before it.
"""

from __future__ import annotations

import os
import sys
import threading
import time
import traceback
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.engine.downloads import installed_infos, model_info
from app.engine.importing import import_answer
from app.engine.latest_value import LatestSlot
from app.engine.measuring import Measuring
from app.engine.protocol import (
    AddRequest,
    EmbedRequest,
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
    MeasureEnded,
    MeasureProgress,
    MeasureRequest,
    ModelAdded,
    ModelInfo,
    ModelRefused,
    ModelsFound,
    Patch,
    SegmentRequest,
    SixteenBitPatch,
    SurveyRequest,
    TimesRequest,
)
from app.engine.segmenting import Segmenting

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
    from inference.models import PATCH_FILL, bundled_models

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


def found_models(folders: Sequence[str]) -> ModelsFound:
    """The models there are, and those in ``folders``; what holds none is left out."""
    added = []
    for folder in folders:
        try:
            added.append(model_info(folder))
        except ValueError:
            continue
    return ModelsFound(bundled_infos(), installed_infos(), tuple(added))


def added_model(folder: str) -> ModelAdded | ModelRefused:
    """The model in ``folder``, or why there is none."""
    try:
        return ModelAdded(folder, model_info(folder))
    except ValueError as error:
        return ModelRefused(folder, str(error))


R = TypeVar("R", EraseRequest, LoadRequest, MeasureRequest)


class Job(Generic[R]):
    """What the main thread and the engine share of one request: a flag to stop it."""

    def __init__(self, request: R) -> None:
        self.request: R = request
        self.cancelled = threading.Event()


class EngineWorker(QObject):
    """Handles one request after the other; every outcome is an answer, never an exception."""

    answered = Signal(object)
    previewReady = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.previews: LatestSlot[tuple[EraseProgress, ErasePreview]] = LatestSlot()
        self._pipeline: ErasePipeline | None = None
        self._loaded: tuple[str, str, str] | None = None
        self._segmenting = Segmenting()
        self._measuring = Measuring()
        self._prepared = False
        self._devices: tuple[str, ...] = ()
        self._unused_card = self._why_unused = ""
        self._idle = QTimer(self)  # moves to the engine's thread with its parent
        self._idle.setSingleShot(True)
        self._idle.timeout.connect(self._unload)

    @Slot(object)
    def handle(self, request: object) -> None:
        self._idle.stop()
        if isinstance(request, IdleRequest):
            self._idle.setInterval(round(request.minutes * 60_000))
        elif isinstance(request, SurveyRequest):
            self.answered.emit(found_models(request.folders))
        elif isinstance(request, AddRequest):
            self.answered.emit(added_model(request.folder))
        elif isinstance(request, Job) and isinstance(request.request, LoadRequest):
            self._load(request)
        elif isinstance(request, Job) and isinstance(request.request, MeasureRequest):
            self.answered.emit(self._measure(request))
        elif isinstance(request, Job):
            self.answered.emit(self._erase(request))
            self._measuring.write()
        elif isinstance(request, TimesRequest):
            self._prepare_thread()
            self.answered.emit(self._measuring.answer(request))
        elif isinstance(request, ImportRequest):
            self._prepare_thread()
            self.answered.emit(import_answer(request, explain))
        elif isinstance(request, EmbedRequest):
            self.answered.emit(self._segmenting.embed(request, self._prepare_thread, explain))
        elif isinstance(request, SegmentRequest):
            self._segmenting.segment(request)
        if self._pipeline is not None and self._idle.interval() > 0:
            self._idle.start()

    @Slot()
    def _unload(self) -> None:
        """Give the model's memory back; the next erase loads it again."""
        if self._loaded is None or self._pipeline is None:
            return
        (model, *_), title = self._loaded, self._pipeline.folder.title
        self._pipeline = self._loaded = None
        self._segmenting.unload()
        from inference.erase import free_caches

        free_caches()
        self.answered.emit(EngineStatus(EngineState.IDLE, model, title, devices=self._devices))

    def _prepare_thread(self) -> None:
        """Once, on the engine's thread: allocator, threads, and less right to the processor than the window."""
        if self._prepared:
            return
        self._prepared = True
        if sys.platform == "linux":
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 5)
        import torch

        from app.document.pixels import note_kept
        from inference.runtime import keep_freed_memory

        if keep_freed_memory():
            note_kept()
        cores = os.cpu_count() or 1
        torch.set_num_threads(cores - 1 if cores > 2 else cores)
        from inference.models import available_devices, unused_card, why_unused

        self._devices, self._unused_card = tuple(available_devices()), unused_card()
        self._why_unused = why_unused() if self._unused_card else ""

    def _load(self, job: Job[Any]) -> BaseException | None:
        """Load what the job asks for, unless it is loaded or not wanted any more; tells the status.

        Returns what went wrong.
        """
        model, device, precision = job.request.model, job.request.device, job.request.precision
        if self._loaded == (model, device, precision) or job.cancelled.is_set():
            return None
        if self._pipeline is not None and self._loaded is not None and self._loaded[:2] == (model, device):
            from inference import InputError
            from inference.models import precision_for

            with suppress(InputError):  # told of by loading
                held = self._pipeline
                if precision_for(held.folder, held.device, precision) == held.precision:
                    self._loaded = model, device, precision  # another word for the same
                    return None
        self.answered.emit(EngineStatus(EngineState.LOADING, model, devices=self._devices))
        self._pipeline = self._loaded = None
        try:
            self._prepare_thread()
            from inference import ErasePipeline

            self._pipeline = ErasePipeline.load(model, device, job.cancelled.is_set, precision=precision)
        except Exception as error:  # whatever it is, the window must hear of it
            status = EngineStatus(EngineState.EMPTY, model, devices=self._devices)
            if not job.cancelled.is_set():
                said, details = explain(error), traceback.format_exc()
                status = replace(status, state=EngineState.FAILED, message=said, details=details)
            self.answered.emit(status)
            return error
        self._loaded = (model, device, precision)
        self._tell_ready(model, self._pipeline)
        return None

    def _tell_ready(self, model: str, pipeline: ErasePipeline) -> None:
        title, where = pipeline.folder.title, pipeline.device.type
        status = EngineStatus(EngineState.READY, model, title, where, precision=pipeline.precision)
        status = replace(status, unused_card=self._unused_card, why_unused=self._why_unused)
        self.answered.emit(replace(status, devices=self._devices))

    def _measure(self, job: Job[MeasureRequest]) -> MeasureEnded:
        """Erase shortly in every way that the choices need; what they take is kept."""
        from inference.errors import Cancelled

        request = job.request
        try:
            self._prepare_thread()
            short = self._measuring.missing(request.model, request.device, request.choices)
            for done, choice in enumerate(short):
                self.answered.emit(MeasureProgress(request.id, done, len(short)))
                loading = Job(LoadRequest(request.id, request.model, request.device, choice.precision))
                loading.cancelled = job.cancelled
                failure = self._load(loading)
                if failure is not None:
                    raise failure
                if job.cancelled.is_set() or self._pipeline is None:
                    break
                self._measuring.measure(self._pipeline, choice, job.cancelled.is_set)
                known = TimesRequest(request.model, request.device, request.choices)
                self.answered.emit(self._measuring.answer(known))
        except Cancelled:
            pass
        except Exception as error:  # the engine must survive whatever the model does
            if not job.cancelled.is_set():
                return MeasureEnded(request.id, explain(error), traceback.format_exc())
        return MeasureEnded(request.id)

    def _erase(self, job: Job[EraseRequest]) -> EraseDone | EraseCancelled | EraseFailed:
        request = job.request
        if job.cancelled.is_set():  # before it began: nothing is loaded for it
            return EraseCancelled(request.id)
        failure = self._load(job)
        if job.cancelled.is_set():  # while it was loaded
            return EraseCancelled(request.id)
        if failure is not None:
            return EraseFailed(request.id, explain(failure), "".join(traceback.format_exception(failure)))
        from inference.errors import Cancelled

        try:
            return self._run(job)
        except Cancelled:
            return EraseCancelled(request.id)
        except Exception as error:  # the engine must survive whatever the model does
            return EraseFailed(request.id, explain(error), traceback.format_exc())

    def _run(self, job: Job[EraseRequest]) -> EraseDone:
        from inference.errors import Cancelled

        request, options, pipeline = job.request, job.request.options, self._pipeline
        assert pipeline is not None
        clock = self._measuring.begin(pipeline, options)
        start = time.monotonic()
        first_step = start
        reached = 0, 0  # step and total

        def on_step(step: int, total: int, preview: Any) -> None:
            nonlocal first_step, reached
            if job.cancelled.is_set():
                raise Cancelled
            clock.on_step(step, total)
            now, reached = time.monotonic(), (step, total)
            if step == 0:
                first_step = now
            left = (now - first_step) / step * (total - step) if step else None
            answer = (
                EraseProgress(request.id, step, total, left),
                ErasePreview(request.id, step, total, preview.box, preview.rgb),
            )
            if self.previews.put(answer):
                self.previewReady.emit()

        def on_stage(stage: str) -> None:
            nonlocal first_step
            clock.on_stage(stage)
            if stage == "denoising" and not reached[0]:  # steps are measured without what comes before them
                first_step = time.monotonic()
            self.answered.emit(EraseProgress(request.id, *reached, None, stage))

        def on_note(sentence: str) -> None:
            clock.spoil()  # something was done again
            self.answered.emit(EngineNote(request.id, sentence))

        if job.cancelled.is_set():
            raise Cancelled
        where = pipeline.device.type, pipeline.precision
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
            deep_every=options.deep_every,
            start=options.start,
            cover_traces=options.cover_traces,
            continue_edges=options.continue_edges,
            previews=options.previews,
            variant=options.variant,
            sixteen_bit=options.sixteen_bit,
            source=request.source,
            on_step=on_step,
            on_stage=on_stage,
            on_note=on_note,
            cancelled=job.cancelled.is_set,
        )
        self._measuring.finish(len(parts))
        if (pipeline.device.type, pipeline.precision) != where:  # memory ran out there, or the values outgrew it
            self._tell_ready(request.model, pipeline)
        if job.cancelled.is_set():
            raise Cancelled
        patches = tuple(
            Patch(
                part.box,
                part.rgb,
                None if part.sixteen_bit is None else SixteenBitPatch(part.sixteen_bit.colours, part.sixteen_bit.share),
            )
            for part in parts
        )
        sampled = request.source is not None and pipeline.copies
        return EraseDone(request.id, patches, time.monotonic() - start, sampled)
