"""What a graphics card makes of the networks: whether it is right, and how quick it is.

    make gpu-check [ARGS="--out out/gpu-check"]     or     python -m benchmarks.gpu_check

Needs the checkout and a Python with torch, NumPy, OpenCV and safetensors; what is missing beside these is named and the
rows that need it are left out. At most four minutes on one card (``--seconds``): rows that no time is left for are
named too. Writes gpu-check.json, gpu-check.txt and three erased pictures. Without a card it says so, and goes through
the same on the processor in miniature. Exit status 1 where a result is wrong.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import partial
from importlib import util
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch
from torch import Tensor

from benchmarks.common import card_erases
from inference import models
from inference.networks import PIXELHACKER_CONFIGS, UNET_CONFIGS, PixelHackerConfig, UNetConfig, build_unet
from inference.networks.fast import EvaluationUNet, GraphedUNet
from inference.runtime import nvidia_cards
from tests.oracles.plain import make_plain
from tests.oracles.stand_in import fill

ERRORS = {"fp32": 1e-3, "fp16": 2e-2, "bf16": 1e-1}  # norm of the difference over the norm, of what a processor gives
MINIATURE = UNetConfig(
    widths=(32, 32), window=3, groups=8, grid=8, embedding_width=16, context_width=16, layers_per_block=1
)
SMALL_TEACHER = PixelHackerConfig(
    widths=(32, 32), groups=8, grid=8, embedding_width=16, context_width=16, layers_per_block=1
)


@dataclass
class Row:
    """One figure; ``value`` None: left out, ``note`` says why."""

    what: str
    value: float | None
    unit: str
    note: str = ""


@dataclass
class Report:
    device: str
    torch: str
    miniature: bool
    missing: list[str]
    checks: list[Row] = field(default_factory=list)  # errors, and whether each is small enough
    timings: list[Row] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def text(self) -> str:
        lines = [f"{self.device}, torch {self.torch}"]
        if self.miniature:
            lines.append(f"{_why_miniature()}: this went through the check on the processor in miniature.")
            lines.append("Its times say nothing of a card.")
        lines += [f"Not installed: {name}" for name in self.missing]
        for title, rows in (("Correct", self.checks), ("Time", self.timings)):
            lines += ["", title]
            for row in rows:
                value = "not measured" if row.value is None else f"{row.value:.4g} {row.unit}"
                lines.append(f"  {row.what:<58}{value:>18}  {row.note}".rstrip())
        lines += ["", *(f"WRONG: {sentence}" for sentence in self.wrong)] if self.wrong else ["", "All is right."]
        return "\n".join(lines)


class Check:
    """Goes through everything on one device."""

    def __init__(self, device: torch.device, miniature: bool, seconds: float, repeats: int) -> None:
        self.device, self.miniature, self.repeats = device, miniature, repeats
        self.end = time.perf_counter() + seconds
        missing = [name for name in ("diffusers", "patchmatch", "safetensors") if util.find_spec(name) is None]
        self.report = Report(_name_of(device), torch.__version__, miniature, missing)
        self.student = MINIATURE if miniature else UNET_CONFIGS["moebius"]
        self.teacher = SMALL_TEACHER if miniature else PIXELHACKER_CONFIGS["pixelhacker"]

    def run(self, out: Path) -> Report:
        for name, config in (("Moebius", self.student), ("PixelHacker", self.teacher)):
            self._guarded(f"{name} is right", partial(self._correct, name, config))
        for what, work in (("a step's time", self._steps), ("erases", lambda: self._erases(out))):
            self._guarded(what, work)
        return self.report

    def _guarded(self, what: str, work: Callable[[], None]) -> None:
        """One part; what fails in it is told and leaves the others."""
        if time.perf_counter() > self.end:
            self.report.timings.append(Row(what, None, "", "no time was left"))
            return
        try:
            work()
        except Exception as error:  # a driver's errors are of every kind
            self.report.wrong.append(f"{what}: {type(error).__name__}: {' '.join(str(error).split())[:400]}")
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

    # -- correct ---------------------------------------------------------------------------

    def _inputs(self, config: Any) -> tuple[Tensor, Tensor, Tensor]:
        side = config.grid
        sample = torch.randn(1, config.in_channels, side, side, generator=torch.Generator().manual_seed(0))
        background = torch.arange(config.tokens)
        return sample, torch.tensor([801]), torch.stack([background + config.categories // 2, background])

    def _network(self, config: Any) -> Any:
        with torch.device("meta"):
            unet = build_unet(config)
        return fill(unet).eval().requires_grad_(False)

    @torch.inference_mode()
    def _correct(self, name: str, config: Any) -> None:
        sample, timestep, ids = self._inputs(config)
        expected = self._network(config)(sample, timestep, ids).sample
        for precision in self._precisions():
            placed = models.place(self._network(config), self.device, precision)
            unet = placed.unet if isinstance(placed, GraphedUNet) else placed
            moved = sample.to(self.device)
            self._compare(f"{name} {precision} eager", unet(moved, timestep, ids).sample, expected, precision)
            if isinstance(placed, GraphedUNet):
                notes: list[str] = []
                placed.on_note = notes.append
                for _ in range(3):
                    output = placed(moved, timestep, ids).sample
                self._compare(f"{name} {precision} graph", output, expected, precision)
                self.report.wrong += [f"{name} {precision}: {note}" for note in notes]

    def _precisions(self) -> list[str]:
        return ["fp32", "fp16", "bf16"] if self.device.type == "cuda" else ["fp32", "bf16"]

    def _compare(self, what: str, output: Tensor, expected: Tensor, precision: str) -> None:
        error = float((output.float().cpu() - expected).norm() / expected.norm())
        good = error <= ERRORS[precision]  # false for what is no number, too
        self.report.checks.append(Row(what, error, "of the norm", "" if good else "WRONG"))
        if not good:
            self.report.wrong.append(
                f"{what} differs by {error:.3g} from the processor's; {ERRORS[precision]} is allowed"
            )

    # -- time ------------------------------------------------------------------------------

    @torch.inference_mode()
    def _steps(self) -> None:
        sample, timestep, ids = self._inputs(self.student)
        moved, both = sample.to(self.device), sample.expand(2, -1, -1, -1).to(self.device)
        when, which = timestep.to(self.device), ids.to(self.device)
        plain = make_plain(self._network(self.student)).to(self.device)
        released = self._timed("step, released form, fp32 eager", lambda: plain(both, when, which))
        for precision in self._precisions():
            self._steps_in(precision, (moved, timestep, ids), released)

    def _steps_in(self, precision: str, inputs: tuple[Tensor, Tensor, Tensor], released: float) -> None:
        placed = models.place(self._network(self.student), self.device, precision)
        unet: Any = placed.unet if isinstance(placed, GraphedUNet) else placed
        self._timed(f"step, evaluation form, {precision} eager", lambda: unet(*inputs), released)
        if not isinstance(placed, GraphedUNet):
            return
        start = time.perf_counter()
        placed(*inputs)
        torch.cuda.synchronize()
        self._add("recording, once a grid", time.perf_counter() - start, "s", precision)
        self._timed(f"step, evaluation form, {precision} graph", lambda: placed(*inputs), released)
        self._synchronisations(precision, lambda: placed(*inputs))
        if precision == "fp16":
            self._kernels(lambda: unet(*inputs))
            if self.end - time.perf_counter() > 120:
                self._compiled(unet, lambda form: form(*inputs), released)

    def _compiled(self, unet: Any, call: Callable[[Any], Any], released: float | None) -> None:
        assert isinstance(unet, EvaluationUNet)
        start = time.perf_counter()
        form = torch.compile(unet)
        try:
            call(form)
        except Exception as error:  # it needs a compiler, and more
            self.report.timings.append(Row("step, torch.compile, fp16", None, "ms", type(error).__name__))
            return
        self._add("torch.compile, before the first step", time.perf_counter() - start, "s")
        self._timed("step, torch.compile, fp16", lambda: call(form), released)

    def _timed(self, what: str, forward: Callable[[], Any], released: float | None = None) -> float:
        """Milliseconds of one call, median; on a card by its own clock, with nothing else queued."""
        for _ in range(3):
            forward()
        times = []
        for _ in range(self.repeats):
            if self.device.type == "cuda":
                before, after = (torch.cuda.Event(enable_timing=True) for _ in range(2))
                torch.cuda.synchronize()
                before.record()
                forward()
                after.record()
                torch.cuda.synchronize()
                times.append(before.elapsed_time(after))
            else:
                start = time.perf_counter()
                forward()
                times.append(1000 * (time.perf_counter() - start))
        median = statistics.median(times)
        self._add(what, median, "ms", f"{released / median:.2f} times the released form" if released else "")
        return median

    def _add(self, what: str, value: float | None, unit: str, note: str = "") -> None:
        self.report.timings.append(Row(what, value, unit, note))

    def _synchronisations(self, precision: str, forward: Callable[[], Any]) -> None:
        """A call that waits for the card is an error while it is watched."""
        torch.cuda.set_sync_debug_mode("error")
        try:
            forward()
        except RuntimeError as error:
            self.report.wrong.append(f"a step in {precision} waits for the card: {str(error)[:200]}")
        finally:
            torch.cuda.set_sync_debug_mode("default")

    def _kernels(self, forward: Callable[[], Any]) -> None:
        """What an eager step in fp16 consists of, the longest first: where to look next."""
        with torch.profiler.profile(activities=list(torch.profiler.supported_activities())) as profile:
            forward()
            torch.cuda.synchronize()
        events = sorted(profile.key_averages(), key=lambda e: -e.self_device_time_total)
        for event in events[:12]:
            self._add(f"of which {event.key[:48]}", event.self_device_time_total / 1000, "ms", f"{event.count} calls")

    def _erases(self, out: Path) -> None:
        """Whole erases with stand-in weights, and the bundled model's pictures."""
        if "diffusers" in self.report.missing:
            for what in ("encoding", "decoding", "preview", "erase of 20 steps", "samples"):
                self._add(what, None, "", "diffusers is not installed")
            return
        figures = card_erases.measure(self.device, self.student, miniature=self.miniature, repeats=self.repeats)
        for what, value, unit, note in figures:
            self._add(what, value, unit, note)
        if "patchmatch" in self.report.missing:
            self._add("samples", None, "", "pypatchmatch is not installed")
            return
        made = card_erases.samples(self.device, out, count=1 if self.miniature else 3)
        self._add("samples erased", float(made), "pictures")


def _name_of(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return "processor" if device.type == "cpu" else device.type


def _why_miniature() -> str:
    if torch.cuda.is_available():
        return "As it was asked for"
    card = next(iter(nvidia_cards()), "")
    return f"This torch can't use the {card} that is here" if card else "There is no graphics card here"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("out/gpu-check"))
    parser.add_argument("--seconds", type=float, default=220, help="after which no further part is begun")
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--miniature", action="store_true", help="on the processor, even where there is a card")
    options = parser.parse_args(arguments)
    miniature = options.miniature or not torch.cuda.is_available()
    device = torch.device("cpu" if miniature else "cuda")
    options.out.mkdir(parents=True, exist_ok=True)
    repeats = min(options.repeats, 2) if miniature else options.repeats
    report = Check(device, miniature, options.seconds, repeats).run(options.out)
    (options.out / "gpu-check.json").write_text(json.dumps(asdict(report), indent=1), encoding="utf-8")
    (options.out / "gpu-check.txt").write_text(report.text() + "\n", encoding="utf-8")
    print(report.text())
    return 1 if report.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
