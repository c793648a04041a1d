"""The worker process of a cluster: it holds one model, and all torch there runs on one thread."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from app.batch.local import described, load
from app.batch.options import Options
from app.batch.picture import Made, Task, explained, make

if TYPE_CHECKING:
    from inference import ErasePipeline


@dataclass
class _Held:
    """The process's only thread for torch, and the model on it."""

    thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "erasing"))
    kind: tuple[str | None, ...] | None = None
    pipeline: ErasePipeline | None = None


_held: list[_Held] = []  # none before the first call, then one


async def prepare(options: Options, dask_worker: Any = None) -> dict[str, Any]:
    """Load the model; what it is and runs on, or ``{"failure": sentence}``."""
    threads = int(dask_worker.state.nthreads) if dask_worker is not None else 0
    return await asyncio.wrap_future(_here().thread.submit(_prepare, options, threads))


def work(task: Task, options: Options) -> Made:
    """Do one task; every failure is an answer."""
    return _here().thread.submit(_work, task, options).result()


def _here() -> _Held:
    if not _held:
        _held.append(_Held())
    return _held[0]


def _prepare(options: Options, threads: int) -> dict[str, Any]:
    try:
        pipeline = _pipeline(options, threads)
    except Exception as error:  # to be said where the user is
        return {"failure": explained(error)}
    return described(pipeline)


def _work(task: Task, options: Options) -> Made:
    try:
        pipeline = _pipeline(options, _own_threads())
    except Exception as error:
        return Made(failure=explained(error))
    return make(task, options, pipeline)


def _pipeline(options: Options, threads: int) -> ErasePipeline:
    """The model, loaded where it is not held already; the one before is let go of first."""
    held = _here()
    kind = options.model, options.device, options.precision, options.speed
    if held.pipeline is None or held.kind != kind:
        held.pipeline, held.kind = None, None
        if threads:
            import torch

            torch.set_num_threads(threads)  # the processors this worker was given
        held.pipeline, held.kind = load(options), kind
    return held.pipeline


def _own_threads() -> int:
    from distributed import get_worker

    try:
        return int(get_worker().state.nthreads)
    except ValueError:  # not on the thread that a task came on: a worker that was prepared knows already
        return 0
