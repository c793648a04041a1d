"""Unsaved sessions: pictures not saved when a program ended; finding them, and forgetting the oldest."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from pathlib import Path

from app.document.errors import DocumentError
from app.document.session.folder import STATE, THUMBNAIL, Folder, folders, size_of
from app.document.session.journal import Journal
from app.document.session.load import Loaded, load, read_state
from app.document.session.state import State

EXPIRE_DAYS = 30
"""An unsaved picture nobody has wanted for so long is forgotten."""

MOST_BYTES = 20 * 1000**3
"""More than this unsaved pictures do not keep of the disk: the oldest go first, but none of the last days."""

_SAFE_DAYS = 3
_DAY = 86400.0
_FRESH = 60.0  # seconds in which a folder may be without a state because it is being made


@dataclass(frozen=True)
class UnsavedSession:
    """An unsaved picture, held so that no other program offers it too."""

    folder: Folder
    state: State
    nbytes: int

    @property
    def thumbnail(self) -> Path:
        """A small picture of it; may be missing."""
        return self.folder.path / THUMBNAIL

    def restore(self, program: str = "") -> Loaded:
        """Open it; its journal goes on in the same folder. Raises ``DocumentError``, and it stays then."""
        return load(Journal(self.folder, program), self.state, f'"{self.state.name}"')


def find_unsaved(parent: Path, only: str | None = None) -> list[UnsavedSession]:
    """Every unsaved picture in ``parent`` that no running program works on, the newest first.

    ``only`` is the name of the one folder to look at. What was saved, and what is too old, is removed.
    """
    found = []
    for path in folders(parent):
        if only is None or path.name == only:
            with contextlib.suppress(OSError):
                lost = _look(path)
                if lost is not None:
                    found.append(lost)
    found.sort(key=lambda lost: lost.state.time, reverse=True)
    return found if only is not None else _expire(found)


def _look(path: Path) -> UnsavedSession | None:
    fresh = time.time() - path.stat().st_mtime < _FRESH
    folder = None if fresh and not path.joinpath(STATE).exists() else Folder.take(path)
    if folder is None:
        return None
    try:
        state = read_state(path)
    except FileNotFoundError:
        folder.remove()
        return None
    except (DocumentError, OSError):
        _leave(folder, time.time() - path.stat().st_mtime)
        return None
    if not state.unsaved:
        folder.remove()
        return None
    return UnsavedSession(folder, state, size_of(path))


def _leave(folder: Folder, age: float) -> None:
    """It cannot be read by this program: another version may."""
    if age > EXPIRE_DAYS * _DAY:
        folder.remove()
    else:
        folder.release()


def _expire(found: list[UnsavedSession]) -> list[UnsavedSession]:
    kept, total = [], 0
    for lost in found:
        age = (time.time() - lost.state.time) / _DAY
        total += lost.nbytes
        if age > EXPIRE_DAYS or (total > MOST_BYTES and age > _SAFE_DAYS):
            lost.folder.remove()
        else:
            kept.append(lost)
    return kept
