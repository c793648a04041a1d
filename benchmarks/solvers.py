"""Quality and time of every solver, number of steps and share of guided steps, on a model.

    python benchmarks/solvers.py [--model moebius-nano] [--photos DIR] [--crops 6] [--steps 4 8 10 12]

Erases holes whose true content is known, denoising from noise, and prints one JSON object: for each setting
PSNR and SSIM inside the hole, the distance (RMS, grey levels) to what the slowest setting of all makes of the
same noise, and seconds per erase (median).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import time
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import torch
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.common.crops import SAMPLES, crops
from inference import ErasePipeline
from inference.erase import SOLVERS
from inference.runtime import keep_freed_memory
from training.evaluation import psnr, ssim

SIDE = 256


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="moebius-nano")
    parser.add_argument("--photos", type=Path, default=SAMPLES, help="folder of pictures")
    parser.add_argument("--crops", type=int, default=6)
    parser.add_argument("--steps", type=int, nargs="+", default=[4, 8, 10, 12])
    parser.add_argument("--converged", type=int, default=100, help="DDIM steps of what the others are compared with")
    parser.add_argument("--guidance", type=float, default=2.0)
    options = parser.parse_args()
    keep_freed_memory()
    pipeline = ErasePipeline.load(options.model)
    cases = crops(options.photos, options.crops, SIDE)

    def run(solver: str, steps: int, until: float) -> tuple[list[NDArray[np.uint8]], list[float]]:
        results, seconds = [], []
        for index, (picture, mask) in enumerate(cases):
            start = time.perf_counter()
            choice = {"solver": solver, "steps": steps, "guidance": options.guidance, "guidance_until": until}
            results.append(pipeline.erase(picture, mask, strength=1.0, seed=index, **choice))
            seconds.append(time.perf_counter() - start)
        return results, seconds

    run("ddim", 1, 1.0)  # warm
    converged, _ = run("ddim", options.converged, 1.0)
    rows = []
    for solver in SOLVERS:
        for steps in options.steps:
            for until in (1.0, 0.5) if options.guidance > 1 else (1.0,):
                results, seconds = run(solver, steps, until)
                scores = [
                    (psnr(truth, result, mask > 0), ssim(truth, result, mask > 0), _distance(result, end, mask > 0))
                    for (truth, mask), result, end in zip(cases, results, converged, strict=True)
                ]
                means = [statistics.fmean(score[i] for score in scores) for i in range(3)]
                rows.append(
                    {
                        "solver": solver,
                        "steps": steps,
                        "guidance_until": until,
                        "psnr": round(means[0], 3),
                        "ssim": round(means[1], 4),
                        "to_converged": round(means[2], 2),
                        "seconds": round(statistics.median(seconds), 3),
                    }
                )
    print(
        json.dumps(
            {
                "benchmark": "solvers",
                "model": options.model,
                "crops": len(cases),
                "converged_steps": options.converged,
                "guidance": options.guidance,
                "threads": torch.get_num_threads(),
                "torch": torch.__version__,
                "machine": f"{platform.system()} {platform.machine()}",
                "rows": rows,
            }
        )
    )


def _distance(a: NDArray[np.uint8], b: NDArray[np.uint8], hole: NDArray[np.bool_]) -> float:
    return float(np.sqrt(np.mean((a[hole].astype(np.float64) - b[hole]) ** 2)))


if __name__ == "__main__":
    main()
