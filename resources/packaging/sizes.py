"""How large a folder is, by its pieces."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

SHOWN = 14


def by_piece(folder: Path) -> Counter[str]:
    """Bytes by piece: what lies under ``_internal`` by its name, a wheel's libraries with the wheel."""
    found: Counter[str] = Counter()
    for path in folder.rglob("*"):
        if path.is_symlink() or not path.is_file():
            continue
        parts = path.relative_to(folder).parts
        if parts[0] != "_internal":
            piece = "programs" if len(parts) == 1 else parts[0]
        elif len(parts) == 2 or parts[1].endswith("-info") or parts[1].startswith("python3"):
            piece = "python, libraries"
        else:
            piece = parts[1].removesuffix(".libs").replace("opencv_python_headless", "cv2").replace("pillow", "PIL")
        found[piece] += path.stat().st_size
    return found


def table(folder: Path) -> str:
    """The largest pieces and the sum, one a line."""
    pieces = by_piece(folder)
    largest = pieces.most_common(SHOWN)
    rest = pieces.total() - sum(size for _, size in largest)
    rows = [*largest, ("the rest", rest), ("together", pieces.total())]
    return "\n".join(f"{size / 1e6:8.1f} MB  {piece}" for piece, size in rows)
