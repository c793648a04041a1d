"""The document: a picture with its mask, and every way to change them."""

from __future__ import annotations

from app.document.editing import compositing
from app.document.editing.compositing import needs_sixteen_bits
from app.document.editing.document import Document
from app.document.editing.sample_area import Mark
from app.document.editing.selections import Selections
from app.document.editing.transparency import model_view

__all__ = [
    "Document",
    "Mark",
    "Selections",
    "compositing",
    "model_view",
    "needs_sixteen_bits",
]
