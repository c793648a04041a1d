"""The tools: what pressing, dragging and letting go does."""

from __future__ import annotations

from app.canvas.tools.arrow import ArrowDrag
from app.canvas.tools.base import (
    Band,
    Change,
    Drag,
    PanDrag,
    Pointer,
    Press,
    Prompt,
    Propose,
    RetouchOptions,
    Select,
    StrokeDrag,
    Tool,
    apply_selection,
    brush_for,
)
from app.canvas.tools.found import FoundDrag
from app.canvas.tools.retouch import CloneSource, RetouchDrag, SourceDrag
from app.canvas.tools.starting import begin

__all__ = [
    "ArrowDrag",
    "Band",
    "Change",
    "CloneSource",
    "Drag",
    "FoundDrag",
    "PanDrag",
    "Pointer",
    "Press",
    "Prompt",
    "Propose",
    "RetouchDrag",
    "RetouchOptions",
    "Select",
    "SourceDrag",
    "StrokeDrag",
    "Tool",
    "apply_selection",
    "begin",
    "brush_for",
]
