"""What each preset of speed takes, and what comes of it on holes whose content is known.

    python -m benchmarks.speeds [--model moebius-nano] [--photos DIR] [--crops 6] [--threads 2] [--speeds fast ..]

``--model stand-in`` is the full Moebius network and autoencoder with random weights: only its times tell something.
Prints one JSON object: for each preset the median seconds of an erase in one square by the clock and of the
processor (with one thread that is what there is to calculate; with more, threads that wait count too), the seconds
of its phases by the processor, PSNR and SSIM inside the hole.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as the program does, before torch is imported
os.environ.setdefault("GOMP_SPINCOUNT", "20000")

import torch

from benchmarks.common.card_erases import stand_in
from benchmarks.common.crops import SAMPLES, crops
from inference import ErasePipeline
from inference.models import PUBLISHED, SPEEDS, ModelFolder, Work, find_model, precision_for, presets_of
from inference.networks import RELEASED_SCHEDULE, UNET_CONFIGS
from inference.runtime import PhaseClock, keep_freed_memory
from training.evaluation import psnr, ssim

STAND_IN = "stand-in"
FULL = ModelFolder("", Path(), "", "", UNET_CONFIGS["moebius"], RELEASED_SCHEDULE, PUBLISHED, None, {})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="moebius-nano")
    parser.add_argument("--photos", type=Path, default=SAMPLES, help="folder of pictures")
    parser.add_argument("--crops", type=int, default=6)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--speeds", nargs="+", choices=SPEEDS, default=SPEEDS)
    options = parser.parse_args()
    keep_freed_memory()
    torch.set_num_threads(options.threads)
    cases = crops(options.photos, options.crops, 512)
    folder = FULL if options.model == STAND_IN else find_model(options.model)
    figures: dict[str, Any] = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}",
        "threads": options.threads,
        "model": options.model,
        "crops": len(cases),
        "rows": [measured(folder, options.model, speed, cases) for speed in options.speeds],
    }
    print(json.dumps(figures))


def measured(folder: ModelFolder, model: str, speed: str, cases: list[Any]) -> dict[str, Any]:
    """The figures of one preset over ``cases``: pictures with masks."""
    preset = presets_of(folder)[speed]
    given = {**vars(preset), "context": preset.context or None}
    wanted, cpu = given.pop("precision"), torch.device("cpu")
    if model == STAND_IN:
        precision = precision_for(folder, cpu, wanted)
        pipeline = stand_in(cpu, UNET_CONFIGS["moebius"], miniature=False, precision=precision)
    else:
        pipeline = ErasePipeline.load(model, "cpu", precision=wanted)
    kinds = Work.of(folder, preset, "cpu", pipeline.precision).kinds
    clocks, processor, scores = [], [], []
    phases: dict[str, float] = {}
    for index, (picture, mask) in enumerate(cases):
        start, used, result = time.perf_counter(), time.process_time(), picture.copy()
        clock = PhaseClock(kinds, time.process_time)

        def on_step(step: int, total: int, _preview: Any, clock: PhaseClock = clock) -> None:
            clock.on_step(step, total)

        parts = pipeline.erase_parts(
            picture,
            mask,
            seed=index,
            on_step=on_step,
            on_stage=clock.on_stage,
            **given,
        )
        clocks.append(time.perf_counter() - start)
        processor.append(time.process_time() - used)
        phases = clock.finish(len(parts)) or phases
        for part in parts:
            x0, y0, x1, y1 = part.box
            result[y0:y1, x0:x1] = part.rgb
        scores.append((psnr(picture, result, mask > 0), ssim(picture, result, mask > 0)))
    return {
        "speed": speed,
        "steps": preset.steps,
        "precision": pipeline.precision,
        "seconds": round(statistics.median(clocks), 2),
        "processor_seconds": round(statistics.median(processor), 2),
        "phases_of_the_last": {name: round(seconds, 2) for name, seconds in phases.items()},
        "psnr": round(statistics.fmean(score[0] for score in scores), 2),
        "ssim": round(statistics.fmean(score[1] for score in scores), 3),
    }


if __name__ == "__main__":
    main()
