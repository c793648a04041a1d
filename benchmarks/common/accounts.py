"""What a process's memory is taken by, as far as the system tells."""

from __future__ import annotations

from pathlib import Path

from app.canvas.drawing import Scene


def rss() -> int:
    """Bytes of memory the process holds now; 0 where the system does not tell."""
    status = Path("/proc/self/status")
    for line in status.read_text().splitlines() if status.exists() else ():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) * 1024
    return 0


def scene_bytes(scene: Scene) -> int:
    """Bytes of a scene's pyramids, of its previews, and of the picture before, beside the document."""
    pyramids = [scene._pixels, scene._mask, scene._before, scene._hole]
    total = sum(pyramid.nbytes for pyramid in pyramids if pyramid is not None)
    total += sum(preview.base.nbytes + preview.nbytes for preview in scene._previews.values())
    total += 0 if scene._hole is None else scene._hole.base.nbytes
    return total + (0 if scene._kept is None else scene._kept.nbytes)
