"""Strokes while the processor's cores are busy: with foreign programs, and with an erase of the program's own."""

from __future__ import annotations

import multiprocessing
import os
import time
from typing import Any

import numpy as np
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication

from app.canvas.view import CanvasView
from app.document.editing import Document
from app.document.mask import Brush
from app.engine.controller import EngineController
from app.engine.protocol import EngineState, EraseOptions, ErasePreview
from benchmarks.common.watching import STALL_MS, Stalls, mouse, settle, summary

MODEL = "moebius-nano"


def burn(stop: Any) -> None:
    """Keep one core busy, as an erase does."""
    rng = np.random.default_rng(0)
    a = rng.random((512, 512), np.float32)
    while not stop.is_set():
        a = a @ a
        a /= np.abs(a).max()


def strokes(view: CanvasView, document: Document, seconds: float) -> dict[str, Any]:
    """Paint without a pause, the event loop watched."""
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
    away = stalls.summary()
    met = {"met": away["stall_p99_ms"] <= STALL_MS, "own_met": away["own_stall_p99_ms"] <= STALL_MS}
    return {**away, "target_p99_ms": STALL_MS, **met, "brush": summary(follow, STALL_MS)}


def busy(view: CanvasView, document: Document, seconds: float) -> dict[str, Any]:
    """Strokes while a process per core multiplies matrices with the same right to the processor as the window."""
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    cores = os.cpu_count() or 1
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    burners = [context.Process(target=burn, args=(stop,)) for _ in range(cores)]
    for burner in burners:
        burner.start()
    time.sleep(2)
    answer = strokes(view, document, seconds)
    stop.set()
    for burner in burners:
        burner.join()
    return {"burners": cores, **answer}


def erasing(view: CanvasView, document: Document, seconds: float) -> dict[str, Any]:
    """Strokes while the bundled model erases over and over in this process, its previews shown."""
    engine, ended, steps = EngineController(), 0, 0
    rgb, mask = document.picture.rgb.copy(), document.mask.copy()

    def again(_answer: object = None) -> None:
        nonlocal ended
        ended += 1
        engine.erase(rgb, mask, EraseOptions(seed=ended))

    def show(preview: ErasePreview) -> None:
        nonlocal steps
        steps += 1
        view.show_preview(preview.box, preview.rgb)

    engine.previewed.connect(show)
    engine.load(MODEL)
    while engine.status().state not in (EngineState.READY, EngineState.FAILED):
        QApplication.processEvents()
        time.sleep(0.01)
    view.set_hole(mask)
    again()
    engine.finished.connect(again)
    start = time.process_time(), time.perf_counter()
    answer = strokes(view, document, seconds)
    used = (time.process_time() - start[0]) / (time.perf_counter() - start[1])
    engine.finished.disconnect(again)
    engine.shutdown()
    view.set_hole(None)
    return {
        "model": MODEL,
        "state": engine.status().state.name,
        "erases": ended - 1,
        "previews": steps,
        "cores": round(used, 2),
        **answer,
    }
