"""The tools: what pressing, dragging and letting go does."""

from __future__ import annotations

from app.canvas.tools.base import (
    Band,
    Change,
    Drag,
    PanDrag,
    Pointer,
    Press,
    RetouchOptions,
    StrokeDrag,
    Tool,
    apply_selection,
    brush_for,
)
from app.canvas.tools.object_selection import ObjectDrag
from app.canvas.tools.retouch import CloneSource, RetouchDrag, SourceDrag
from app.canvas.tools.selection import LassoDrag, RectangleDrag

__all__ = [
    "Band",
    "Change",
    "CloneSource",
    "Drag",
    "LassoDrag",
    "ObjectDrag",
    "PanDrag",
    "Pointer",
    "Press",
    "RectangleDrag",
    "RetouchDrag",
    "RetouchOptions",
    "SourceDrag",
    "StrokeDrag",
    "Tool",
    "apply_selection",
    "brush_for",
]
