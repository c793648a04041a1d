"""How well the Object tool finds what was brushed over: composites with known outlines.

    python -m benchmarks.objects CUTOUTS PHOTOGRAPHS [--count 60] [--seed 2]

CUTOUTS holds PNG pictures with alpha (Debian's ``tuxpaint-stamps-default`` has some hundred that are photographs),
PHOTOGRAPHS pictures to paste them over. The brush is 12 % wider than the object: its outline, holes filled, moved out
by 6 % of its longer side. Prints one JSON object: mean intersection over union and the part of the object left out,
for the tool, for GrabCut on the brushed area (in the same window, and on the whole picture), and for the brush itself;
then the time that one object of 1000 px takes.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.document.mask import object_in, segment_of
from app.document.pixels import bounds, crop, grown

_WIDER = 0.06  # of the object's longer side, on either side
_COLOURS = 400  # different ones (of 32 a channel), from which on a picture is taken for a photograph
_PHOTOGRAPHS = (".jpg", ".jpeg", ".png", ".webp")

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Case:
    name: str
    rgb: NDArray[np.uint8]  # (H, W, 3)
    object: Mask  # (H, W)
    brush: Mask


def cutouts(folder: Path) -> list[tuple[str, NDArray[np.uint8]]]:
    """Photographs of one thing each, (H, W, 4), 180 px at least."""
    found = []
    for path in sorted(folder.rglob("*.png")):
        with Image.open(path) as image:
            if image.mode not in ("RGBA", "P") or max(image.size) < 180:
                continue
            rgba = np.asarray(image.convert("RGBA"))
        alpha = rgba[..., 3]
        solid = (alpha > 127).astype(np.uint8)
        soft = float(((alpha > 20) & (alpha < 235)).mean())
        if not 0.15 < solid.mean() < 0.85 or soft > 0.1:
            continue
        stats = cv2.connectedComponentsWithStats(solid)[2]
        if stats[1:, cv2.CC_STAT_AREA].max() < 0.95 * solid.sum():
            continue
        levels = (rgba[solid > 0, :3] >> 3).astype(np.int64)
        if len(np.unique(levels @ np.array([1024, 32, 1]))) >= _COLOURS:
            found.append((path.stem, np.ascontiguousarray(crop(rgba, bounds(alpha)))))
    return found


def scaled(rgba: NDArray[np.uint8], longest: float) -> NDArray[np.float32]:
    """Colours times alpha, and alpha, 0 to 255."""
    factor = longest / max(rgba.shape[:2])
    sheer = rgba.astype(np.float32)
    sheer[..., :3] *= sheer[..., 3:] / 255
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.clip(cv2.resize(sheer, None, fx=factor, fy=factor, interpolation=how), 0, 255).astype(np.float32)


def composite(name: str, cut: NDArray[np.float32], photo: NDArray[np.uint8], rng: np.random.Generator) -> Case:
    """A cut-out pasted somewhere over a photograph, which is enlarged where it is too small."""
    h, w = cut.shape[:2]
    margin = round(0.2 * max(h, w))
    factor = max((w + 2 * margin + 1) / photo.shape[1], (h + 2 * margin + 1) / photo.shape[0])
    if factor > 1:
        photo = np.asarray(cv2.resize(photo, None, fx=factor, fy=factor), np.uint8)
    x = int(rng.integers(margin, photo.shape[1] - w - margin + 1))
    y = int(rng.integers(margin, photo.shape[0] - h - margin + 1))
    rgb = photo.astype(np.float32)
    alpha = cut[..., 3:] / 255
    rgb[y : y + h, x : x + w] = cut[..., :3] + rgb[y : y + h, x : x + w] * (1 - alpha)
    inside = np.zeros(photo.shape[:2], np.uint8)
    inside[y : y + h, x : x + w] = alpha[..., 0] > 0.5
    lines, _ = cv2.findContours(inside, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = np.zeros_like(inside)
    cv2.drawContours(filled, list(lines), -1, (1,), cv2.FILLED)
    away = cv2.distanceTransform(1 - filled, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    brush = np.asarray(away <= _WIDER * max(h, w))
    return Case(name, np.rint(rgb).clip(0, 255).astype(np.uint8), inside > 0, brush)


def cases(cuts: Path, photos: Path, count: int, seed: int, sides: tuple[float, float]) -> Iterator[Case]:
    """Composites of objects between two sides in px, the same for a seed."""
    rng = np.random.default_rng(seed)
    things = cutouts(cuts)
    grounds = sorted(path for path in photos.iterdir() if path.suffix.lower() in _PHOTOGRAPHS)
    if not things or not grounds:
        raise SystemExit(f"{cuts} holds {len(things)} usable cut-outs, {photos} {len(grounds)} photographs")
    order = rng.permutation(len(things))
    for number in range(count):
        name, rgba = things[order[number % len(things)]]
        with Image.open(grounds[int(rng.integers(len(grounds)))]) as image:
            photo = np.asarray(image.convert("RGB"))
        yield composite(name, scaled(rgba, rng.uniform(*sides)), photo, rng)


def by_tool(case: Case) -> Mask:
    """What the Object tool masks, its margin included."""
    found = object_in(case.rgb, stroke_of(case))
    result = np.zeros_like(case.object)
    if found is not None:
        crop(result, found.box)[...] = found.coverage > 127
    return result


def stroke_of(case: Case) -> Any:
    height, width = case.brush.shape
    return segment_of(case.brush.astype(np.uint8) * 255, (0, 0, width, height))


def by_grabcut(case: Case, around: float | None) -> Mask:
    """Five rounds of GrabCut that begin with the brushed area as probable object; ``around``: only in a window."""
    height, width = case.brush.shape
    box = (0, 0, width, height)
    if around is not None:
        brushed = bounds(case.brush)
        longest = max(brushed[2] - brushed[0], brushed[3] - brushed[1])
        box = grown(brushed, round(around * longest) + 8, (width, height))
    marks = np.where(crop(case.brush, box), cv2.GC_PR_FGD, cv2.GC_BGD).astype(np.uint8)
    cv2.setRNGSeed(0)
    part = np.ascontiguousarray(crop(case.rgb, box))
    cv2.grabCut(part, marks, (0, 0, 0, 0), np.zeros((1, 65)), np.zeros((1, 65)), 5, cv2.GC_INIT_WITH_MASK)
    result = np.zeros_like(case.object)
    crop(result, box)[...] = (marks & 1) > 0
    return result


def scores(found: Mask, true: Mask) -> tuple[float, float]:
    """Intersection over union, and the part of the object that is left out."""
    return float((found & true).sum() / (found | true).sum()), float((true & ~found).sum() / true.sum())


def summary(rows: list[tuple[float, float]]) -> dict[str, float]:
    table = np.array(rows)
    return {
        "iou_mean": round(float(table[:, 0].mean()), 3),
        "iou_10th_percentile": round(float(np.percentile(table[:, 0], 10)), 3),
        "left_out_mean": round(float(table[:, 1].mean()), 4),
        "left_out_90th_percentile": round(float(np.percentile(table[:, 1], 90)), 4),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cutouts", type=Path)
    parser.add_argument("photographs", type=Path)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--sides", type=float, nargs=2, default=[220, 420], help="px, of the objects")
    parser.add_argument("--whole", type=int, default=15, help="of the composites GrabCut gets whole; it takes long")
    options = parser.parse_args()
    methods: dict[str, Callable[[Case], Mask]] = {
        "object tool": by_tool,
        "grabcut, same window": lambda case: by_grabcut(case, 0.25),
        "grabcut, whole picture": lambda case: by_grabcut(case, None),
        "brush": lambda case: case.brush,
    }
    rows: dict[str, list[tuple[float, float]]] = {name: [] for name in methods}
    for number, case in enumerate(
        cases(options.cutouts, options.photographs, options.count, options.seed, tuple(options.sides))
    ):
        for name, method in methods.items():
            if name != "grabcut, whole picture" or number < options.whole:
                rows[name].append(scores(method(case), case.object))
    times = []
    large = next(cases(options.cutouts, options.photographs, 1, options.seed, (1000, 1000)))
    for _ in range(5):
        start, busy = time.perf_counter(), time.process_time()
        by_tool(large)
        times.append((time.perf_counter() - start, time.process_time() - busy))
    answer = {
        "machine": {"cores": os.cpu_count(), "load": os.getloadavg(), "opencv": cv2.__version__}
        | {"python": platform.python_version()},
        "composites": options.count,
        "methods": {name: summary(found) | {"composites": len(found)} for name, found in rows.items() if found},
        "object of 1000 px": {
            "seconds_median": round(float(np.median([took for took, _ in times])), 3),
            "seconds_of_processor_median": round(float(np.median([busy for _, busy in times])), 3),
        },
    }
    print(json.dumps(answer, indent=1))


if __name__ == "__main__":
    main()
