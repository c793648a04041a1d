"""The canvas on huge pictures: painting, dabs, undo, memory, opening, and keeping up while all cores are busy.

    python benchmarks/canvas.py [--megapixels 12 48 100] [--repeats 40] [--skip open busy]

Offscreen. Prints one JSON object: median and p95 in ms of everything timed, beside each target whether it
was met. A full repaint draws the whole 1920 x 1080 view anew; an incremental one pans it by a few pixels.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QElapsedTimer, QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from app.canvas.pyramid import Pyramid
from app.canvas.view import CanvasView
from app.document.boxes import Box
from app.document.brush import Brush
from app.document.document import Document
from app.document.edits import Edit
from app.document.formats import read_picture
from app.document.picture import Picture

SIZE = (1920, 1080)
FRAME_MS, UNDO_MS, OPEN_MS, STALL_MS = 16.0, 50.0, 500.0, 50.0
ZOOMS = {"fit": None, "100%": 1.0, "400%": 4.0}


def photograph(megapixels: float) -> NDArray[np.uint8]:
    """Something with detail and the shape of a photograph, (H, W, 3)."""
    width = round((megapixels * 1e6 * 4 / 3) ** 0.5)
    height = round(width * 3 / 4)
    small = np.random.default_rng(0).integers(0, 256, (height // 16, width // 16, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def rss() -> int:
    """Bytes of memory the process holds now."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) * 1024
    return 0


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


class Stalls(QObject):
    """How long the event loop was away, measured by a timer that wants to fire every 5 ms."""

    def __init__(self) -> None:
        super().__init__()
        self.times: list[float] = []
        self._clock = QElapsedTimer()
        self._clock.start()
        self._last = self._clock.nsecsElapsed()
        self._timer = QTimer(self, interval=5, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    def _tick(self) -> None:
        now = self._clock.nsecsElapsed()
        self.times.append((now - self._last) / 1e9)
        self._last = now

    def stop(self) -> None:
        self._timer.stop()


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


def make_view() -> CanvasView:
    view = CanvasView()
    view.resize(*SIZE)
    view.set_brush(Brush(600.0))
    view.show()
    return view


def paint_mask(document: Document) -> None:
    """What is to be erased in an ordinary picture: three strokes near its middle."""
    width, height = document.size
    for row in (-400, 0, 400):
        document.begin_stroke(Brush(120.0), width / 2 - 500, height / 2 + row)
        document.stroke_to(width / 2 + 500, height / 2 + row + 100)
        document.end_stroke()


def painting(view: CanvasView, repeats: int) -> dict[str, Any]:
    answer: dict[str, Any] = {}
    for name, zoom in ZOOMS.items():
        if zoom is None:
            view.fit()
        else:
            view.set_zoom(zoom)
        settle(view)

        def full() -> None:
            view._redraw()
            view.repaint()

        step = 7

        def pan() -> None:
            nonlocal step
            step = -step
            view.pan(step, step)
            view.repaint()

        timed(full, 3)
        answer[name] = {"full": timed(full, repeats).summary(FRAME_MS), "pan": timed(pan, repeats).summary(FRAME_MS)}
    return answer


def dabs(view: CanvasView, document: Document, repeats: int) -> dict[str, Any]:
    answer: dict[str, Any] = {}
    for name, zoom in ZOOMS.items():
        if zoom is None:
            view.fit()
        else:
            view.set_zoom(zoom)
        settle(view)
        answer[name] = dabs_here(view, document, repeats)
    return answer


def dabs_here(view: CanvasView, document: Document, repeats: int) -> dict[str, Any]:
    x, y = document.size[0] / 2, document.size[1] / 2
    edits: list[Edit] = []
    view.strokeFinished.connect(edits.append)
    mouse(view, QEvent.Type.MouseButtonPress, x, y)
    view.repaint()
    index = 0

    def dab() -> None:
        nonlocal index
        index += 1
        mouse(view, QEvent.Type.MouseMove, x + 20 * (index % 20), y + index)
        view.repaint()

    times = timed(dab, repeats)
    mouse(view, QEvent.Type.MouseButtonRelease, x, y)
    view.strokeFinished.disconnect(edits.append)
    undo = Times()

    def show(boxes: list[Box]) -> None:
        view.refresh(boxes)
        view.repaint()

    for _ in range(max(5, repeats // 4)):
        undo.of(lambda: show(edits[0].undo(document)))
        show(edits[0].redo(document))
    show(edits[0].undo(document))
    return {"dab": times.summary(FRAME_MS), "undo": undo.summary(UNDO_MS)}


def opening(megapixels: float) -> dict[str, Any]:
    """A JPEG decoded on another thread, shown as soon as it is there, the event loop watched."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.jpg"
        cv2.imwrite(str(path), photograph(megapixels))
        view = make_view()
        QApplication.processEvents()
        found: dict[str, Any] = {}

        def read() -> None:
            picture = read_picture(path)
            found["decoded"] = time.perf_counter()
            pyramid = Pyramid(picture.pixels)
            pyramid.prepare()
            found["document"], found["pyramid"] = Document(picture), pyramid

        thread = threading.Thread(target=read)
        stalls = Stalls()
        thread.start()
        while "document" not in found:
            QApplication.processEvents()
            time.sleep(0.0005)
        thread.join()
        view.set_document(found["document"], found["pyramid"])
        view.repaint()
        first = time.perf_counter() - found["decoded"]
        while not view._loader.idle:
            QApplication.processEvents()
            time.sleep(0.0005)
        view.repaint()
        sharp = time.perf_counter() - found["decoded"]
        for _ in range(20):
            QApplication.processEvents()
            time.sleep(0.005)
        stalls.stop()
        longest = 1000 * max(stalls.times)
        view._loader.finish()
        view.deleteLater()
        return {
            "first_view_ms": round(1000 * first, 1),
            "sharp_view_ms": round(1000 * sharp, 1),
            "target_ms": OPEN_MS,
            "met": 1000 * sharp <= OPEN_MS,
            "longest_stall_ms": round(longest, 1),
            "target_stall_ms": STALL_MS,
            "stall_met": longest <= STALL_MS,
        }


def burn(stop: Any) -> None:
    """Keep one core busy, as an erase does."""
    rng = np.random.default_rng(0)
    a = rng.random((512, 512), np.float32)
    while not stop.is_set():
        a = a @ a
        a /= np.abs(a).max()


def busy(view: CanvasView, document: Document, seconds: float) -> dict[str, Any]:
    """Strokes while a process per core multiplies matrices, as an erase does."""
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    cores = os.cpu_count() or 1
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    burners = [context.Process(target=burn, args=(stop,)) for _ in range(cores)]
    for burner in burners:
        burner.start()
    time.sleep(2)
    view.fit()
    settle(view)
    x, y = document.size[0] / 2, document.size[1] / 2
    view.set_brush(Brush(200.0))
    stalls, follow = Stalls(), []
    end = time.perf_counter() + seconds
    mouse(view, QEvent.Type.MouseButtonPress, x, y)
    index = 0
    while time.perf_counter() < end:
        index += 1
        start = time.perf_counter()
        mouse(view, QEvent.Type.MouseMove, x + 15 * (index % 60), y + 3 * (index % 200))
        QApplication.processEvents()
        follow.append(time.perf_counter() - start)
        time.sleep(0.008)  # a mouse tells of itself 125 times a second
    mouse(view, QEvent.Type.MouseButtonRelease, x, y)
    stalls.stop()
    stop.set()
    for burner in burners:
        burner.join()
    times = sorted(1000 * s for s in stalls.times)
    p99 = times[round(0.99 * (len(times) - 1))]
    return {
        "burners": cores,
        "stall_p99_ms": round(p99, 1),
        "stall_longest_ms": round(times[-1], 1),
        "target_p99_ms": STALL_MS,
        "met": p99 <= STALL_MS,
        "brush": summary(follow, STALL_MS),
    }


def measure(megapixels: float, repeats: int, skip: set[str]) -> dict[str, Any]:
    pixels = photograph(megapixels)
    document = Document(Picture(pixels))
    document.mask.fill(0)  # what the system gives when it is written to is the mask's, not the view's
    paint_mask(document)
    raw = pixels.nbytes + document.mask.nbytes
    view = make_view()
    QApplication.processEvents()
    view.repaint()
    before = rss()
    view.set_document(document)
    settle(view)
    answer: dict[str, Any] = {"size": list(document.size)}
    answer["paint"] = painting(view, repeats)
    answer["brush_600_px"] = dabs(view, document, repeats)
    width, height = document.size
    view.keep_before([(width // 4, height // 4, width // 2, height // 2)])
    view.set_show_before(True)
    view.fit()
    settle(view)
    view.set_show_before(False)
    extra = rss() - before
    answer["memory"] = {  # with what the libraries keep for themselves, tens of MB at any size
        "raw_mb": round(raw / 1e6, 1),
        "beside_mb": round(extra / 1e6, 1),
        "ratio": round(extra / raw, 3),
        "target_ratio": 1.0,
        "met": extra <= raw,
    }
    if "busy" not in skip:
        answer["all_cores_busy"] = busy(view, document, 4.0)
    view._loader.finish()
    view.deleteLater()
    QApplication.processEvents()
    del document, pixels, view
    if "open" not in skip:
        answer["open_jpeg"] = opening(megapixels)
    return answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megapixels", type=float, nargs="+", default=[12, 48, 100])
    parser.add_argument("--repeats", type=int, default=40)
    parser.add_argument("--skip", nargs="*", default=[], choices=["open", "busy"])
    options = parser.parse_args()
    application = QApplication.instance() or QApplication([])
    answer: dict[str, Any] = {
        "machine": {"cores": os.cpu_count(), "load": os.getloadavg(), "python": platform.python_version()},
        "opencv": cv2.__version__,
        "view": list(SIZE),
        "pictures": {f"{n:g}": measure(n, options.repeats, set(options.skip)) for n in options.megapixels},
    }
    print(json.dumps(answer, indent=1))
    del application


if __name__ == "__main__":
    main()
