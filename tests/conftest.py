"""What every test gets: no screen, no network, no settings of the user's, no thread left running.

Qt is only touched where the test itself has imported it: the tests of
inference, training and app/document also run where Qt is not installed.
"""

from __future__ import annotations

import gc
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# Before the first import of Qt, which reads it once
os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ["HF_HUB_OFFLINE"] = "1"
# As importing inference does, for tests that import torch before it
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
if "PYTEST_XDIST_WORKER_COUNT" in os.environ:  # several processes share the processors: each takes its part
    _share = max(1, (os.cpu_count() or 1) // int(os.environ["PYTEST_XDIST_WORKER_COUNT"]))
    os.environ.setdefault("OMP_NUM_THREADS", str(_share))

import pytest
from hypothesis import settings

# The same examples every time; other ones are looked for with --hypothesis-profile=search
settings.register_profile("moebius", deadline=None, derandomize=True)
settings.register_profile("search", deadline=None)
settings.load_profile("moebius")

GRACE = 60.0  # seconds until a thread counts as left: imports and fills that can't be stopped go on to their end


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the test settings, caches and data folders of its own."""
    home = tmp_path / "home"
    for name in ("CONFIG", "DATA", "CACHE", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(home / name.lower()))
    core = sys.modules.get("PySide6.QtCore")
    if core is not None:
        core.QStandardPaths.setTestModeEnabled(True)
        for kind in (core.QSettings.Format.NativeFormat, core.QSettings.Format.IniFormat):
            core.QSettings.setPath(kind, core.QSettings.Scope.UserScope, str(home / "config"))


@pytest.fixture(autouse=True)
def cycles_end_on_this_thread() -> Iterator[None]:
    """As the program does: Qt's objects must not be collected on a worker's thread."""
    if "PySide6.QtCore" not in sys.modules:
        yield
        return
    gc.disable()
    yield
    gc.collect(1)
    if gc.get_count()[2] > 10:
        gc.collect()


@pytest.fixture(autouse=True)
def no_thread_left(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail a test that leaves a thread of Python's or of Qt's running."""
    before = set(threading.enumerate())
    started: list[Any] = []
    core = sys.modules.get("PySide6.QtCore")
    if core is not None:
        start = core.QThread.start

        def recorded_start(thread: Any, *args: Any) -> None:
            started.append(thread)
            start(thread, *args)

        monkeypatch.setattr(core.QThread, "start", recorded_start)
    yield
    deadline = time.monotonic() + GRACE
    while (left := _running(before, started, core)) and time.monotonic() < deadline:
        time.sleep(0.01)
    if left:
        pytest.fail(f"left running: {', '.join(left)}")


def _running(before: set[threading.Thread], started: list[Any], core: Any) -> list[str]:
    # A QThread that ran Python leaves a dummy entry behind: it is judged as a QThread
    left = [
        thread.name
        for thread in set(threading.enumerate()) - before
        if thread.is_alive() and not isinstance(thread, threading._DummyThread)
    ]
    if core is not None:
        import shiboken6

        left += [repr(thread) for thread in started if shiboken6.isValid(thread) and thread.isRunning()]
        busy = core.QThreadPool.globalInstance().activeThreadCount()
        left += [f"{busy} tasks of the thread pool"] if busy else []
    return left


@pytest.fixture
def small_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The published forms, expected at a size for tests."""
    from tests.oracles.published import shrink

    shrink(monkeypatch)


@pytest.fixture
def published(small_networks: None, tmp_path: Path) -> Path:
    """The published repository, of such networks."""
    from tests.oracles.published import publish

    return publish(tmp_path / "repository")
