"""One denoising step: the fast form against the plain form of the same network, in one run.

    python benchmarks/step.py [--model moebius] [--size 512] [--batch 2] [--repeats 3]

Prints one JSON object: seconds per step of both (median), their ratio, the largest relative difference of
their outputs, and the peak memory of the process after each.
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

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from inference.config import UNET_CONFIGS
from inference.memory import keep_freed_memory, peak_rss_mb
from inference.unet import MoebiusUNet, build_unet
from tests.oracles.plain import make_fast, make_plain
from tests.oracles.stand_in import fill


def step(unet: MoebiusUNet, batch: int, size: int) -> tuple[torch.Tensor, float]:
    generator = torch.Generator().manual_seed(0)
    side = size // 8
    sample = torch.randn(batch, unet.config.in_channels, side, side, generator=generator)
    ids = torch.cat([torch.arange(10)[None] + 10, torch.arange(10)[None]]).repeat(batch, 1)[:batch]
    start = time.perf_counter()
    with torch.inference_mode():
        output = unet(sample, torch.tensor([801]), ids).sample
    return output, time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", choices=sorted(UNET_CONFIGS), default="moebius")
    parser.add_argument("--size", type=int, default=512, help="pixels")
    parser.add_argument("--batch", type=int, default=2, help="2: both guidance branches")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=0, help="0: torch's own choice")
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    keep_freed_memory()

    with torch.device("meta"):
        unet = build_unet(options.model)
    fill(unet)
    times: dict[str, list[float]] = {"fast": [], "plain": []}
    peaks: dict[str, float] = {}
    outputs: dict[str, torch.Tensor] = {}
    # Each form is warmed up once; then they take turns, so that other load on the machine meets both.
    for round_ in range(options.repeats + 1):
        for form, change in (("fast", make_fast), ("plain", make_plain)):
            outputs[form], seconds = step(change(unet), options.batch, options.size)
            if round_:
                times[form].append(seconds)
            else:
                peaks[form] = peak_rss_mb()
    fast, plain = (statistics.median(times[form]) for form in ("fast", "plain"))
    difference = (outputs["fast"] - outputs["plain"]).abs().max() / outputs["plain"].abs().max()
    print(
        json.dumps(
            {
                "benchmark": "step",
                "model": options.model,
                "size": options.size,
                "batch": options.batch,
                "dtype": "float32",
                "fast_seconds": round(fast, 4),
                "plain_seconds": round(plain, 4),
                "ratio": round(plain / fast, 3),
                "fast_all": [round(t, 4) for t in times["fast"]],
                "plain_all": [round(t, 4) for t in times["plain"]],
                "largest_relative_difference": float(difference),
                "peak_rss_mb_after_fast": round(peaks["fast"], 1),
                "peak_rss_mb_after_plain": round(peaks["plain"], 1),
                "threads": torch.get_num_threads(),
                "torch": torch.__version__,
                "machine": f"{platform.system()} {platform.machine()}",
            }
        )
    )


if __name__ == "__main__":
    main()
