"""The open document in the window: its history, its changes, and what may change it now."""

from __future__ import annotations

from app.ui.editing import picture_settings
from app.ui.editing.background_edits import BackgroundEdits
from app.ui.editing.controller import EditingController
from app.ui.editing.mask_menu import MASK_EMPTY, MaskMenu
from app.ui.editing.model_selection import ModelSelection
from app.ui.editing.session_writer import unsaved_folder
from app.ui.editing.undo_history import History
from app.ui.editing.workspace import Opened, Workspace, format_of

__all__ = [
    "MASK_EMPTY",
    "BackgroundEdits",
    "EditingController",
    "History",
    "MaskMenu",
    "ModelSelection",
    "Opened",
    "Workspace",
    "format_of",
    "picture_settings",
    "unsaved_folder",
]
