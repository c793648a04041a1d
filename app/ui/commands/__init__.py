"""Every command, as actions in menus, with its keys, and found by typing."""

from __future__ import annotations

from app.ui.commands.actions import Actions, follow_tip, native, normal
from app.ui.commands.fuzzy import score
from app.ui.commands.palette import CommandList
from app.ui.commands.table import CANVAS_KEYS, MENUS

__all__ = [
    "CANVAS_KEYS",
    "MENUS",
    "Actions",
    "CommandList",
    "follow_tip",
    "native",
    "normal",
    "score",
]
