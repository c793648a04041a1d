"""Older steps spilled to disk, in a folder that goes when the program does."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import weakref
from pathlib import Path

from filelock import FileLock, Timeout

_PREFIX = "moebius-history-"


class SpillFolder:
    """A folder of one's own for temporary files, made when the first is needed.

    A lock file beside it says that its program is alive; the system lets go of the lock even
    when the program is killed. Folders of programs that are not alive are removed when a
    folder is made. ``unused`` may be called from one other thread.
    """

    def __init__(self, parent: Path | None = None) -> None:
        """``parent`` is where the folder is made, by default where the system wants temporary files."""
        self._parent = parent
        self._folder: Path | None = None
        self._number = 0
        self._remove: weakref.finalize[..., SpillFolder] | None = None

    def unused(self) -> Path:
        """A path for a new file. Raises ``OSError`` when the folder cannot be made."""
        if self._folder is None:
            self._folder = self._make()
        self._number += 1
        return self._folder / f"{self._number}.step"

    def close(self) -> None:
        """Remove all files; a later ``unused`` makes a new folder. Also done at exit."""
        if self._remove is not None:
            self._remove()
        self._folder = self._remove = None

    def _make(self) -> Path:
        parent = self._parent or Path(tempfile.gettempdir())
        parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(parent)
        handle, name = tempfile.mkstemp(".lock", _PREFIX, parent)
        os.close(handle)
        # Locked before the folder is there: nobody else can take it for a leftover.
        lock = FileLock(name)
        lock.acquire(timeout=0)
        folder = Path(name).with_suffix("")
        folder.mkdir(mode=0o700)
        self._remove = weakref.finalize(self, _remove, folder, lock)
        return folder


def remove_leftovers(parent: Path | None = None) -> None:
    """Remove the folders of programs that ended without doing so; what cannot be removed stays."""
    for path in (parent or Path(tempfile.gettempdir())).glob(f"{_PREFIX}*.lock"):
        lock = FileLock(path)
        with contextlib.suppress(Timeout, OSError):
            lock.acquire(timeout=0)
            _remove(path.with_suffix(""), lock)


def _remove(folder: Path, lock: FileLock) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    lock.release()
    with contextlib.suppress(OSError):
        Path(lock.lock_file).unlink(missing_ok=True)
