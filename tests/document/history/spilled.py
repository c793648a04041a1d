"""What a history has on disk."""

from __future__ import annotations

from pathlib import Path


def files_in(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.step"))
