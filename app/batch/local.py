"""The local batch: pictures erased on this machine one after the other, by a model that is loaded once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from app.batch.options import Options
from app.batch.picture import Made, Task, make
from app.batch.stopping import Stopping

if TYPE_CHECKING:
    from inference import ErasePipeline


class LocalCrew:
    """Erases here."""

    def __init__(self, options: Options, stop: Stopping, on_step: Callable[[int, int], None]) -> None:
        self._options, self._stop, self._on_step = options, stop, on_step
        self._pipeline: ErasePipeline | None = None
        self.machine: dict[str, Any] = {"model": options.model}

    def work(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, Made]]:
        """Do the tasks in order. The model is loaded with the first of them.

        Raises :class:`inference.errors.InferenceError` where it can't be or an option is out of range, and
        :class:`inference.errors.Cancelled` where the user wants to stop at once.
        """
        for task in tasks:
            pipeline = self._loaded()
            yield task, make(task, self._options, pipeline, self._tell, self._stop.at_once)

    def _tell(self, step: int, total: int, _preview: Any) -> None:
        self._on_step(step, total)

    def _loaded(self) -> ErasePipeline:
        if self._pipeline is None:
            start = time.perf_counter()
            self._pipeline = load(self._options, lambda: self._stop.asked)
            self.machine = {**described(self._pipeline), "load_seconds": round(time.perf_counter() - start, 3)}
        return self._pipeline


def load(options: Options, cancelled: Callable[[], bool] | None = None, *, meanwhile: bool = False) -> ErasePipeline:
    """The model that is asked for; raises :class:`inference.errors.InferenceError` for it or for an option.

    ``meanwhile``: as of :meth:`inference.ErasePipeline.load`.
    """
    from inference import ErasePipeline
    from inference.erase import chosen_settings
    from inference.models import find_model
    from inference.runtime import keep_freed_memory

    keep_freed_memory()
    folder = find_model(options.model)
    options = options.resolved(folder)
    chosen_settings(folder.settings, **options.of_model)  # before the work, not at every picture
    return ErasePipeline.load(
        options.model, options.device, cancelled, precision=options.precision, meanwhile=meanwhile
    )


def described(pipeline: ErasePipeline) -> dict[str, Any]:
    """What works, and on what."""
    return {"model": pipeline.folder.name, "device": pipeline.device.type, "precision": pipeline.precision}
