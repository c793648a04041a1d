"""The errors between here and the hub, each with a sentence that can be shown."""

from __future__ import annotations

import threading
from collections.abc import Callable

from inference.errors import InferenceError


class HubError(InferenceError):
    """A download failed for good; what has arrived is kept where that helps."""


class TokenNeeded(HubError):
    """The hub wants to know who asks."""


class Transient(HubError):
    """A failure that may pass by itself; ``wait`` is how long the server asked for, in seconds."""

    def __init__(self, message: str, wait: float | None = None) -> None:
        super().__init__(message)
        self.wait = wait


class Stopped(Exception):
    """The user paused or cancelled."""


class Stop:
    """Asked for by one thread, obeyed by another; whatever that one waits for is broken off."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._break: Callable[[], None] | None = None

    @property
    def asked(self) -> bool:
        return self._event.is_set()

    def ask(self) -> None:
        """Stop as soon as can be; for any thread."""
        self._event.set()
        with self._lock:
            if self._break is not None:
                self._break()

    def check(self) -> None:
        """Raise :class:`Stopped` where it was asked for."""
        if self._event.is_set():
            raise Stopped

    def sleep(self, seconds: float) -> None:
        """Wait, and raise :class:`Stopped` as soon as that is asked for."""
        if self._event.wait(seconds):
            raise Stopped

    def breaking(self, action: Callable[[], None] | None) -> None:
        """What ends the present wait at once; None: nothing does."""
        with self._lock:
            self._break = action
        if action is not None and self._event.is_set():
            action()
