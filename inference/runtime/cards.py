"""Graphics cards as the system knows them, whether or not torch can use them. No torch here."""

from __future__ import annotations

import os
import sys
from pathlib import Path

NVIDIA = Path("/proc/driver/nvidia/gpus")  # a folder for each card the driver runs


def nvidia_cards(folder: Path = NVIDIA) -> list[str]:
    """Names of the cards NVIDIA's driver runs here; on Windows only that there is one."""
    if sys.platform == "win32":
        driver = Path(os.environ.get("SYSTEMROOT", r"C:\Windows")) / "System32" / "nvcuda.dll"
        return ["NVIDIA card"] if driver.is_file() else []
    found = []
    for path in sorted(folder.glob("*/information")):
        try:
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            continue
        names = [line.partition(":")[2].strip() for line in lines if line.startswith("Model:")]
        found.append((names or ["NVIDIA card"])[0])
    return found
