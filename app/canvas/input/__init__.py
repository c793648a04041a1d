"""Mouse, pen, fingers and wheel, made into pointers."""

from __future__ import annotations

from app.canvas.input.events import HandStage

__all__ = [
    "HandStage",
]
