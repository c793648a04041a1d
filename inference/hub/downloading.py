"""Downloading a model: what to fetch, whether there is room, and the files one after the other."""

from __future__ import annotations

import json
import shutil
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from filelock import FileLock, Timeout

from inference.hub.client import HubClient, Network, RemoteFile
from inference.hub.errors import HubError, Stop
from inference.hub.fetch import RetryPolicy, arrived, fetch
from inference.hub.registry import KnownModel, known_model
from inference.models import has_autoencoder, incomplete_folder, models_folder, write_durably

PLAN = "plan.json"
RESERVE = 200_000_000  # bytes left free on the disk beside the model
WINDOW = 8.0  # seconds over which the speed is taken


@dataclass(frozen=True)
class Progress:
    """How far a download is. ``speed`` in bytes per second, ``seconds_left`` None while unknown."""

    arrived: int
    total: int
    speed: float = 0.0
    seconds_left: float | None = None
    doing: str = ""
    trouble: str = ""  # what it waits for; empty while bytes come


class Speed:
    """Bytes per second over the last seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: deque[tuple[float, int]] = deque()

    def at(self, count: int) -> float:
        """The speed now that ``count`` bytes are there."""
        now = self._clock()
        if self._seen and count < self._seen[-1][1]:
            self._seen.clear()  # begun anew
        self._seen.append((now, count))
        while now - self._seen[0][0] > WINDOW:
            self._seen.popleft()
        span = now - self._seen[0][0]
        return (count - self._seen[0][1]) / span if span > 0.5 else 0.0


@dataclass(frozen=True)
class UnfinishedDownload:
    """A download that was paused, or cut off with the program."""

    model: KnownModel
    arrived: int  # bytes
    total: int


def unfinished_downloads(models: Path | None = None) -> list[UnfinishedDownload]:
    """The downloads that can be resumed."""
    folder = incomplete_folder("", models)
    found = []
    for path in sorted(folder.glob(f"*/{PLAN}")):
        model = known_model(path.parent.name)
        files = _read_plan(path)
        if model is not None and files:
            here = sum(arrived(_place(path.parent, file)) for file in files)
            found.append(UnfinishedDownload(model, here, sum(file.size for file in files)))
    return found


def download(
    model: KnownModel,
    network: Network,
    stop: Stop,
    on_progress: Callable[[Progress], None],
    models: Path | None = None,
    patience: RetryPolicy | None = None,
) -> Path:
    """Fetch a model's files, checked, into its incomplete folder, and return that; to be installed from there.

    Takes up what was begun. Raises :class:`HubError` with a sentence, also where another program is at it;
    :class:`Stopped` where the user asked.
    """
    folder = incomplete_folder(model.name, models)
    with _alone(folder, model), HubClient(network, stop) as client:
        files = _plan(client, model, folder, models, stop, patience or RetryPolicy())
        total = sum(file.size for file in files)
        places = [_place(folder, file) for file in files]
        _ask_room(folder, model, total, sum(map(arrived, places)))
        done, speed = 0, Speed()
        for file, place in zip(files, places, strict=True):

            def tell(count: int, before: int = done, path: str = file.path) -> None:
                now = before + count
                pace = speed.at(now)
                on_progress(Progress(now, total, pace, (total - now) / pace if pace > 0 else None, path))

            def wait(count: int, seconds: float, before: int = done, path: str = file.path) -> None:
                trouble = f"Interrupted; trying again in {max(1, round(seconds))} s"
                on_progress(Progress(before + count, total, doing=path, trouble=trouble))

            steady = patience or RetryPolicy()
            fetch(client, file, place, stop, gated=model.gated, on_bytes=tell, on_wait=wait, patience=steady)
            done += file.size
    return folder


@contextmanager
def _alone(folder: Path, model: KnownModel) -> Iterator[None]:
    """One program fetches a model at a time: two would write into each other's file."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder.with_name(f"{folder.name}.lock"))
        lock.acquire(timeout=0)
    except Timeout as error:
        raise HubError(f"{model.title} is being downloaded by another window or command right now.") from error
    except OSError as error:
        raise _unwritable(folder.parent, error) from error
    try:
        yield
    finally:
        lock.release()
        with suppress(OSError):
            Path(lock.lock_file).unlink(missing_ok=True)


def sources(folder: Path) -> list[dict[str, Any]]:
    """What was fetched: repository, commit, path, size and sum of each file."""
    return [asdict(file) for file in _read_plan(folder / PLAN)]


def _plan(
    client: HubClient, model: KnownModel, folder: Path, models: Path | None, stop: Stop, patience: RetryPolicy
) -> list[RemoteFile]:
    """The files, as recorded when the download was begun, else as the hub states them now."""
    files = _read_plan(folder / PLAN)
    if files:
        return files
    for part in model.parts:
        if part.shared and has_autoencoder(models):
            continue
        files += _listed(client, model, part, stop, patience)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_durably(folder / PLAN, json.dumps({"files": [asdict(file) for file in files]}, indent=1))
    except OSError as error:
        raise _unwritable(folder, error) from error
    return files


def _unwritable(folder: Path, error: OSError) -> HubError:
    return HubError(f"{folder} can't be written: {error.strerror or error}. Check the folder's rights.")


def _listed(client: HubClient, model: KnownModel, part: Any, stop: Stop, patience: RetryPolicy) -> list[RemoteFile]:
    from inference.hub.errors import Transient

    for attempt in range(patience.attempts):
        try:
            return client.files(part, gated=model.gated)
        except Transient as error:
            if attempt + 1 == patience.attempts or (error.wait or 0) > 120:
                raise
            stop.sleep(error.wait if error.wait is not None else patience.first_wait * 2**attempt)
    raise AssertionError("at least one attempt")


def _read_plan(path: Path) -> list[RemoteFile]:
    try:
        files = [RemoteFile(**values) for values in json.loads(path.read_text(encoding="utf-8"))["files"]]
    except (OSError, ValueError, TypeError, KeyError):
        return []
    safe = all(file.size >= 0 and ".." not in PurePosixPath(file.path).parts for file in files)
    return files if safe and all(file.sha256 or file.git_sha1 for file in files) else []


def _place(folder: Path, file: RemoteFile) -> Path:
    return folder.joinpath(*PurePosixPath(file.path).parts)


def _ask_room(folder: Path, model: KnownModel, total: int, here: int) -> None:
    """Whether the disk can take the rest, and the copy as safetensors beside it."""
    copy = total if any(part.shared for part in model.parts) else 0
    needed = total - here + copy + RESERVE
    free = shutil.disk_usage(folder if folder.exists() else models_folder()).free
    if free < needed:
        raise HubError(
            f"{model.title} needs {_gigabytes(needed)} on the disk of {folder.parent.parent}, and "
            f"{_gigabytes(free)} are free. Make room, then try again."
        )


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB"
