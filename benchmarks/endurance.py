"""Random actions on the canvas for a long time: strokes, tools, zooms, undo, erases, previews, comparing.

    python benchmarks/endurance.py [--minutes 15] [--megapixels 12] [--seed 0]

Offscreen. Every 200 actions what is shown must equal what drawing everything anew shows; at the end undoing
everything must give every byte of the picture as it was, and redoing it every byte as it is. Prints one JSON
object with the memory the process held on the way, with what was freed given back, and what accounts for it.
Levels of a mask that are 0 throughout take no memory, so a little more may be accounted for than is held.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from PySide6.QtWidgets import QApplication

from app.canvas.view import CanvasView
from app.document.editing import Document
from app.document.pixels import Picture, give_back_freed
from benchmarks.common.accounts import layer_bytes, rss
from benchmarks.common.watching import photograph, settle
from tests.canvas.random_actions import Actor

_ROUND = 200  # actions between two looks
_KEPT = 400  # edits after which the oldest are accounted for and let go, as a history with a budget does


def account(actor: Actor, base: int) -> dict[str, float]:
    """Megabytes the process holds, what they are for, and what is left to explain."""
    document = actor.document
    parts = {
        "program": base,  # with an empty window
        "picture_and_mask": document.pixels.nbytes + document.mask.nbytes,
        "canvas": layer_bytes(actor.view.layers),
        "history": sum(edit.nbytes for edit in (*actor.done, *actor.undone)),
        "script": actor.original.nbytes + actor.start.nbytes + (0 if actor.hole is None else actor.hole.nbytes),
    }
    give_back_freed()
    held = rss()
    return {
        name: round(value / 1e6, 1)
        for name, value in {"held": held, **parts, "left": held - sum(parts.values())}.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--megapixels", type=float, default=12)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    application = QApplication.instance() or QApplication([])
    view = CanvasView()
    view.resize(600, 450)
    view.show()
    settle(view)
    base = rss()
    document = Document(Picture(photograph(options.megapixels)))
    document.mask.fill(0)  # all of its memory is there from the beginning
    view.set_document(document)
    settle(view)
    actor = Actor(view, document, options.seed)
    memory: list[dict[str, float]] = []
    forgotten, actions, end = 0, 0, time.monotonic() + 60 * options.minutes
    while time.monotonic() < end:
        for _ in range(_ROUND):
            if time.monotonic() < end:
                actor.step()
                actions += 1
        settle(view)
        actor.check_frame()
        if len(actor.done) > _KEPT:
            actor.check_bytes()
            forgotten += len(actor.done) + len(actor.undone)
            actor.forget()
        memory.append(account(actor, base))
    actor.check_bytes()
    answer: dict[str, Any] = {
        "load": os.getloadavg(),
        "minutes": options.minutes,
        "actions": actions,
        "edits": forgotten + len(actor.done) + len(actor.undone),
        "size": list(document.size),
        "frames_equal": True,
        "bytes_equal": True,
        "at_the_end_mb": account(actor, base),
        "held_mb": [look["held"] for look in memory[:: max(1, len(memory) // 30)]],
        "most_left_mb": max(look["left"] for look in memory),
        "garbage": gc.collect(),  # objects that only the collector could free
    }
    print(json.dumps(answer, indent=1))
    view._loader.finish()
    del application


if __name__ == "__main__":
    main()
