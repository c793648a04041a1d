"""Work on a thread of its own: whoever began it goes on meanwhile, and waits where the result is needed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from inference.errors import Cancelled
from inference.runtime.check import Check

T = TypeVar("T")

LOOK = 0.05  # seconds between two looks of who waits at whether the result is still wanted


class Background(Generic[T]):
    """What ``make`` returns, made on another thread from now on."""

    def __init__(self, make: Callable[[Check], T], name: str, *, daemon: bool = False) -> None:
        """``make`` is given a check: it raises :class:`Cancelled` after :meth:`give_up`, and when the program ends.

        ``daemon``: the program's end does not wait for it; only for what runs no Python while it works.
        """
        self._make, self._wanted = make, True
        self._made: list[T] = []  # none before it is made
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=daemon)
        self._thread.start()

    def check(self) -> None:
        """Raise what it failed with, if it has failed."""
        if self._failure is not None:
            raise self._failure

    def result(self, check: Check) -> T:
        """Wait for it; raises what it failed with, and what ``check``, called many times a second, raises."""
        while self._thread.is_alive():
            self._thread.join(LOOK)
            check()
        self.check()
        return self._made[0]

    def give_up(self) -> None:
        """Nobody wants it any more."""
        self._wanted = False

    def _run(self) -> None:
        try:
            self._made.append(self._make(self._go_on))
        except BaseException as error:  # raised again where it is waited for
            self._failure = error

    def _go_on(self) -> None:
        # The main thread ends first, and then waits for all others.
        if not self._wanted or not threading.main_thread().is_alive():
            raise Cancelled
