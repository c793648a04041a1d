"""The evaluation's table in Markdown, the published ones beside it, and the contact sheet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from training.evaluation.metrics import Picture

# FID / LPIPS as the papers state them (Moebius, arXiv 2606.19195); measured there, not here.
PUBLISHED_COLUMNS = (
    "Places2 test",
    "Places2 large",
    "Places2 small",
    "Places2 256",
    "CelebA-HQ 512",
    "FFHQ 256",
)
PUBLISHED = {
    "Moebius": ("9.48 / 0.207", "2.35 / 0.173", "0.92 / 0.091", "14.13 / 0.470", "5.39 / 0.122", "8.15 / 0.231"),
    "PixelHacker": ("8.59 / 0.203", "2.05 / 0.169", "0.82 / 0.088", "9.25 / 0.367", "4.75 / 0.115", "6.35 / 0.229"),
    "FLUX.1-Fill-Dev": (
        "8.02 / 0.279",
        "1.86 / 0.179",
        "0.94 / 0.099",
        "10.44 / 0.391",
        "10.13 / 0.141",
        "11.19 / 0.268",
    ),
}
HEADINGS = {
    "psnr": "PSNR dB",
    "psnr_coarse": "coarse dB",
    "worse": "worse",
    "direction": "direction dB",
    "ssim": "SSIM",
    "ms_ssim": "MS-SSIM",
    "gmsd": "GMSD",
    "swd": "SWD",
    "sharpness": "sharpness",
    "psnr_whole": "PSNR whole",
    "ssim_whole": "SSIM whole",
    "lpips": "LPIPS whole",
    "fid": "FID whole",
    "seconds": "s / picture",
}
DIGITS = {"psnr": 2, "psnr_coarse": 2, "worse": 2, "direction": 2, "psnr_whole": 2, "swd": 2, "fid": 2}
TITLE = 24  # pixels of a column's heading


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def markdown(results: dict[str, Any]) -> str:
    """The tables of what :func:`training.evaluation.evaluate` found."""
    methods: dict[str, dict[str, float]] = results["methods"]
    columns = [key for key in HEADINGS if any(key in values for values in methods.values())]
    rows = [
        [name, *(f"{values[key]:.{DIGITS.get(key, 3)}f}" if key in values else "" for key in columns)]
        for name, values in methods.items()
    ]
    parts = [
        f"{results['count']} pictures, mean hole {100 * results['hole']:.0f}%, masks: {results['masks']}, "
        f"model: {results['model']}. Inside the hole unless a column says whole. Coarse: low-passed by 3 px; "
        "worse: share of pictures on which that is below the patch fill's. Blurred as: the patch fill, no sharper than "
        "that method.",
        _table(["method", *(HEADINGS[key] for key in columns)], rows),
        *results["notes"],
        "Published elsewhere (FID / LPIPS, on other pictures: not to be compared with the figures above):",
        _table(["published", *PUBLISHED_COLUMNS], [[name, *values] for name, values in PUBLISHED.items()]),
    ]
    return "\n\n".join(parts) + "\n"


def contact_sheet(titles: Sequence[str], rows: Sequence[Sequence[Picture]], zoom: int = 2) -> Picture:
    """Rows of pictures under their titles, every pixel ``zoom`` pixels wide: ``(H, W, 3)``."""
    side = zoom * max(max(p.shape[:2]) for row in rows for p in row)
    lines = [_heading(titles, side)]
    for row in rows:
        cells = []
        for picture in row:
            cell = np.full((side + 2, side + 2, 3), 255, np.uint8)
            large = picture.repeat(zoom, 0).repeat(zoom, 1)
            cell[: large.shape[0], : large.shape[1]] = large
            cells.append(cell)
        lines.append(np.concatenate(cells, axis=1))
    return np.concatenate(lines)


def _heading(titles: Sequence[str], side: int) -> Picture:
    cells = []
    for title in titles:
        cell = np.full((TITLE, side + 2, 3), 255, np.uint8)
        scale = min(0.55, 0.55 * side / max(9.5 * len(title), 1))
        cv2.putText(cell, title, (4, TITLE - 8), cv2.FONT_HERSHEY_SIMPLEX, scale, (0, 0, 0), 1, cv2.LINE_AA)
        cells.append(cell)
    return np.concatenate(cells, axis=1)
