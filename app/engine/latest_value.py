"""The latest value only, from thread to thread: Qt's queue would keep every preview."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class LatestSlot(Generic[T]):
    """Put from one thread, take from another; what was not taken in time is replaced."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._value: T | None = None

    def put(self, value: T) -> bool:
        """Hold ``value``; True where the slot was empty, so that the taker must be told."""
        with self._lock:
            empty = self._value is None
            self._value = value
            return empty

    def take(self) -> T | None:
        with self._lock:
            value, self._value = self._value, None
            return value
