"""The panels: options, history, tools, the erase button, the status line."""

from __future__ import annotations

from app.ui.panels.erase_bar import BarState, progress_text
from app.ui.panels.history import HistoryPanel
from app.ui.panels.options import OptionsPanel
from app.ui.panels.speed_choice import CUSTOM
from app.ui.panels.status_line import StatusLine
from app.ui.panels.tool_strip import ToolStrip

__all__ = [
    "CUSTOM",
    "BarState",
    "HistoryPanel",
    "OptionsPanel",
    "StatusLine",
    "ToolStrip",
    "progress_text",
]
