"""Edges that a hole interrupts, continued through it: found around it, paired, and what lies along them carried on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inference.lazy import lookup

if TYPE_CHECKING:
    from inference.fill.edges.continuing import Continued, continue_edges

__all__ = ["Continued", "continue_edges"]

_HOMES = {"continuing": ("Continued", "continue_edges")}

__getattr__ = lookup(__name__, _HOMES)
