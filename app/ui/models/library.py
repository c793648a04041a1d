"""The library of the user's models as they change: downloads under way, what is installed, what has failed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Signal, Slot

from app.engine import downloads
from app.engine.downloads import Installed, KnownModel, Network, Progress, Stop, Survey
from app.engine.protocol import EngineStatus, ImportAnswer, ImportDone
from app.ui.support import Engine, Messages, Offer, Settings, Tasks, event_loop, settings

T = TypeVar("T")
LOOK = 0.2  # seconds between two looks at how far a download is


class Stage(Enum):
    """Where a model of the catalogue is on its way."""

    ABSENT = "not installed"
    WAITING = "waiting"
    DOWNLOADING = "downloading"
    STOPPING = "stopping"
    PAUSED = "paused"
    CHECKING = "checking"
    INSTALLED = "installed"
    REMOVING = "removing"
    FAILED = "failed"


@dataclass(frozen=True)
class ModelState:
    """One model as the dialog shows it."""

    stage: Stage = Stage.ABSENT
    progress: Progress | None = None
    message: str = ""  # why it failed
    needs_token: bool = False

    @property
    def active(self) -> bool:
        """Whether something is going on."""
        return self.stage not in (Stage.ABSENT, Stage.PAUSED, Stage.INSTALLED, Stage.FAILED)


class ModelLibrary(QObject):
    """Does what the models' dialog asks for; lives on when that is closed. One download runs, others wait.

    No thread and no connection exist before the user asks for one.
    """

    changed = Signal(str)  # name of the model; empty: all of them
    told = Signal(str, bool)  # how an import from disk goes, and whether it failed
    chosen = Signal(str)  # name of an installed model that is to be the one that erases
    idle = Signal()  # nothing is under way any more

    def __init__(self, engine: Engine, store: Settings, messages: Messages, parent: QObject) -> None:
        super().__init__(parent)
        self._engine, self._settings, self._messages = engine, store, messages
        self._tasks = Tasks(self.idle.emit, self._on_surprise)
        self._fetching: ThreadPoolExecutor | None = None
        self._disk: ThreadPoolExecutor | None = None
        self._states: dict[str, ModelState] = {}
        self._stops: dict[str, Stop] = {}
        self._latest: dict[str, Progress] = {}
        self._forget: set[str] = set()  # downloads to be thrown away once they have stopped
        self._imports: dict[int, asyncio.Future[ImportAnswer]] = {}
        self._closed = False
        self.survey = Survey()
        self.token = ""  # for this session only: nothing is written down
        self._in_use = ""
        engine.imported.connect(self._on_imported)
        engine.statusChanged.connect(self._on_status)

    # -- what there is ---------------------------------------------------------------------

    @property
    def busy(self) -> bool:
        """Whether something is under way."""
        return bool(self._tasks)

    @property
    def closed(self) -> bool:
        """Whether nothing more is begun."""
        return self._closed

    @property
    def in_use(self) -> str:
        """Name of the model that erases."""
        return self._engine.status().model

    def state(self, name: str) -> ModelState:
        return self._states.get(name, ModelState())

    def installed(self, name: str) -> Installed | None:
        """What is known of an installed model."""
        return next((model for model in self.survey.installed if model.name == name), None)

    def network(self) -> Network:
        """How the hub is reached."""
        store = self._settings
        return Network(store.get(settings.HUB_ENDPOINT), store.get(settings.HUB_PROXY), self.token)

    # -- what can be done ------------------------------------------------------------------

    def look(self) -> None:
        """Look at the user's folder; ``changed`` tells when that is done."""
        self._begin(self._look())

    def download(self, name: str) -> None:
        """Fetch a model of the catalogue, or go on with it."""
        known = downloads.known_model(name)
        if known is None or self.state(name).active or self._closed:
            return
        self._stops[name] = Stop()
        self._set(name, replace(self.state(name), stage=Stage.WAITING, message="", needs_token=False))
        self._begin(self._download(known, self._stops[name]))

    def pause(self, name: str) -> None:
        """Stop fetching; what has arrived is kept."""
        stop = self._stops.get(name)
        if stop is not None and self.state(name).stage in (Stage.WAITING, Stage.DOWNLOADING):
            self._set(name, replace(self.state(name), stage=Stage.STOPPING))
            stop.ask()

    def discard(self, name: str) -> None:
        """Stop fetching, and delete what has arrived."""
        state = self.state(name)
        if state.stage in (Stage.WAITING, Stage.DOWNLOADING, Stage.STOPPING):
            self._forget.add(name)
            self.pause(name)
        elif state.stage in (Stage.PAUSED, Stage.FAILED):
            self._set(name, ModelState(Stage.REMOVING))
            self._begin(self._delete(name, downloads.forget_download))

    def remove(self, name: str) -> None:
        """Delete an installed model."""
        if self.state(name).stage is Stage.INSTALLED:
            self._set(name, ModelState(Stage.REMOVING))
            self._begin(self._delete(name, downloads.remove_model))

    def take_in(self, source: Path) -> None:
        """Read a local model, check and keep it; ``source`` stays as it is."""
        self._begin(self._take_in(source))

    def finish(self) -> None:
        """Stop everything; ``idle`` tells when that is done. What has arrived of downloads is kept."""
        self._closed = True
        for stop in self._stops.values():
            stop.ask()
        for waiting in self._imports.values():
            waiting.cancel()  # the engine ends what it is at, and nobody waits for its answer

    def close(self) -> None:
        """Give the threads back; nothing may be under way."""
        self._closed = True
        for pool in (self._fetching, self._disk):
            if pool is not None:
                pool.shutdown(wait=True)
        self._fetching = self._disk = None

    # -- how it is done --------------------------------------------------------------------

    async def _look(self) -> None:
        self.survey = found = await self._on_disk(downloads.survey)
        self._engine.set_installed(found.infos)
        states = {model.name: ModelState(Stage.INSTALLED) for model in found.installed}
        for begun in found.begun:
            progress = Progress(begun.arrived, begun.total)
            states.setdefault(begun.model.name, ModelState(Stage.PAUSED, progress))
        for name, state in self._states.items():
            if state.active:
                states[name] = state
            elif state.stage is Stage.FAILED and states.get(name, ModelState()).stage is not Stage.INSTALLED:
                states[name] = replace(state, progress=states.get(name, state).progress)
        self._states = states
        self.changed.emit("")

    async def _download(self, known: KnownModel, stop: Stop) -> None:
        name = known.name
        try:
            folder = await self._fetch(known, stop)
        except downloads.Stopped:
            await self._after_stop(name)
            return
        except downloads.InferenceError as error:
            progress = self._latest.get(name, self.state(name).progress)
            needs_token = isinstance(error, downloads.TokenNeeded)
            self._set(name, ModelState(Stage.FAILED, progress, str(error), needs_token))
            return
        except Exception:
            self._set(name, ModelState(Stage.FAILED, None, "The download stopped with an error; try again."))
            raise  # to be told with its details
        finally:
            self._latest.pop(name, None)
        self._set(name, ModelState(Stage.CHECKING))
        answer = await self._by_engine(folder, name)
        if isinstance(answer, ImportDone):
            self._states.pop(name, None)
        else:
            if not answer.whole:  # what has arrived is of no use
                await self._on_disk(lambda: downloads.forget_download(name))
            self._set(name, ModelState(Stage.FAILED, None, answer.message))
        await self._look()
        if isinstance(answer, ImportDone):
            self._tell_installed(answer, "It draws previews from now on.")

    def _tell_installed(self, done: ImportDone, otherwise: str = "") -> None:
        """Say that a model is there and offer to erase with it from now on; ``otherwise``: of what is no model."""
        said = f"{done.title} is installed."
        installed = self.installed(done.name)
        if done.name and (installed is None or installed.erases):
            offer = Offer("Use It from Now On", lambda: self.chosen.emit(done.name))
            self._messages.info(said, offer=offer)
        else:
            self._messages.info(f"{said} {otherwise}".strip())

    async def _fetch(self, known: KnownModel, stop: Stop) -> Path:
        name, network = known.name, self.network()

        def tell(progress: Progress) -> None:
            self._latest[name] = progress  # the newest is enough

        def work() -> Path:
            stop.check()
            return downloads.download(known, network, stop, tell)

        if self._fetching is None:
            self._fetching = ThreadPoolExecutor(1, "downloads")
        future = asyncio.wrap_future(self._fetching.submit(work), loop=event_loop())
        while not future.done():
            await asyncio.wait({future}, timeout=LOOK)
            progress = self._latest.get(name)
            if progress is not None and self.state(name).stage in (Stage.WAITING, Stage.DOWNLOADING):
                self._set(name, ModelState(Stage.DOWNLOADING, progress))
        return future.result()

    async def _after_stop(self, name: str) -> None:
        if name in self._forget:
            self._forget.discard(name)
            await self._on_disk(lambda: downloads.forget_download(name))
        self._states.pop(name, None)
        await self._look()
        if self.state(name).stage is not Stage.PAUSED:
            self._set(name, self.state(name))

    async def _delete(self, name: str, how: Callable[[str], None]) -> None:
        try:
            await self._on_disk(lambda: how(name))
        except downloads.InferenceError as error:
            self._messages.error(str(error))
        self._states.pop(name, None)
        await self._look()

    async def _take_in(self, source: Path) -> None:
        self.told.emit(f"Reading and checking {source.name}; this may take a minute…", False)
        answer = await self._by_engine(source, "")
        if isinstance(answer, ImportDone):
            self.told.emit(f"{answer.title} is installed.", False)
        else:
            self._messages.error(answer.message, answer.details)
            self.told.emit(answer.message, True)
        await self._look()
        if isinstance(answer, ImportDone):
            self._tell_installed(answer)

    async def _by_engine(self, source: Path, known: str) -> ImportAnswer:
        answer: asyncio.Future[ImportAnswer] = event_loop().create_future()
        number = self._engine.import_model(str(source), known)
        self._imports[number] = answer
        try:
            return await answer
        finally:
            del self._imports[number]

    async def _on_disk(self, work: Callable[[], T]) -> T:
        if self._disk is None:
            self._disk = ThreadPoolExecutor(1, "models")
        return await asyncio.wrap_future(self._disk.submit(work), loop=event_loop())

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        if self._closed:
            work.close()
        else:
            self._tasks.start(work)

    def _set(self, name: str, state: ModelState) -> None:
        self._states[name] = state
        self.changed.emit(name)

    @Slot(object)
    def _on_imported(self, answer: ImportAnswer) -> None:
        waiting = self._imports.get(answer.id)
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)

    @Slot(object)
    def _on_status(self, status: EngineStatus) -> None:
        if status.model != self._in_use:
            self._in_use = status.model
            self.changed.emit("")

    def _on_surprise(self, details: str) -> None:
        self._messages.error("Something went wrong with the models; your picture is as it was.", details)
