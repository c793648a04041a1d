"""asyncio inside Qt's own event loop, for work that is a story: fetch, wait, try again, take in.

The loop is made when it is first needed and lives as long as the application. It joins the Qt loop that
is running already, so the program still begins and ends as any Qt program does.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable, Coroutine
from typing import Any

import qasync
from PySide6.QtWidgets import QApplication


class _Kept:
    loop: asyncio.AbstractEventLoop | None = None


def event_loop() -> asyncio.AbstractEventLoop:
    """The loop of the application; for the main thread."""
    if _Kept.loop is None:
        _Kept.loop = qasync.QEventLoop(QApplication.instance(), already_running=True)
    return _Kept.loop


class Tasks:
    """Coroutines of one owner; ``idle`` is called when the last of them has ended."""

    def __init__(self, idle: Callable[[], None], failed: Callable[[str], None]) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._idle, self._failed = idle, failed

    def __bool__(self) -> bool:
        return bool(self._tasks)

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Begin a coroutine."""
        task = event_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._on_done)

    def cancel(self) -> None:
        """Ask all of them to end at what they wait for."""
        for task in self._tasks:
            task.cancel()

    def _on_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._failed("".join(traceback.format_exception(error)))
        if not self._tasks:
            self._idle()
