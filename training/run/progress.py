"""The progress of a training: lines, ``losses.jsonl``, curves; and how it is told to stop."""

from __future__ import annotations

import json
import math
import signal
import threading
import time
from types import FrameType, TracebackType
from typing import Any

from accelerate import Accelerator
from torch import Tensor

from training.config import LoopConfig


class Interruption:
    """Within, SIGTERM and Ctrl+C ask for a stop after the present step; a second Ctrl+C stops at once."""

    def __init__(self) -> None:
        self.asked: str | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Interruption:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                self._before[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self.asked is not None and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.asked = signal.Signals(number).name
        print(f"{self.asked}: saving after this step", flush=True)


def duration(seconds: float) -> str:
    """In the two units that matter: ``"45 s"``, ``"12 min"``, ``"3 h 20 min"``, ``"2 d 4 h"``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    hours = minutes // 60
    return f"{hours} h {minutes % 60} min" if hours < 48 else f"{hours // 24} d {hours % 24} h"


class Report:
    """Means of what the steps show, every ``log_every`` steps; written by the main process only."""

    def __init__(self, config: LoopConfig, *, main: bool) -> None:
        self.config, self.main = config, main
        self.path = config.out / "losses.jsonl"
        self._sums: dict[str, Tensor | float] = {}
        self._count, self._first = 0, 0
        self._since, self._timed = time.monotonic(), 0
        self._writer: Any = None

    def say(self, line: str) -> None:
        if self.main:
            print(line, flush=True)

    def totals(self) -> dict[str, Any]:
        """Sums since the last line, for a checkpoint in between."""
        return {"count": self._count, **{name: float(value) for name, value in self._sums.items()}}

    def restore(self, totals: dict[str, Any], step: int) -> None:
        """Go on from a checkpoint at ``step``: later lines of the file belong to a run that is no more."""
        self._count, self._first = int(totals["count"]), step
        self._sums = {name: float(value) for name, value in totals.items() if name != "count"}
        if self.main and self.path.exists():
            lines = self.path.read_text(encoding="utf-8").splitlines()
            kept = [line for line in lines if json.loads(line)["step"] <= step]
            self.path.write_text("".join(line + "\n" for line in kept), encoding="utf-8")

    def __enter__(self) -> Report:
        if self.main and self.config.tensorboard:
            try:
                from torch.utils.tensorboard import SummaryWriter
            except ImportError:
                self.say("tensorboard is not installed: no curves are written, losses.jsonl has the same numbers")
            else:
                self._writer = SummaryWriter(self.config.out / "curves", purge_step=self._first + 1)
        self._since, self._timed = time.monotonic(), 0
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def step(self, step: int, shown: dict[str, Tensor], rate: float, accelerator: Accelerator) -> None:
        """Count what ``step`` (1 ..) showed. Raises ``RuntimeError`` when a line is due and the loss is no number."""
        for name, tensor in shown.items():
            self._sums[name] = self._sums.get(name, 0.0) + tensor
        self._count, self._timed = self._count + 1, self._timed + 1
        if step % self.config.log_every and step != self.config.steps:
            return
        means = {name: self._mean(value, accelerator) for name, value in self._sums.items()}
        if not math.isfinite(means["loss"]):
            raise RuntimeError(
                f"the loss is not finite at step {step}: lower the rate or use fp32; the last checkpoint is untouched"
            )
        seconds = max(time.monotonic() - self._since, 1e-9)
        speed = self._timed * self.config.batch / seconds
        left = duration((self.config.steps - step) * self.config.batch / speed)
        losses = ", ".join(f"{name} {value:.4g}" for name, value in means.items())
        self.say(f"step {step}/{self.config.steps}: {losses}; rate {rate:.3g}, {speed:.1f} samples/s, {left} left")
        if self.main:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"step": step, **means, "rate": rate, "samples_per_second": speed}) + "\n")
        if self._writer is not None:
            for name, value in {**means, "rate": rate, "samples_per_second": speed}.items():
                self._writer.add_scalar(name, value, step)
        self._sums, self._count = {}, 0
        self._since, self._timed = time.monotonic(), 0

    def _mean(self, total: Tensor | float, accelerator: Accelerator) -> float:
        if isinstance(total, Tensor) and accelerator.num_processes > 1:
            return float(accelerator.reduce(total, "mean")) / self._count
        return float(total) / self._count
