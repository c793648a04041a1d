"""Dialogs: questions, export, preferences, shortcuts."""

from __future__ import annotations

from app.ui.dialogs import questions
from app.ui.dialogs.about import show_about
from app.ui.dialogs.export import ExportDialog
from app.ui.dialogs.preferences import Preferences
from app.ui.dialogs.questions import Losses, Unsaved
from app.ui.dialogs.shortcuts import ShortcutEditor

__all__ = [
    "ExportDialog",
    "Losses",
    "Preferences",
    "ShortcutEditor",
    "Unsaved",
    "questions",
    "show_about",
]
