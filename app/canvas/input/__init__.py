"""Mouse, pen, fingers and wheel, made into pointers."""

from __future__ import annotations

from app.canvas.input.events import PointerInputView
from app.canvas.input.retouching import NO_SOURCE, RetouchHand

__all__ = [
    "NO_SOURCE",
    "PointerInputView",
    "RetouchHand",
]
