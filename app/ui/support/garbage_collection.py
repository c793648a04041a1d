"""Python's cycle collector, run on the window's thread alone."""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer, Slot

INTERVAL_MS = 1000


class Collector(QObject):
    """Collects cycles from a timer, by Python's own thresholds.

    Left alone, Python collects on whichever thread happens to cross a threshold: windows and timers that wait in
    cycles would be destroyed on the engine's thread, which Qt forbids. As long as this object lives, automatic
    collection is off.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._automatic = gc.isenabled()
        gc.disable()
        timer = QTimer(self)
        timer.timeout.connect(self.collect)
        timer.start(INTERVAL_MS)

    @Slot()
    def collect(self) -> None:
        """Collect what is due, the oldest generation that is over its threshold."""
        counts, thresholds = gc.get_count(), gc.get_threshold()
        for generation in (2, 1, 0):
            if counts[generation] > thresholds[generation]:
                gc.collect(generation)
                return

    def end(self) -> None:
        """Let Python collect by itself again, if it did before."""
        if self._automatic:
            gc.enable()
