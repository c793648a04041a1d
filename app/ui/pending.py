"""Temporary bridge while canvas and document grow: goes when they have."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

try:
    from app.canvas.navigator import Navigator  # type: ignore[import-not-found,unused-ignore]
except ImportError:

    class Navigator(QWidget):  # type: ignore[no-redef]
        def __init__(self, view: object) -> None:
            super().__init__()
