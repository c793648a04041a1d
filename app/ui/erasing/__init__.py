"""An erase in the window: begun, watched, chosen from, kept or given up."""

from __future__ import annotations

from app.ui.erasing.controller import ErasingController

__all__ = [
    "ErasingController",
]
