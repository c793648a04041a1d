"""The session writer: keeps the open picture and its history on disk for autosave, and writes session files."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from platformdirs import user_data_path
from PySide6.QtCore import QObject, Signal

from app.document.editing import Document
from app.document.errors import DocumentError
from app.document.history import Step
from app.document.session import Folder, Journal, Loaded, LostStep, Snapshot, save_session
from app.ui.support import Background
from app.version import program_version

_TRIES = 2

Done: TypeAlias = Callable[[], None]
Failed: TypeAlias = Callable[[Exception], None]
Take: TypeAlias = Callable[[], Snapshot]


def unsaved_folder() -> Path:
    """Where pictures are kept while they are edited; need not exist."""
    return user_data_path("moebius", appauthor=False) / "unsaved"


@dataclass(frozen=True)
class Source:
    """The file a picture was read from, and how to see that it is still the same."""

    path: Path
    mark: tuple[int, int, int]

    @classmethod
    def of(cls, path: Path) -> Source | None:
        """As it is now, to be asked before it is read; None for one that is not there."""
        try:
            found = path.stat()
        except OSError:
            return None
        return cls(path, (found.st_mtime_ns, found.st_size, found.st_ino))

    @property
    def same(self) -> bool:
        """Whether it is the same file still."""
        return Source.of(self.path) == self


class Cancelled(Exception):
    """Nobody wants the file any more."""


@dataclass
class _Kept:
    """The journal of one document; used on the session writer's thread only, but for the document's revision."""

    document: Document
    source: Source | None
    journal: Journal | None = None
    broken: bool = False  # what is there cannot be followed: it is kept anew
    closed: bool = False


@dataclass(frozen=True)
class _Waiting:
    """What is to be written, and how to ask for it anew."""

    kept: _Kept
    snapshot: Snapshot
    revision: int
    take: Take


class SessionWriter(QObject):
    """One journal at a time, on a thread of its own; what is asked of it is done in that order."""

    kept = Signal()  # everything asked for so far is on disk
    failed = Signal(str)  # it could not be; a sentence
    unsettled = Signal()  # it was changed too quickly to be kept: later
    progressed = Signal(float)  # of the session file being written, 0 to 1

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = Background(self)
        self._now: _Kept | None = None
        self._cancel = threading.Event()
        self._lock = threading.Lock()
        self._waiting: _Waiting | None = None
        self._timer: threading.Timer | None = None
        self._due = 0.0

    # -- which document --------------------------------------------------------------------

    def begin(self, document: Document, source: Source | None, snapshot: Snapshot) -> None:
        """Keep a picture just opened; the one before is not kept any more."""
        self.end()
        self._now = kept = _Kept(document, source)
        revision = document.revision

        def work() -> None:
            kept.journal = Journal(Folder.create(unsaved_folder()), program_version())
            self._begin(kept, snapshot, revision, with_mask=False)

        self._run(work)

    def resume(self, loaded: Loaded, steps: tuple[Step, ...], snapshot: Snapshot) -> None:
        """Go on with a session just opened, in whose history are these steps; the one before is not kept any more."""
        self.end()
        self._now = kept = _Kept(loaded.document, None, loaded.journal)

        def work() -> None:
            loaded.journal.resume(loaded.state, list(steps), loaded.sides)
            loaded.journal.update(snapshot)
            loaded.journal.write_thumbnail(loaded.document.picture)
            assert kept.journal is not None

        self._run(work)

    def end(self) -> None:
        """The picture is saved or not wanted: what is kept of it is removed."""
        kept, self._now = self._now, None
        self.forget_waiting()
        if kept is None:
            return
        kept.closed = True

        def work() -> None:
            if kept.journal is not None:
                kept.journal.close()

        self._background.run(work, lambda _: None, lambda _: None)

    def wait(self) -> None:
        """Return when no thread is at work any more."""
        self._cancel.set()
        self.forget_waiting()
        self._background.wait()

    # -- keeping and saving ----------------------------------------------------------------

    @property
    def waiting(self) -> float | None:
        """Seconds after which what waits is written, as it was said when it was handed over; None: nothing waits."""
        with self._lock:
            return None if self._timer is None else self._timer.interval

    def hand_over(self, take: Take, seconds: float) -> None:
        """Write what is there now in some seconds, or when what was handed over before would be, with this in it.

        That needs this thread no more: it happens also while the window hangs.
        """
        kept = self._now
        if kept is None:
            return
        snapshot = take()
        with self._lock:
            before = self._waiting
            if before is not None and before.kept is kept:
                snapshot = replace(snapshot, dropped=(*before.snapshot.dropped, *snapshot.dropped))
            self._waiting = _Waiting(kept, snapshot, kept.document.revision, take)
            due = time.monotonic() + seconds
            if self._timer is not None and self._due <= due:
                return
            if self._timer is not None:
                self._timer.cancel()
            self._due = due
            self._timer = threading.Timer(seconds, self._write_waiting)
            self._timer.daemon = True
            self._timer.start()

    def forget_waiting(self) -> tuple[Step, ...]:
        """Nothing waits any more; answers the steps that nobody has been told were forgotten."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            self._timer, waiting, self._waiting = None, self._waiting, None
        return () if waiting is None or waiting.kept is not self._now else waiting.snapshot.dropped

    def _write_waiting(self) -> None:
        """On the timer's thread."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            waiting, self._waiting, self._timer = self._waiting, None, None
        if waiting is not None:
            self._start(waiting, _TRIES)

    def update(self, take: Take, tries: int = _TRIES) -> None:
        """Write what is new; ``kept`` or ``failed`` follows, or ``unsettled`` while it changes too quickly.

        ``take`` is called now, and again where need be.
        """
        kept = self._now
        if kept is not None:
            self._start(_Waiting(kept, self._taken(take), kept.document.revision, take), tries)

    def _taken(self, take: Take) -> Snapshot:
        """What is there now, with what waits."""
        dropped = self.forget_waiting()
        snapshot = take()
        return replace(snapshot, dropped=(*dropped, *snapshot.dropped))

    def _start(self, what: _Waiting, tries: int) -> None:
        kept = what.kept

        def failed(error: Exception) -> None:
            if not isinstance(error, LostStep):
                self._on_failure(error)
            elif kept is not self._now:
                return
            elif tries:  # a step was forgotten meanwhile: anew, with what is there now
                self.update(what.take, tries - 1)
            else:
                self.unsettled.emit()

        self._background.run(
            lambda: self._update(kept, what.snapshot, what.revision), lambda _: self.kept.emit(), failed
        )

    def save(self, path: Path, take: Take, done: Done, failed: Failed, tries: int = _TRIES) -> None:
        """Write everything to a session file; ``progressed`` tells how far, ``cancel`` ends it."""
        kept = self._now
        if kept is None:
            return
        snapshot, revision = self._taken(take), kept.document.revision
        self._cancel.clear()
        told = [-1]

        def progress(part: float) -> None:
            if self._cancel.is_set():
                raise Cancelled
            percent = int(100 * part)
            if percent != told[0]:
                told[0] = percent
                self.progressed.emit(part)

        def work() -> None:
            self._update(kept, snapshot, revision)
            assert kept.journal is not None
            save_session(kept.journal, path, program_version(), progress)

        def again(error: Exception) -> None:
            if not isinstance(error, LostStep):
                failed(error)
            elif tries:
                self.save(path, take, done, failed, tries - 1)
            else:
                failed(DocumentError(f'"{path.name}" was not saved because it was being changed; try again.'))

        self._background.run(work, lambda _: done(), again)

    def cancel(self) -> None:
        """End the writing of a session file."""
        self._cancel.set()

    # -- on the thread ---------------------------------------------------------------------

    def _update(self, kept: _Kept, snapshot: Snapshot, revision: int) -> None:
        if kept.closed:
            return
        journal = kept.journal
        if journal is None:
            journal = kept.journal = Journal(Folder.create(unsaved_folder()), program_version())
            kept.broken = True
        try:
            if kept.broken or not journal.begun:
                self._begin(kept, snapshot, revision, with_mask=True)
            else:
                journal.update(snapshot)
        except LostStep:
            kept.broken = True
            raise
        journal.write_thumbnail(kept.document.picture)

    def _begin(self, kept: _Kept, snapshot: Snapshot, revision: int, *, with_mask: bool) -> None:
        journal, document = kept.journal, kept.document
        assert journal is not None
        source = kept.source.path if not with_mask and kept.source is not None and kept.source.same else None
        mask = document.mask if with_mask else None
        samples = document.samples if with_mask and document.has_samples else None

        def settled() -> bool:
            busy = document.changing or (with_mask and document.stroking)
            return document.revision == revision and not busy

        try:
            journal.begin(document.picture, source, snapshot, mask, settled, samples)
        except LostStep:
            kept.broken = True
            raise
        if source is not None and kept.source is not None and not kept.source.same:
            kept.broken = True
            raise LostStep
        kept.broken = False
        journal.write_thumbnail(document.picture)

    def _run(self, work: Callable[[], None]) -> None:
        self._background.run(work, lambda _: self.kept.emit(), self._on_failure)

    def _on_failure(self, error: Exception) -> None:
        if isinstance(error, LostStep):
            return  # with the next update it is kept anew
        if isinstance(error, DocumentError):
            self.failed.emit(str(error))
        elif isinstance(error, OSError):
            where = unsaved_folder()
            self.failed.emit(
                f"Unsaved work cannot be kept in {where} ({error.strerror or error}): "
                "make room there or allow writing to it, and save your picture often."
            )
        else:
            self.failed.emit("Unsaved work could not be kept: save your picture. " + _last_line(error))


def _last_line(error: Exception) -> str:
    return traceback.format_exception_only(error)[-1].strip()
