"""What smaller contexts cost: error and time of an erase at 256, 384 and 512 px, on holes whose content is known.

    python -m benchmarks.contexts [--model moebius-nano] [--photos DIR] [--crops 6] [--strengths 0.4 1.0]

Prints one JSON object: for each strength and context PSNR and SSIM inside the hole, the distance (RMS, grey levels)
to what the largest context makes, and seconds per erase (median).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import time
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.common.crops import SAMPLES, crops
from inference import ErasePipeline
from inference.runtime import keep_freed_memory
from training.evaluation import psnr, ssim

SIDE = 512
CONTEXTS = (512, 384, 256)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="moebius-nano")
    parser.add_argument("--photos", type=Path, default=SAMPLES, help="folder of pictures")
    parser.add_argument("--crops", type=int, default=6)
    parser.add_argument("--strengths", type=float, nargs="+", default=[0.4, 1.0])
    options = parser.parse_args()
    keep_freed_memory()
    pipeline = ErasePipeline.load(options.model)
    cases = crops(options.photos, options.crops, SIDE)
    rows = []
    for strength in options.strengths:
        largest: list[NDArray[np.uint8]] = []
        for context in CONTEXTS:
            pipeline.erase(*cases[0], strength=strength, context=context, steps=1)  # warm
            results, seconds = [], []
            for index, (picture, mask) in enumerate(cases):
                start = time.perf_counter()
                results.append(pipeline.erase(picture, mask, strength=strength, context=context, seed=index))
                seconds.append(time.perf_counter() - start)
            largest = largest or results
            scores = [
                (psnr(truth, result, mask > 0), ssim(truth, result, mask > 0), _distance(result, best, mask > 0))
                for (truth, mask), result, best in zip(cases, results, largest, strict=True)
            ]
            names = ("psnr", "ssim", "to_largest")
            means = {name: round(statistics.fmean(s[i] for s in scores), 4) for i, name in enumerate(names)}
            row = {"strength": strength, "context": context, "seconds": round(statistics.median(seconds), 3)}
            rows.append(row | means)
    figures = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}",
        "threads": torch.get_num_threads(),
        "model": options.model,
        "crops": len(cases),
        "rows": rows,
    }
    print(json.dumps(figures))


def _distance(a: NDArray[np.uint8], b: NDArray[np.uint8], hole: NDArray[np.bool_]) -> float:
    return float(np.sqrt(np.mean((a[hole].astype(np.float64) - b[hole]) ** 2)))


if __name__ == "__main__":
    main()
