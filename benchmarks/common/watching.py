"""Timing what the canvas does: by the clock, by the processor, and how long the event loop was away."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QElapsedTimer, QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from app.canvas.view import CanvasView

STALL_MS = 50.0


def photograph(megapixels: float) -> NDArray[np.uint8]:
    """Something with detail and the shape of a photograph, (H, W, 3)."""
    width = round((megapixels * 1e6 * 4 / 3) ** 0.5)
    height = round(width * 3 / 4)
    small = np.random.default_rng(0).integers(0, 256, (height // 16, width // 16, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def summary(seconds: list[float], target_ms: float | None = None) -> dict[str, Any]:
    times = sorted(1000 * s for s in seconds)
    p95 = times[min(len(times) - 1, round(0.95 * (len(times) - 1)))]
    answer: dict[str, Any] = {"median_ms": round(statistics.median(times), 2), "p95_ms": round(p95, 2)}
    if target_ms is not None:
        answer |= {"target_p95_ms": target_ms, "met": p95 <= target_ms}
    return answer


class Times:
    """What an action takes: seconds by the clock, and of the processor, which other programs do not lengthen."""

    def __init__(self) -> None:
        self.clock: list[float] = []
        self.processor: list[float] = []

    def of(self, action: Callable[[], object]) -> None:
        start, before = time.perf_counter(), time.process_time()
        action()
        self.processor.append(time.process_time() - before)
        self.clock.append(time.perf_counter() - start)

    def summary(self, target_ms: float) -> dict[str, Any]:
        answer = summary(self.clock, target_ms)
        used = summary(self.processor)
        return answer | {"cpu_median_ms": used["median_ms"], "cpu_p95_ms": used["p95_ms"]}


def timed(action: Callable[[], object], repeats: int) -> Times:
    times = Times()
    for _ in range(repeats):
        times.of(action)
    return times


def waited() -> float:
    """Seconds this thread was ready to run while others had the processors; 0 where the system does not tell."""
    told = Path("/proc/thread-self/schedstat")
    return int(told.read_text().split()[1]) / 1e9 if told.exists() else 0.0


class Stalls(QObject):
    """How long the event loop was away, measured by a timer that wants to fire every 5 ms.

    ``own`` leaves out what was spent waiting for a processor: it is what the program itself was away for,
    whatever else the machine is doing.
    """

    def __init__(self) -> None:
        super().__init__()
        self.times: list[float] = []
        self.own: list[float] = []
        self._waited = waited()
        self._clock = QElapsedTimer()
        self._clock.start()
        self._last = self._clock.nsecsElapsed()
        self._timer = QTimer(self, interval=5, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    def _tick(self) -> None:
        now = self._clock.nsecsElapsed()
        waiting = waited()
        self.times.append((now - self._last) / 1e9)
        self.own.append(max(0.0, self.times[-1] - (waiting - self._waited)))
        self._last, self._waited = now, waiting

    def stop(self) -> None:
        self._timer.stop()

    def summary(self) -> dict[str, Any]:
        """In ms, after ``stop``."""
        answer: dict[str, Any] = {"ticks": len(self.times)}
        for name, seconds in (("stall", self.times), ("own_stall", self.own)):
            times = sorted(1000 * s for s in seconds)
            answer |= {
                f"{name}_p99_ms": round(times[round(0.99 * (len(times) - 1))], 1),
                f"{name}_longest_ms": round(times[-1], 1),
            }
        return answer


def settle(view: CanvasView) -> None:
    """Let the loader deliver everything."""
    while not view._loader.idle:
        QApplication.processEvents()
        time.sleep(0.001)
    QApplication.processEvents()
    view.repaint()


def mouse(view: CanvasView, kind: QEvent.Type, x: float, y: float) -> None:
    at = view.to_widget(x, y)
    left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    held = none if kind == QEvent.Type.MouseButtonRelease else left
    button = none if kind == QEvent.Type.MouseMove else left
    QApplication.sendEvent(
        view, QMouseEvent(kind, at, view.mapToGlobal(at), button, held, Qt.KeyboardModifier.NoModifier)
    )
