"""Work kept safe: autosave, recovery after a crash, crash reports."""

from __future__ import annotations

from app.ui.sessions.controller import SessionsController
from app.ui.sessions.crash_report import Watch, versions

__all__ = [
    "SessionsController",
    "Watch",
    "versions",
]
