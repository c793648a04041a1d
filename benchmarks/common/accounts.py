"""What a process's memory is taken by, as far as the system tells."""

from __future__ import annotations

from pathlib import Path

from app.canvas.drawing import CanvasLayers


def rss() -> int:
    """Bytes of memory the process holds now; 0 where the system does not tell."""
    status = Path("/proc/self/status")
    for line in status.read_text().splitlines() if status.exists() else ():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) * 1024
    return 0


def layer_bytes(layers: CanvasLayers) -> int:
    """Bytes of a layers's pyramids, of its previews, and of the picture before, beside the document."""
    pyramids = [layers._pixels, layers._mask, layers._before, layers._hole]
    total = sum(pyramid.nbytes for pyramid in pyramids if pyramid is not None)
    total += sum(preview.base.nbytes + preview.nbytes for preview in layers._previews.values())
    total += 0 if layers._hole is None else layers._hole.base.nbytes
    return total + (0 if layers._kept is None else layers._kept.nbytes)
