"""Formatting of bytes and times as people read them."""

from __future__ import annotations

from app.engine.downloads import Progress

_UNITS = (("GB", 1e9, 1), ("MB", 1e6, 0), ("kB", 1e3, 0))


def size_text(count: float) -> str:
    """Bytes as people read them: ``1.1 GB``."""
    for unit, size, decimals in _UNITS:
        if count >= size * (0.9995 if unit != "GB" else 1):
            return f"{count / size:.{decimals}f} {unit}"
    return f"{count:.0f} bytes"


def time_text(seconds: float) -> str:
    """A time left as people say it."""
    if seconds < 55:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes / 60:.1f} h"


def progress_text(progress: Progress) -> str:
    """How far, how fast, how long yet."""
    parts = [f"{size_text(progress.arrived)} of {size_text(progress.total)}"]
    if progress.trouble:
        parts.append(progress.trouble)
    if progress.speed > 0:
        parts.append(f"{size_text(progress.speed)}/s")
    if progress.seconds_left is not None and progress.arrived < progress.total:
        parts.append(f"{time_text(progress.seconds_left)} left")
    return " · ".join(parts)
