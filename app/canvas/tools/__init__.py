"""The tools: what pressing, dragging and letting go does."""

from __future__ import annotations

from app.canvas.tools.base import Band, Change, Drag, PanDrag, Pointer, Press, StrokeDrag, Tool, brush_for, take
from app.canvas.tools.object_selection import ObjectDrag
from app.canvas.tools.selection import LassoDrag, RectangleDrag

__all__ = [
    "Band",
    "Change",
    "Drag",
    "LassoDrag",
    "ObjectDrag",
    "PanDrag",
    "Pointer",
    "Press",
    "RectangleDrag",
    "StrokeDrag",
    "Tool",
    "brush_for",
    "take",
]
