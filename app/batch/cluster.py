"""The batch on a Dask cluster: the bytes of pictures go there and come back, so no disk need be shared."""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any

from app.batch import worker
from app.batch.errors import BatchError
from app.batch.options import Options
from app.batch.picture import Made, Task
from app.batch.stopping import Stopping

if TYPE_CHECKING:
    from distributed import Client, Future

CONNECT_SECONDS = 15
LOOK = 0.5  # seconds between two looks at what the user wants
_RETRIES = 3  # of a task whose worker was lost after it had answered


class ClusterCrew:
    """Erases on the workers of a cluster; a context in which it is connected."""

    def __init__(self, address: str, options: Options, stop: Stopping) -> None:
        """``address`` as ``tcp://host:8786``."""
        self._address, self._options, self._stop = address, options, stop
        self._client: Client | None = None
        self._leaving = contextlib.ExitStack()
        self.machine: dict[str, Any] = {"model": options.model}

    def __enter__(self) -> ClusterCrew:
        """Connect, and have every worker load the model; raises :class:`BatchError`."""
        try:
            import dask
            from distributed import Client
            from distributed.comm.addressing import parse_address
            from distributed.comm.registry import get_backend
        except ImportError as error:
            from inference.runtime import how_to_add

            missing = "A cluster needs packages that are not installed: dask, distributed."
            raise BatchError(f"{missing} {how_to_add('cluster')}") from error
        try:
            get_backend(parse_address(self._address)[0])
        except (ValueError, TypeError) as error:
            sentence = f"{self._address!r} is no address of a scheduler; they look like tcp://10.0.0.5:8786."
            raise BatchError(sentence) from error
        with self._leaving:
            self._leaving.enter_context(_silence())
            # Pictures are large: what Dask says of large tasks is about tables cut to pieces.
            self._leaving.enter_context(dask.config.set({"distributed.admin.large-graph-warning-threshold": "4GB"}))
            try:
                self._client = self._leaving.enter_context(
                    contextlib.closing(Client(self._address, timeout=CONNECT_SECONDS, set_as_default=False))
                )
            except (OSError, ValueError, TypeError) as error:
                raise BatchError(
                    f"No scheduler answers at {self._address} ({_words(error)}). Start one with: dask scheduler"
                ) from error
            self._prepare()
            self._leaving = self._leaving.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client = None
        self._leaving.close()

    def work(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, Made]]:
        """Keep every worker busy and two tasks ahead; answers as they come.

        A lost worker's tasks are done by others. Raises :class:`BatchError` where the scheduler is lost.
        """
        assert self._client is not None
        waiting = iter(tasks)
        under_way: dict[Future[Made], tuple[Task, int]] = {}
        more = True
        try:
            while more or under_way:
                while more and len(under_way) < self._room():
                    task = next(waiting, None)
                    more = task is not None
                    if task is not None:
                        under_way[self._submit(task)] = task, 0
                for future in self._finished(list(under_way)):
                    task, tries = under_way.pop(future)
                    made = self._result(future, tries)
                    if made is None:
                        under_way[self._submit(task)] = task, tries + 1
                    else:
                        yield task, made
                if self._stop.now:
                    return
        finally:
            with contextlib.suppress(Exception):  # the scheduler may be gone
                self._client.cancel(list(under_way), force=True)

    def _prepare(self) -> None:
        assert self._client is not None
        try:
            if not self._client.nthreads():
                self._client.wait_for_workers(1, timeout=CONNECT_SECONDS)
            found = self._client.run(worker.prepare, self._options)
        except TimeoutError as error:
            raise BatchError(
                f"The scheduler at {self._address} has no workers. Start some with: dask worker {self._address}"
            ) from error
        except Exception as error:  # whatever the other side raises comes here
            raise BatchError(_not_prepared(self._address, error)) from error
        failures = {address: said["failure"] for address, said in found.items() if "failure" in said}
        if failures:
            address, sentence = next(iter(sorted(failures.items())))
            raise BatchError(f"The worker {address} can't begin: {sentence}")
        self.machine = {**next(iter(found.values())), "workers": len(found)}

    def _room(self) -> int:
        """How many tasks may be under way."""
        assert self._client is not None
        return 2 * max(1, len(self._asked(self._client.nthreads)))

    def _submit(self, task: Task) -> Future[Made]:
        assert self._client is not None
        client = self._client
        future: Future[Made] = self._asked(lambda: client.submit(worker.work, task, self._options, pure=False))
        return future

    def _asked(self, question: Any) -> Any:
        """An answer of the scheduler; raises :class:`BatchError` where it is gone."""
        try:
            return question()
        except Exception as error:
            raise BatchError(self._lost()) from error

    def _finished(self, futures: list[Future[Made]]) -> list[Future[Made]]:
        """Those that have ended after a moment."""
        from distributed import wait

        if not futures:
            return []
        with contextlib.suppress(Exception):  # none yet, or some were cancelled: looked at one by one
            wait(futures, timeout=LOOK, return_when="FIRST_COMPLETED")
        return [future for future in futures if future.done()]

    def _result(self, future: Future[Made], tries: int) -> Made | None:
        """What came of a task; None where it must be tried again."""
        assert self._client is not None
        if future.status == "cancelled" and self._client.status != "running":
            raise BatchError(self._lost())
        try:
            made: Made = future.result(timeout=60)
        except Exception as error:
            if self._client.status != "running":
                raise BatchError(self._lost()) from error
            if tries < _RETRIES and (future.status == "cancelled" or isinstance(error, TimeoutError | OSError)):
                return None
            return Made(failure=_failed(error))
        finally:
            future.release()
        return made

    def _lost(self) -> str:
        return (
            f"The connection to the scheduler at {self._address} was lost. What is done is kept: "
            "start it again, and go on with --resume."
        )


def _failed(error: Exception) -> str:
    if type(error).__name__ == "KilledWorker":
        return "Every worker that took it was lost; perhaps it needs more memory than they have."
    return " ".join(f"The cluster could not do it: {_words(error)}.".split())


def _not_prepared(address: str, error: Exception) -> str:
    if isinstance(error, ImportError | AttributeError):
        return (
            f"The workers at {address} do not have this program, or another version of it ({_words(error)}). "
            "Install the same one for scheduler and workers."
        )
    return f"The workers at {address} could not begin: {_words(error)}."


def _words(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".")[:300] or type(error).__name__


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """What Dask writes to the terminal by itself is left out: all that matters is said in sentences here."""
    names = [name for name in logging.root.manager.loggerDict if name.partition(".")[0] in ("distributed", "tornado")]
    loggers = [logging.getLogger(name) for name in names]
    disabled = [logger.disabled for logger in loggers]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"distributed\b")
        try:
            for logger in loggers:
                logger.disabled = True
            yield
        finally:
            for logger, before in zip(loggers, disabled, strict=True):
                logger.disabled = before
