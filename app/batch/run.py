"""A batch from its first picture to its report: what is done is skipped, what fails is noted, the rest goes on."""

from __future__ import annotations

import errno
import hashlib
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol

from app.batch.errors import BatchError
from app.batch.journal import Journal
from app.batch.picture import Made, Task
from app.batch.plan import Job, Plan
from app.batch.report import Outcome, Report, State
from app.batch.stopping import Stopping
from app.document.errors import DocumentError
from app.document.formats import read_picture_data, write_file
from app.document.notes import About


class Crew(Protocol):
    """Who erases."""

    machine: dict[str, Any]  # model, device, precision

    def work(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, Made]]:
        """Do the tasks, in any order; asks for the next of them when it is ready for it."""
        ...


class Listener(Protocol):
    """Who is told how it goes."""

    def began(self, name: str) -> None:
        """A picture is being worked on."""
        ...

    def ended(self, outcome: Outcome) -> None:
        """And this is what became of it."""
        ...


class Batch:
    """One run over a plan."""

    def __init__(
        self,
        plan: Plan,
        settings: str,
        journal: Journal,
        stop: Stopping,
        listener: Listener,
        *,
        resume: bool = False,
        overwrite: bool = False,
    ) -> None:
        """``settings``: the fingerprint of the options. ``resume``: skip what is done.

        ``overwrite``: replace files that no batch has written.
        """
        self._plan, self._journal, self._stop, self._listener = plan, journal, stop, listener
        self._resume, self._overwrite = resume, overwrite
        self._settings = settings
        self._begun: dict[str, tuple[Job, str]] = {}
        self._report = Report()
        self._given = _identities([path for job in plan.jobs for path in (job.source, job.mask)])

    def run(self, crew: Crew) -> Report:
        """Do everything that can be done. Raises what the crew does where it can't work at all."""
        from inference.errors import Cancelled

        start = time.perf_counter()
        self._journal.sweep({job.target.parent for job in self._plan.jobs})
        for refused in self._plan.refused:
            self._end(refused.name, "failed", message=refused.reason)
        try:
            for task, made in crew.work(self._tasks()):
                self._keep(task, made)
                if self._report.stopped:
                    break
        except Cancelled:
            self._stop.asked = True
        except BatchError as error:
            self._report.stopped = str(error)
        ended = {outcome.name for outcome in self._report.outcomes}
        left = [job.name for job in self._plan.jobs if job.name not in ended]
        self._report.outcomes += [Outcome(name, "left") for name in left]
        self._report.interrupted = bool(self._stop.asked and left)
        self._report.seconds = time.perf_counter() - start
        self._report.machine = crew.machine
        return self._report

    def _tasks(self) -> Iterator[Task]:
        """What is yet to be done, read when it is asked for."""
        for job in self._plan.jobs:
            if self._stop.asked or self._report.stopped:
                return
            try:
                picture, mask = _read(job.source), _read(job.mask)
                key = _sum(f"{_sum(picture)} {_sum(mask)} {self._settings}".encode())
                if self._is_done(job, key):
                    self._end(job.name, "skipped")
                    continue
            except DocumentError as error:
                self._end(job.name, "failed", message=str(error))
                continue
            self._begun[job.name] = job, key
            self._listener.began(job.name)
            yield Task(job.name, picture, job.mask.name, mask)

    def _is_done(self, job: Job, key: str) -> bool:
        """Whether there is nothing to do; raises ``DocumentError`` where the result must not be written."""
        try:
            there = job.target.read_bytes()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise DocumentError(f'"{job.target}" is in the way ({error.strerror or error}).') from error
        if _identities([job.target]) & self._given:
            raise DocumentError(f'"{job.target}" is one of the pictures or masks; it is not replaced.')
        entry = self._journal.entry(job.name)
        if entry is not None and entry.done and entry.result == _sum(there):
            return self._resume and entry.key == key
        if not self._overwrite and (entry is None or (entry.done and _opens(there, job.name))):
            what = "has been changed since it was written" if entry is not None else "is there already"
            raise DocumentError(f'"{job.target}" {what}; it is not replaced without --overwrite.')
        return False

    def _keep(self, task: Task, made: Made) -> None:
        job, key = self._begun.pop(task.name)
        if made.failure:
            self._end(job.name, "failed", made.seconds, made.failure)
            return
        try:
            _make_folder(job.target.parent)
            self._journal.begin(job.name, key)
            write_file(job.target, made.data)
            self._journal.finish(job.name, key, _sum(made.data))
        except DocumentError as error:
            self._end(job.name, "failed", made.seconds, str(error))
            if getattr(error.__cause__, "errno", None) in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
                self._report.stopped = "Nothing more can be written there. Mend that, and go on with --resume."
            return
        self._end(job.name, "done", made.seconds, note=made.note)

    def _end(self, name: str, state: State, seconds: float = 0.0, message: str = "", note: str = "") -> None:
        outcome = Outcome(name, state, round(seconds, 3), " ".join(message.split()), note)
        self._report.outcomes.append(outcome)
        self._listener.ended(outcome)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DocumentError(f'"{path}" can\'t be read ({error.strerror or error}).') from error


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DocumentError(f'The folder "{folder}" can\'t be made ({error.strerror or error}).') from error


def _opens(data: bytes, name: str) -> bool:
    """Whether a file is whole."""
    try:
        picture = read_picture_data(data, name)
    except DocumentError:
        return False
    return all(note.about is not About.DAMAGE for note in picture.notes)


def _sum(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _identities(paths: list[Path]) -> set[tuple[int, int]]:
    """What tells files apart, whatever they are called."""
    found = set()
    for path in paths:
        try:
            status = path.stat()
        except OSError:
            continue  # said when it is read
        found.add((status.st_dev, status.st_ino))
    return found
