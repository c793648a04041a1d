"""Work that may take a while, done off the main thread and answered on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QCoreApplication, QObject, Qt, QThreadPool, Signal, Slot

T = TypeVar("T")


class Background(QObject):
    """One thread of a pool for reading and writing files, in the order it was asked to."""

    _answered = Signal(object)  # Callable[[], None], to be called on the main thread

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._answered.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def run(self, work: Callable[[], T], done: Callable[[T], None], failed: Callable[[Exception], None]) -> None:
        """Call ``work`` on the pool's thread, then ``done`` or ``failed`` on the main one."""

        def on_pool() -> None:
            try:
                result = work()
            except Exception as error:
                # The name is gone when the except block ends, before the main thread looks.
                problem = error
                self._answered.emit(lambda: failed(problem))
            else:
                self._answered.emit(lambda: done(result))

        self._pool.start(on_pool)

    def wait(self) -> None:
        """Return when nothing is under way any more; answers may still be in the event queue."""
        self._pool.waitForDone()

    def settle(self) -> None:
        """Return when nothing is under way any more and every answer has been given."""
        self._pool.waitForDone()
        QCoreApplication.sendPostedEvents(self)

    @Slot(object)
    def _deliver(self, answer: Callable[[], None]) -> None:
        answer()
