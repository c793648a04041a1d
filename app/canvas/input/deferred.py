"""Deferred input: presses and moves while the document may not change, replayed afterwards in the same order."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Slot

_SLICE = 0.008  # seconds the event loop is kept from the rest at once


class DeferredInput(QObject):
    """Calls made at once, or kept while it is held and made up for then, a few milliseconds' worth at a time."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.held = False
        self._calls: deque[Callable[[], None]] = deque()
        self._timer = QTimer(self, interval=0)
        self._timer.timeout.connect(self._go_on)

    @property
    def waiting(self) -> bool:
        """Whether a call made now would have to wait."""
        return self.held or bool(self._calls)

    def do(self, call: Callable[[], None]) -> None:
        """Make a call now, or after those that wait."""
        if self.waiting:
            self._calls.append(call)
        else:
            call()

    def hold(self, on: bool) -> None:
        """Begin or end putting calls off."""
        self.held = on
        if self._calls and not on:
            self._timer.start()

    def clear(self) -> None:
        """Forget what waits."""
        self._calls.clear()

    @Slot()
    def _go_on(self) -> None:
        end = time.perf_counter() + _SLICE
        while self._calls and not self.held:
            self._calls.popleft()()
            if time.perf_counter() >= end:  # at least one was made: it goes on however busy the machine is
                break
        if self.held or not self._calls:
            self._timer.stop()
