"""The block loader: makes the blocks of pyramids on a thread of its own, those looked at last first."""

from __future__ import annotations

import threading
from collections import deque

from PySide6.QtCore import QObject, Qt, QThreadPool, Signal, Slot

from app.canvas.drawing.pyramid import Block, Pyramid
from app.document.pixels import give_back_freed


class Loader(QObject):
    """A queue of blocks; each one made is announced on the main thread."""

    arrived = Signal(object, object)  # Pyramid, Box of its base
    _made = Signal(object)  # (Pyramid, Block, version)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)  # it shares the machine with the window and the model
        self._lock = threading.Lock()
        self._queue: deque[tuple[Pyramid, Block]] = deque()
        self._asked: set[tuple[int, Block]] = set()  # queued or being made, by the pyramid's id
        self._running = False
        self._made.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    @property
    def idle(self) -> bool:
        """Whether everything asked for has been delivered."""
        return not self._asked

    def request(self, pyramid: Pyramid, blocks: list[Block]) -> None:
        """Ask for blocks, before those asked for earlier; ``arrived`` follows for each."""
        new = [block for block in blocks if (id(pyramid), block) not in self._asked]
        if not new:
            return
        self._asked.update((id(pyramid), block) for block in new)
        with self._lock:
            self._queue.extendleft((pyramid, block) for block in reversed(new))
            start, self._running = not self._running, True
        if start:
            self._pool.start(self._work)

    def clear(self) -> None:
        """Forget what nobody waits for any more."""
        with self._lock:
            dropped = [(id(pyramid), block) for pyramid, block in self._queue]
            self._queue.clear()
        self._asked.difference_update(dropped)

    def tidy(self, gone: list[object] | None = None) -> None:
        """Much was let go just now: the system gets the memory back, after the blocks asked for.

        ``gone`` is let go here: that of a large picture takes long.
        """

        def work() -> None:
            if gone is not None:
                gone.clear()
            give_back_freed()

        self._pool.start(work)

    def finish(self) -> None:
        """Forget the queue and return when the thread is at rest."""
        self.clear()
        self._pool.waitForDone()

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._queue:
                    self._running = False
                    return
                pyramid, block = self._queue.popleft()
            version = pyramid.version(block)
            pyramid.make(block)
            try:
                self._made.emit((pyramid, block, version))
            except RuntimeError:  # the window has gone meanwhile
                return

    @Slot(object)
    def _deliver(self, made: tuple[Pyramid, Block, int]) -> None:
        pyramid, block, version = made
        self._asked.discard((id(pyramid), block))
        if pyramid.accept(block, version):
            self.arrived.emit(pyramid, pyramid.block_box(block))
        else:
            self.request(pyramid, [block])
