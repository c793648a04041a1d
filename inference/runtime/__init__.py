"""What every part stands on: stopping a computation, its phases timed, memory given back, optional packages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inference.lazy import lookup

if TYPE_CHECKING:
    from inference.runtime.background import Background
    from inference.runtime.blank_networks import shapes_only
    from inference.runtime.cards import nvidia_cards
    from inference.runtime.check import Check, both, never, stopped_by
    from inference.runtime.interrupt import interruptible
    from inference.runtime.lean_imports import without
    from inference.runtime.memory import give_back_freed_memory, keep_freed_memory, peak_rss_mb, rss_mb
    from inference.runtime.optional_packages import how_to_add
    from inference.runtime.phases import PHASES, PhaseClock
    from inference.runtime.threads import one_thread

__all__ = [
    "PHASES",
    "Background",
    "Check",
    "PhaseClock",
    "both",
    "give_back_freed_memory",
    "how_to_add",
    "interruptible",
    "keep_freed_memory",
    "never",
    "nvidia_cards",
    "one_thread",
    "peak_rss_mb",
    "rss_mb",
    "shapes_only",
    "stopped_by",
    "without",
]

_HOMES = {
    "background": ("Background",),
    "cards": ("nvidia_cards",),
    "blank_networks": ("shapes_only",),
    "check": (
        "Check",
        "both",
        "never",
        "stopped_by",
    ),
    "interrupt": ("interruptible",),
    "lean_imports": ("without",),
    "memory": (
        "give_back_freed_memory",
        "keep_freed_memory",
        "peak_rss_mb",
        "rss_mb",
    ),
    "optional_packages": ("how_to_add",),
    "phases": (
        "PHASES",
        "PhaseClock",
    ),
    "threads": ("one_thread",),
}

__getattr__ = lookup(__name__, _HOMES)
