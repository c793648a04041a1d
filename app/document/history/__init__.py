"""Undo: what an edit changed, and the steps back and forth."""

from __future__ import annotations

from app.document.history.edits import TILE, Draft, Edit, EditPart, Recorder, Target
from app.document.history.history import History, Journey, Run, Step, run_now
from app.document.history.spill import remove_leftovers

__all__ = [
    "TILE",
    "Draft",
    "Edit",
    "EditPart",
    "History",
    "Journey",
    "Recorder",
    "Run",
    "Step",
    "Target",
    "remove_leftovers",
    "run_now",
]
