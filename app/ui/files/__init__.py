"""Opening, saving, exporting, the clipboard, and dragging the picture out."""

from __future__ import annotations

from app.ui.files.controller import FilesController
from app.ui.files.drag_out import DragHandle
from app.ui.files.file_menu import FileMenu

__all__ = [
    "DragHandle",
    "FileMenu",
    "FilesController",
]
