"""The benchmark of installed models on this machine, in the layout of the Moebius paper's efficiency table."""

from __future__ import annotations

import contextlib
import platform
import re
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.flop_counter import FlopCounterMode

from inference.erase import ErasePipeline, chosen_settings
from inference.errors import InferenceError
from inference.models import ModelFolder, Preset, Timings, Work, chosen_preset, find_model
from inference.networks import build_unet
from inference.runtime import PhaseClock, peak_rss_mb

MEASURED, PUBLISHED = "measured", "published"


@dataclass(frozen=True)
class Row:
    """One model. None: not measured, or not stated."""

    model: str
    source: str
    parameters: int | None = None  # of the network that denoises, embedding included
    tflops: float | None = None  # of one step at the size asked for, 10^12
    step_ms: float | None = None  # median
    steps: int | None = None
    seconds: float | None = None  # a whole erase: drafts, encodings, steps, decoding
    peak_mb: float | None = None  # of the process, or of the GPU
    note: str = ""


# Moebius paper (arXiv 2606.19195), 512 px on a GPU. FLOPs there are counted as multiply-adds; total = steps only.
PUBLISHED_ROWS = (
    Row("Moebius", PUBLISHED, 226_041_531, 0.154, 26.01, 20, 0.52),
    Row("PixelHacker", PUBLISHED, 862_251_708, 0.338, 46.89, 20, 0.94),
    Row("SD3.5 Large inpainting", PUBLISHED, 8_100_000_000),
    Row("FLUX.1-Fill-Dev", PUBLISHED, 11_900_000_000, 9.927, 161.01, 50, 8.05),
)


def tflops_per_step(folder: ModelFolder, size: int, guidance: float) -> float | None:
    """Multiply-adds of one step at ``size`` pixels, both guidance branches where there are two, in 10^12.

    Counted by running the network without data; None where there is no network.
    """
    if folder.flux:
        from inference.models import tflops_per_step as of_flux

        return of_flux(folder, size)
    if folder.unet is None:
        return None
    with torch.device("meta"):
        unet = build_unet(folder.unet).eval()
        side = size // 8
        branches = 1 if guidance == 1 else 2
        sample = torch.empty(branches, folder.unet.in_channels, side, side)
        ids = torch.zeros(branches, folder.unet.tokens, dtype=torch.long)
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            unet(sample, torch.zeros(1), ids)
    return float(counter.get_total_flops()) / 2e12


def picture_to_erase(size: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """A textured picture ``(size, size, 3)`` and a mask ``(size, size)`` of a disc a third as wide; always the same."""
    rng = np.random.default_rng(0)
    layers = [cv2.resize(rng.uniform(0, 255, (n, n, 3)), (size, size), interpolation=cv2.INTER_CUBIC) for n in (4, 32)]
    picture = np.clip(0.7 * layers[0] + 0.3 * layers[1], 0, 255).astype(np.uint8)
    mask = np.zeros((size, size), np.uint8)
    cv2.circle(mask, (size // 2, size // 2), size // 6, 255, -1)
    return picture, mask


def measure(
    model: str | Path,
    *,
    size: int = 512,
    device: str = "auto",
    repeats: int = 2,
    speed: str | None = None,
    timings: Timings | None = None,
    **options: Any,
) -> Row:
    """Load ``model``, erase ``repeats`` + 1 times and report the best whole erase and the median step after the first.

    ``options`` as of :meth:`ErasePipeline.erase_parts`, and ``precision`` where it is given; ``speed``: a preset, in
    the place of what of them is left open. What was measured is added to ``timings``. A model that can't be loaded or
    run here becomes a row that says why.
    """
    try:
        if speed is not None:
            preset = asdict(chosen_preset(find_model(model), speed))
            given = {name: value for name, value in options.items() if value not in (None, "auto")}
            options = {**preset, "context": preset["context"] or None, **given}
        row = _measured(model, size, device, repeats, options, timings)
        return row if speed is None else replace(row, model=f"{row.model}, {speed}")
    except InferenceError as error:
        return Row(str(model), MEASURED, note=str(error))


def _measured(
    model: str | Path, size: int, device: str, repeats: int, options: dict[str, Any], timings: Timings | None
) -> Row:
    pipeline = ErasePipeline.load(model, device, precision=options.pop("precision", "auto"))
    picture, mask = picture_to_erase(size)
    settings, gpu = pipeline.folder.settings, pipeline.device.type == "cuda"
    work = work_of(pipeline, options)
    steps: list[float] = []
    wholes: list[float] = []
    with _peak(gpu) as peak:
        for turn in range(repeats + 1):
            last = start = time.perf_counter()
            clock = PhaseClock(() if work is None else work.kinds)

            def on_step(
                step: int, total: int, preview: Any, first: bool = turn == 0, clock: PhaseClock = clock
            ) -> None:
                nonlocal last
                clock.on_step(step, total)
                if gpu:
                    torch.cuda.synchronize()
                now = time.perf_counter()
                if step and not first:
                    steps.append(now - last)
                last = now

            parts = pipeline.erase_parts(picture, mask, on_step=on_step, on_stage=clock.on_stage, **options)
            wholes.append(time.perf_counter() - start)
            if turn and work is not None and timings is not None and (found := clock.finish(len(parts))) is not None:
                with contextlib.suppress(OSError):  # a full disk
                    timings.add(work, found)
    plan = pipeline.planned(picture, mask, **options)
    guidance = options.get("guidance") or settings.guidance
    native = options.get("context") or settings.context or pipeline.folder.native
    network = None if pipeline.model is None else pipeline.model.unet
    return Row(
        pipeline.folder.title,
        MEASURED,
        _parameters(pipeline.folder) if pipeline.folder.has_weights else None,
        None if network is None else tflops_per_step(pipeline.folder, native, guidance),
        1000 * statistics.median(steps) if steps else None,
        plan.steps if network is not None else None,
        min(wholes[1:] or wholes),
        peak(),
        f"{pipeline.device.type}, {pipeline.precision}, {native} px" if network is not None else pipeline.device.type,
    )


def work_of(pipeline: ErasePipeline, options: Mapping[str, Any]) -> Work | None:
    """What an erase with ``options``, as of :meth:`ErasePipeline.erase_parts`, takes; None where there is no model."""
    if pipeline.model is None:
        return None
    names = ("steps", "guidance", "strength", "context", "solver", "guidance_until", "deep_every", "start")
    settings = chosen_settings(pipeline.folder.settings, **{name: options.get(name) for name in names})
    return Work.of(pipeline.folder, Preset.of(settings), pipeline.device.type, pipeline.precision)


def _parameters(folder: ModelFolder) -> int:
    if folder.flux:
        from inference.models import empty_transformer

        return sum(p.numel() for p in empty_transformer(folder).parameters())
    assert folder.unet is not None
    with torch.device("meta"):
        return sum(p.numel() for p in build_unet(folder.unet).parameters())


@contextlib.contextmanager
def _peak(gpu: bool) -> Iterator[Callable[[], float]]:
    """The most memory held since, in MiB: the GPU's, or the process's where the system can start that anew."""
    status, reset = Path("/proc/self/status"), Path("/proc/self/clear_refs")
    if gpu:
        torch.cuda.reset_peak_memory_stats()
    else:
        with contextlib.suppress(OSError):
            reset.write_text("5", encoding="ascii")

    def read() -> float:
        if gpu:
            return torch.cuda.max_memory_allocated() / (1 << 20)
        with contextlib.suppress(OSError):
            if found := re.search(r"VmHWM:\s+(\d+) kB", status.read_text(encoding="ascii")):
                return int(found[1]) / 1024
        return peak_rss_mb()

    yield read


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    gpus = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "gpus": gpus,
        "not_measured": [kind for kind, present in _devices().items() if not present],
    }


def _devices() -> dict[str, bool]:
    return {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "xpu": hasattr(torch, "xpu") and torch.xpu.is_available(),
    }


def as_json(rows: Sequence[Row], size: int) -> dict[str, Any]:
    """Rows and machine as one JSON object."""
    return {"benchmark": "models", "size": size, "machine": machine(), "rows": [asdict(row) for row in rows]}


def as_table(rows: Sequence[Row]) -> str:
    """Rows as text, in the paper's order of columns."""
    heads = ("Model", "", "Params", "TFLOPs/step", "ms/step", "Steps", "Total s", "Peak MB", "")
    lines = [heads, *(_cells(row) for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(heads))]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    rule = "-" * max(map(len, text))
    return "\n".join([text[0], rule, *text[1:]])


def _cells(row: Row) -> tuple[str, ...]:
    nothing = "not stated" if row.source == PUBLISHED else "-"

    def shown(value: float | None, form: str) -> str:
        return nothing if value is None else format(value, form)

    parameters = nothing if row.parameters is None else f"{row.parameters / 1e6:.1f} M"
    if row.parameters is not None and row.parameters >= 1e9:
        parameters = f"{row.parameters / 1e9:.1f} B"
    peak = "-" if row.peak_mb is None else f"{row.peak_mb:.0f}"
    return (
        *(row.model, row.source, parameters, shown(row.tflops, ".4f"), shown(row.step_ms, ".2f")),
        *(shown(row.steps, "d"), shown(row.seconds, ".2f"), peak, row.note),
    )
