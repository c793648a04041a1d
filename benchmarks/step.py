"""One denoising step: the evaluation form against the plain form of the same network, in one run.

    python benchmarks/step.py [--model moebius] [--size 512] [--batch 2] [--repeats 3] [--profile]

Both get what guidance gives them: one sample under ``batch`` sets of categories, half of them foreground.
Prints one JSON object: seconds per step of both (median), their ratio, the same of the processor's time (which other
work on the machine changes less; with ``--threads 1`` no thread waits for another), the largest relative difference
of their outputs, the peak memory of the process after each, and with ``--profile`` where the time goes.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GOMP_SPINCOUNT", "20000")  # some microseconds first, as many products are short

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from inference.networks import UNET_CONFIGS, build_unet
from inference.networks.fast import EvaluationUNet
from inference.runtime import keep_freed_memory, peak_rss_mb
from tests.oracles.plain import make_plain
from tests.oracles.stand_in import fill

Forward = Callable[[], torch.Tensor]


def timed(forward: Forward) -> tuple[torch.Tensor, float, float]:
    """What it gives, its seconds by the clock, and the processor's."""
    start, used = time.perf_counter(), time.process_time()
    with torch.inference_mode():
        output = forward()
    return output, time.perf_counter() - start, time.process_time() - used


def shares(forward: Forward) -> dict[str, float]:
    """Each operator's share of the time, the largest first."""
    with torch.profiler.profile() as profile, torch.inference_mode():
        forward()
    events = sorted(profile.key_averages(), key=lambda e: -e.self_cpu_time_total)
    total = sum(e.self_cpu_time_total for e in events)
    return {e.key: round(e.self_cpu_time_total / total, 4) for e in events[:16]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", choices=sorted(UNET_CONFIGS), default="moebius")
    parser.add_argument("--size", type=int, default=512, help="pixels")
    parser.add_argument("--batch", type=int, default=2, help="2: both guidance branches")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=0, help="0: torch's own choice")
    parser.add_argument("--profile", action="store_true", help="add each operator's share of the fast form's time")
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    keep_freed_memory()

    with torch.device("meta"):
        unet = build_unet(options.model)
    fill(unet)
    fast_form, plain_form = EvaluationUNet(unet).pack(), make_plain(unet)
    side = options.size // 8
    sample = torch.randn(1, unet.config.in_channels, side, side, generator=torch.Generator().manual_seed(0))
    ids = torch.stack([torch.arange(10) + 10, torch.arange(10)]).repeat(options.batch, 1)[: options.batch]
    timestep = torch.tensor([801])
    forms: dict[str, Forward] = {
        "fast": lambda: fast_form(sample, timestep, ids).sample,
        "plain": lambda: plain_form(sample.expand(options.batch, -1, -1, -1), timestep, ids).sample,
    }
    times: dict[str, list[float]] = {"fast": [], "plain": []}
    used: dict[str, list[float]] = {"fast": [], "plain": []}
    peaks: dict[str, float] = {}
    outputs: dict[str, torch.Tensor] = {}
    # Each form is warmed up once; then they take turns, so that other load on the machine meets both.
    for round_ in range(options.repeats + 1):
        for form, forward in forms.items():
            outputs[form], seconds, processor = timed(forward)
            if round_:
                times[form].append(seconds)
                used[form].append(processor)
            else:
                peaks[form] = peak_rss_mb()
    fast, plain = (statistics.median(times[form]) for form in ("fast", "plain"))
    fast_used, plain_used = (statistics.median(used[form]) for form in ("fast", "plain"))
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
                "fast_processor_seconds": round(fast_used, 4),
                "plain_processor_seconds": round(plain_used, 4),
                "processor_ratio": round(plain_used / fast_used, 3),
                "fast_all": [round(t, 4) for t in times["fast"]],
                "plain_all": [round(t, 4) for t in times["plain"]],
                "largest_relative_difference": float(difference),
                "peak_rss_mb_after_fast": round(peaks["fast"], 1),
                "peak_rss_mb_after_plain": round(peaks["plain"], 1),
                "threads": torch.get_num_threads(),
                "torch": torch.__version__,
                "machine": f"{platform.system()} {platform.machine()}",
                **({"fast_shares": shares(forms["fast"])} if options.profile else {}),
            }
        )
    )


if __name__ == "__main__":
    main()
