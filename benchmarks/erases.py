"""Many erases in a row: seconds for each, and whether memory stays flat.

    python -m benchmarks.erases [--model moebius-nano] [--count 500] [--size 256]

Prints one JSON object. ``rss_mb`` is taken at tenths of the way, after the caches were given back.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import time

import numpy as np

from inference import ErasePipeline
from inference.erase import free_caches
from inference.runtime import keep_freed_memory, peak_rss_mb, rss_mb


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="moebius-nano")
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--size", type=int, default=256, help="side of the picture in pixels")
    options = parser.parse_args()
    keep_freed_memory()
    pipeline = ErasePipeline.load(options.model)
    rng = np.random.default_rng(0)
    side = options.size
    seconds, memory = [], []
    for index in range(options.count):
        image = rng.integers(0, 256, (side, side, 3), dtype=np.uint8)
        mask = np.zeros((side, side), np.uint8)
        y, x = rng.integers(0, side * 3 // 4, 2)
        mask[y : y + side // 8, x : x + side // 8] = 255
        start = time.perf_counter()
        pipeline.erase(image, mask, seed=index)
        seconds.append(time.perf_counter() - start)
        if index % max(options.count // 10, 1) == 0 or index == options.count - 1:
            free_caches()
            memory.append(round(rss_mb(), 1))
    figures = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}",
        "model": options.model,
        "erases": options.count,
        "size": side,
        "median_seconds": round(statistics.median(seconds), 3),
        "rss_mb": memory,
        "peak_rss_mb": round(peak_rss_mb(), 1),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
