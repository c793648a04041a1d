"""Stopping by Ctrl+C: once, the picture under way is finished; twice, it is dropped; a third time ends the program."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


class Stopping:
    """What the user asked for meanwhile."""

    def __init__(self, on_first: Callable[[], None] = lambda: None) -> None:
        self._on_first = on_first
        self.asked = False  # begin nothing more
        self.now = False  # and drop what is under way

    def ask(self) -> None:
        """Ask to stop; a second time: at once."""
        if not self.asked:
            self.asked = True
            self._on_first()
        else:
            self.now = True

    def at_once(self) -> bool:
        """Whether what is under way is to be dropped; for ``cancelled=``."""
        return self.now

    @contextmanager
    def caught(self) -> Iterator[None]:
        """Within this context, on the main thread, Ctrl+C and a request of the system to end are asked of this."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        kept = {kind: signal.signal(kind, self._on_signal) for kind in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for kind, handler in kept.items():
                signal.signal(kind, handler)

    def _on_signal(self, kind: int, _frame: FrameType | None) -> None:
        if self.now and kind == signal.SIGINT:
            raise KeyboardInterrupt
        if kind == signal.SIGTERM:
            self.asked = self.now = True
        else:
            self.ask()
