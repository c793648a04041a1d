"""The canvas on huge pictures: painting, dabs, undo, memory, opening, and keeping up while all cores are busy.

    python benchmarks/canvas.py [--megapixels 12 48 100] [--repeats 40] [--skip paint open busy erase]

Offscreen. Prints one JSON object: median and p95 in ms of everything timed, beside each target whether it
was met. A full repaint draws the whole 1920 x 1080 view anew; an incremental one pans it by a few pixels.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import cv2
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication

from app.canvas.drawing import Pyramid
from app.canvas.tools import Tool
from app.canvas.view import CanvasView
from app.document.editing import Document
from app.document.formats import read_picture
from app.document.history import Edit
from app.document.mask import Brush
from app.document.pixels import Box, Picture
from benchmarks.common.accounts import rss
from benchmarks.common.busy import busy, erasing
from benchmarks.common.watching import STALL_MS, Stalls, Times, mouse, photograph, settle, timed

SIZE = (1920, 1080)
FRAME_MS, UNDO_MS, OPEN_MS = 16.0, 50.0, 500.0
ZOOMS = {"fit": None, "100%": 1.0, "400%": 4.0}


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


def retouching(view: CanvasView, document: Document, repeats: int) -> dict[str, Any]:
    """Dabs of clone and heal at every zoom."""
    answer: dict[str, Any] = {}
    x, y = document.size[0] / 2, document.size[1] / 2
    for tool in (Tool.CLONE, Tool.HEAL):
        view.set_tool(tool)
        for name, zoom in ZOOMS.items():
            if zoom is None:
                view.fit()
            else:
                view.set_zoom(zoom)
            view.centre_on(x, y)
            settle(view)
            view.pick_source()
            mouse(view, QEvent.Type.MouseButtonPress, x + 640, y + 160)
            mouse(view, QEvent.Type.MouseButtonRelease, x + 640, y + 160)
            mouse(view, QEvent.Type.MouseButtonPress, x, y)
            view.repaint()
            index = 0

            def dab() -> None:
                nonlocal index
                index += 1
                mouse(view, QEvent.Type.MouseMove, x + 20 * (index % 20), y + index)
                view.repaint()

            times = timed(dab, repeats)
            view.cancel_stroke()
            mouse(view, QEvent.Type.MouseButtonRelease, x, y)
            answer.setdefault(tool.name.lower(), {})[name] = times.summary(FRAME_MS)
    view.set_tool(Tool.BRUSH)
    return answer


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
        away = stalls.summary()
        view._loader.finish()
        view.deleteLater()
        return {
            "first_view_ms": round(1000 * first, 1),
            "sharp_view_ms": round(1000 * sharp, 1),
            "target_ms": OPEN_MS,
            "met": 1000 * sharp <= OPEN_MS,
            **away,
            "target_stall_ms": STALL_MS,
            "stall_met": away["stall_longest_ms"] <= STALL_MS,
            "own_stall_met": away["own_stall_longest_ms"] <= STALL_MS,
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
    if "paint" not in skip:
        answer["paint"] = painting(view, repeats)
        answer["brush_600_px"] = dabs(view, document, repeats)
    answer["retouch_600_px"] = retouching(view, document, repeats)
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
    if "erase" not in skip:
        answer["while_erasing"] = erasing(view, document, 12.0)
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
    parser.add_argument("--skip", nargs="*", default=[], choices=["paint", "open", "busy", "erase"])
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
