"""Retouching by hand: strokes that copy pixels from elsewhere in the picture, as they are or matched to their place."""

from __future__ import annotations

from app.document.retouch.brush import RetouchBrush
from app.document.retouch.stroke import Changing, RetouchStroke

__all__ = ["Changing", "RetouchBrush", "RetouchStroke"]
