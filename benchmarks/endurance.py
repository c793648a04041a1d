"""Random actions on the canvas for a long time: strokes, tools, zooms, undo, erases, previews, comparing.

    python benchmarks/endurance.py [--minutes 15] [--megapixels 12] [--seed 0]

Offscreen. Every 200 actions what is shown must equal what drawing everything anew shows; at the end undoing
everything must give every byte of the picture as it was, and redoing it every byte as it is. Prints one JSON
object with the memory the process held on the way, beside what the picture and the history account for.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from PySide6.QtWidgets import QApplication

from app.canvas.view import CanvasView
from app.document.document import Document
from app.document.picture import Picture
from benchmarks.canvas import photograph, rss, settle
from tests.canvas.actions import Actor

_ROUND = 200  # actions between two looks
_KEPT = 400  # edits after which the oldest are accounted for and let go, as a history with a budget does


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--megapixels", type=float, default=12)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    application = QApplication.instance() or QApplication([])
    document = Document(Picture(photograph(options.megapixels)))
    raw = document.pixels.nbytes + document.mask.nbytes
    view = CanvasView()
    view.resize(600, 450)
    view.set_document(document)
    view.show()
    settle(view)
    actor = Actor(view, document, options.seed)
    memory, actions, end = [], 0, time.monotonic() + 60 * options.minutes
    while time.monotonic() < end:
        for _ in range(_ROUND):
            actor.step()
        actions += _ROUND
        settle(view)
        actor.check_frame()
        if len(actor.done) > _KEPT:
            actor.check_bytes()
            actor.forget()
        memory.append(rss())
    actor.check_bytes()
    history = sum(edit.nbytes for edit in (*actor.done, *actor.undone))
    answer = {
        "minutes": options.minutes,
        "actions": actions,
        "size": list(document.size),
        "frames_equal": True,
        "bytes_equal": True,
        "raw_mb": round(raw / 1e6, 1),
        "history_mb": round(history / 1e6, 1),
        "memory_mb": [round(value / 1e6) for value in memory[:: max(1, len(memory) // 30)]],
    }
    print(json.dumps(answer, indent=1))
    view._loader.finish()
    del application


if __name__ == "__main__":
    main()
