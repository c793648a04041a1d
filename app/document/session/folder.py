"""The folders in which unsaved pictures are kept, each locked by the program that works on it."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout

STATE = "state.json"
THUMBNAIL = "thumbnail.png"
_LOCK = "lock"
_OWNER = "owner.json"


class Folder:
    """A locked folder. The system lets go of the lock when the program ends, however that happens."""

    def __init__(self, path: Path, lock: BaseFileLock) -> None:
        self.path = path
        self._lock = lock

    @classmethod
    def create(cls, parent: Path) -> Folder:
        """A new one in ``parent``, which is made too. Raises ``OSError``."""
        path = parent / f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(4)}"
        path.mkdir(mode=0o700, parents=True)
        folder = cls.take(path)
        if folder is None:
            raise OSError(f"{path} cannot be locked")
        return folder

    @classmethod
    def take(cls, path: Path) -> Folder | None:
        """One that is there already; None while a program works on it. Raises ``OSError``."""
        if _alive_elsewhere(path):
            return None
        # Asked for on one thread and let go of on another.
        lock = FileLock(path / _LOCK, thread_local=False)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return None
        with contextlib.suppress(OSError):
            path.joinpath(_OWNER).write_text(
                json.dumps({"pid": os.getpid(), "host": _host(), "began": _began(os.getpid())})
            )
        return cls(path, lock)

    def release(self) -> None:
        """Let others take it."""
        with contextlib.suppress(OSError):
            self.path.joinpath(_OWNER).unlink(missing_ok=True)
        self._lock.release()

    def remove(self) -> None:
        """Delete it with all that is in it; what cannot be deleted stays."""
        # First what makes it a picture to restore: what is left after a kill in between is rubbish, and seen to be.
        with contextlib.suppress(OSError):
            self.path.joinpath(STATE).unlink(missing_ok=True)
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock.release()
        shutil.rmtree(self.path, ignore_errors=True)  # Windows keeps a lock file that is open


def folders(parent: Path) -> Iterator[Path]:
    """All there are, of programs that run too; the oldest first."""
    with contextlib.suppress(OSError):
        yield from sorted(path for path in parent.iterdir() if path.is_dir())


def size_of(path: Path) -> int:
    """Bytes of all files in a folder."""
    total = 0
    for found in path.rglob("*"):
        with contextlib.suppress(OSError):
            total += found.stat().st_size
    return total


def _alive_elsewhere(path: Path) -> bool:
    """Whether another process works on it: asked of the process itself, as locks do not work on every drive."""
    try:
        owner = json.loads(path.joinpath(_OWNER).read_bytes())
        pid, host, began = int(owner["pid"]), str(owner["host"]), str(owner["began"])
    except (OSError, ValueError, KeyError, TypeError):
        return False
    # Elsewhere nothing can be asked, and Windows has no harmless way to ask: the lock decides alone.
    if host != _host() or os.name == "nt" or pid == os.getpid():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return _began(pid) == began


def _began(pid: int) -> str:
    """When a process began, where the system says so: its number may be another one's by now."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        # The name in parentheses may hold anything; the fields after it are numbers.
        return f"{boot} {Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()[19]}"
    except (OSError, IndexError):
        return ""


def _host() -> str:
    return os.uname().nodename if hasattr(os, "uname") else ""
