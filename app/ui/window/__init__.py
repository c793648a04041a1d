"""The main window, and the program that shows it."""

from __future__ import annotations

from app.ui.window.application import main
from app.ui.window.main_window import MainWindow

__all__ = [
    "MainWindow",
    "main",
]
