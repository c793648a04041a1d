"""The most memory and the time an erase takes in a very large picture.

    python -m benchmarks.large [--model moebius-nano] [--megapixels 100] [--hole 4000]

Prints one JSON object. ``over_picture_mb`` is the peak less what the process held with the picture, the mask and
the model in memory; the plan alone is measured first.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time

import cv2
import numpy as np

from inference import ErasePipeline
from inference.runtime import keep_freed_memory, peak_rss_mb, rss_mb


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="moebius-nano")
    parser.add_argument("--megapixels", type=float, default=100)
    parser.add_argument("--hole", type=int, default=4000, help="its diameter in pixels")
    options = parser.parse_args()
    keep_freed_memory()
    pipeline = ErasePipeline.load(options.model)
    width = round((options.megapixels * 1e6 * 4 / 3) ** 0.5)
    height = round(width * 3 / 4)
    texture = np.random.default_rng(0).integers(0, 256, (height // 64, width // 64, 3), dtype=np.uint8)
    picture = cv2.resize(texture, (width, height), interpolation=cv2.INTER_LINEAR)
    mask = np.zeros((height, width), np.uint8)
    cv2.circle(mask, (width // 2, height // 2), options.hole // 2, 255, -1)
    before = rss_mb()
    start = time.perf_counter()
    regions = pipeline.plan(mask)
    planned = time.perf_counter() - start
    plan_peak = peak_rss_mb()
    start = time.perf_counter()
    parts = pipeline.erase_parts(np.asarray(picture), mask)
    seconds = time.perf_counter() - start
    figures = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}",
        "model": options.model,
        "picture": [width, height],
        "picture_mb": round(picture.nbytes / 2**20),
        "hole": options.hole,
        "regions": len(regions),
        "changed_mb": round(sum(part.rgb.nbytes for part in parts) / 2**20),
        "plan_seconds": round(planned, 2),
        "plan_over_picture_mb": round(max(plan_peak - before, 0), 1),
        "seconds": round(seconds, 1),
        "peak_mb": round(peak_rss_mb()),
        "over_picture_mb": round(peak_rss_mb() - before),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
