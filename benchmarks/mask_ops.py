"""How long the event loop stands still while the whole of a mask, or much of a picture, is changed in the window.

    python -m benchmarks.mask_ops [--megapixels 12 48 100] [--result 24]

Offscreen. Prints one JSON object: for every operation what it takes and the longest stall, in ms. ``own`` leaves
out what was spent waiting for a processor that other programs had. The engine is one that answers at once, so
that only what the window does is measured.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import cv2
import numpy as np
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication

from app.document.editing import Document, Selections
from app.document.mask import Brush
from app.document.pixels import Box, Picture
from app.engine.protocol import EngineState, EngineStatus, EraseDone, Patch
from app.ui.editing import Opened
from app.ui.support import Settings, settings
from app.ui.window import MainWindow
from benchmarks.common.watching import STALL_MS, Stalls, photograph, settle
from tests.ui.fake_engine import FakeEngine


def watched(action: Callable[[], object], over: Callable[[], bool]) -> dict[str, Any]:
    """Do something in an event loop that is watched until it is over, and a moment longer."""
    stalls = Stalls()
    start = time.perf_counter()
    action()
    while not over():
        QApplication.processEvents()
        time.sleep(0.0005)
    took = time.perf_counter() - start
    end = time.perf_counter() + 0.1
    while time.perf_counter() < end:
        QApplication.processEvents()
        time.sleep(0.0005)
    stalls.stop()
    away = stalls.summary()
    met = away["own_stall_longest_ms"] <= STALL_MS
    return {"ms": round(1000 * took, 1)} | {key: away[key] for key in away if "longest" in key} | {"own_met": met}


def paint(document: Document, box: Box) -> None:
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    document.fill_polygon([(x, box[1]), (box[2], y), (x, box[3]), (box[0], y)])
    document.begin_stroke(Brush(120.0), box[0], box[1])
    document.stroke_to(box[2], box[3])
    document.end_stroke()


def measure(megapixels: float, result: float, folder: Path) -> dict[str, Any]:
    engine = FakeEngine()
    engine.set_status(EngineStatus(EngineState.READY, "fake", "Fake model", "cpu"))
    store = Settings(QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat))
    store.set(settings.HINT_SEEN, True)
    window = MainWindow(engine, store)
    window.resize(1600, 1000)
    window.show()
    document = Document(Picture(photograph(megapixels)))
    width, height = document.size
    workspace, jobs = window.workspace, window.editing.jobs
    workspace.take(Opened(document, None))  # type: ignore[arg-type]
    window._on_document(Opened(document, None))  # type: ignore[arg-type]
    side = (min(result * 1e6, 0.9 * width * height) * height / width) ** 0.5
    x, y = round((width - side * width / height) / 2), round((height - side) / 2)
    box = (x, y, width - x, height - y)
    paint(document, box)
    window.view.refresh([(0, 0, width, height)])
    settle(window.view)

    def free() -> bool:
        return not jobs.busy

    def fail(error: Exception) -> None:
        raise error

    changes: dict[str, Callable[[Selections], Any]] = {
        "grow 20 px": lambda sheet: sheet.grow_mask(20),
        "shrink 20 px": lambda sheet: sheet.shrink_mask(20),
        "feather 20 px": lambda sheet: sheet.feather_mask(20),
        "invert": lambda sheet: sheet.invert_mask(),
        "fill": lambda sheet: sheet.fill_mask(),
        "similar, connected": lambda sheet: sheet.select_similar(width / 2, height / 2, 60, True),
        "similar, anywhere": lambda sheet: sheet.select_similar(width / 2, height / 2, 60, False),
    }
    answer: dict[str, Any] = {"size": [width, height]}
    for name, change in changes.items():
        before = workspace.history.index()
        answer[name] = watched(lambda c=change, n=name: jobs.run(n, c, lambda _edit: None, fail), free)  # type: ignore[misc]
        if workspace.history.index() > before:  # each begins with the same mask
            workspace.history.undo()
        settle(window.view)
    answer["erase, start"] = watched(window.erasing.commands.erase, lambda: window.erasing.job.running and free())
    rgb = cv2.GaussianBlur(document.pixels[box[1] : box[3], box[0] : box[2]], (0, 0), 3)
    patch = Patch(box, np.asarray(rgb, np.uint8))
    number = engine.current_id
    assert number is not None
    engine.end_quietly()
    done = EraseDone(number, (patch,), 1.0)
    answer[f"erase, {rgb.shape[0] * rgb.shape[1] / 1e6:.0f} MP put in"] = watched(
        lambda: engine.finished.emit(done), free
    )
    assert workspace.history.unsaved
    workspace.history.saved_version = workspace.history.pixel_version
    window.close()
    window.view._loader.finish()
    window.deleteLater()
    QApplication.processEvents()
    return answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megapixels", type=float, nargs="+", default=[12, 48, 100])
    parser.add_argument("--result", type=float, default=24, help="megapixels of the result that is put in")
    options = parser.parse_args()
    application = QApplication.instance() or QApplication([])
    with tempfile.TemporaryDirectory() as folder:
        pictures = {f"{n:g}": measure(n, options.result, Path(folder)) for n in options.megapixels}
    machine = {"cores": os.cpu_count(), "load": os.getloadavg(), "python": platform.python_version()}
    print(json.dumps({"machine": machine, "target_stall_ms": STALL_MS, "pictures": pictures}, indent=1))
    del application


if __name__ == "__main__":
    main()
