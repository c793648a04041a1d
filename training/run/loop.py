"""The training loop every command shares: steps, averages, lines, curves, checkpoints, interruptions.

Batches are functions of the step (:mod:`training.data.batches`), and nothing else is random: a checkpoint with the
weights, their average, the optimizers' state and the step is all that an exact continuation needs.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict
from typing import Any, Protocol

import torch
from accelerate import Accelerator
from accelerate.utils import DistributedDataParallelKwargs
from torch import Tensor, nn

from training.config import LoopConfig
from training.data import Ahead
from training.networks import share_statistics
from training.run.checkpoints import Average, Stateful, load_state, save_state
from training.run.optimizers import make_optimizer
from training.run.progress import Interruption, Report


class Task(Protocol):
    """What is trained, on what, and how wrong it is."""

    name: str  # of the checkpoint
    model: nn.Module
    source: str  # what the data is; kept with checkpoints

    def batch(self, step: int, numbers: Sequence[int]) -> Any:
        """The samples ``numbers`` of the whole batch of ``step``, on the CPU; called in threads."""
        ...

    def loss(self, model: nn.Module, batch: Any, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        """A scalar to minimise, and scalars to show. ``model`` is :attr:`model`, wrapped for several processes."""
        ...


def start_accelerator(config: LoopConfig) -> Accelerator:
    """The device and processes to train on; raises ``ValueError`` where the precision can't be had there."""
    cpu = not torch.accelerator.is_available()
    if config.precision == "fp16" and not torch.cuda.is_available():
        raise ValueError("fp16 needs a CUDA device; choose bf16 or fp32")
    # BatchNorm's buffers agree between processes already
    together = DistributedDataParallelKwargs(broadcast_buffers=False)
    precision = "no" if config.precision == "fp32" else config.precision
    return Accelerator(cpu=cpu, mixed_precision=precision, kwargs_handlers=[together])


def learning_rate(config: LoopConfig, step: int, seconds: float = 0.0) -> float:
    """Of step 0 .., ``seconds`` into the training: rises over the warm-up, then stays or falls along a cosine to 2%."""
    rate = config.rate * min(1.0, (step + 1) / max(config.warmup, 1))
    if config.schedule == "cosine":
        done = seconds / (60 * config.schedule_minutes) if config.schedule_minutes else step / config.steps
        rate *= 0.02 + 0.98 * (0.5 + 0.5 * math.cos(math.pi * min(1.0, done)))
    return rate


def own_numbers(config: LoopConfig, rank: int, world: int) -> list[range]:
    """The numbers of the whole batch's samples this process computes, one range per accumulated part."""
    parts = world * config.accumulate
    if config.batch % parts:
        raise ValueError(f"a batch of {config.batch} does not divide among {world} processes x {config.accumulate}")
    size = config.batch // parts
    return [range((part * world + rank) * size, (part * world + rank + 1) * size) for part in range(config.accumulate)]


class Training:
    """One run of a task, from its start or its checkpoint to its end or an interruption."""

    def __init__(self, task: Task, config: LoopConfig, accelerator: Accelerator) -> None:
        self.task, self.config, self.accelerator = task, config, accelerator
        self.parts = own_numbers(config, accelerator.process_index, accelerator.num_processes)
        self.plain = task.model.to(accelerator.device).train()
        if accelerator.num_processes > 1 and config.shared_norms:
            share_statistics(self.plain)
        self.average = Average(self.plain, config.ema) if config.ema else None
        self.optimizer = make_optimizer(self.plain, config)
        self.model: nn.Module = accelerator.prepare_model(self.plain)
        self.checkpoint = config.out / f"{task.name}.pt"
        self.step, self.seconds = 0, 0.0
        self.report = Report(config, main=accelerator.is_main_process)

    def _state(self) -> dict[str, Stateful]:
        state: dict[str, Stateful] = {"model": self.plain, "optimizer": self.optimizer}
        if self.average is not None:
            state["average"] = self.average
        if self.accelerator.scaler is not None:
            state["scaler"] = self.accelerator.scaler
        return state

    def resume(self) -> None:
        """Go on from the checkpoint; raises ``ValueError`` where resuming and starting anew might be confused."""
        if not self.config.resume:
            if self.checkpoint.exists():
                raise ValueError(
                    f"{self.checkpoint} is there already: go on with --resume, or name another folder with --out"
                )
            return
        if not self.checkpoint.exists():
            raise ValueError(f"there is no checkpoint {self.checkpoint} to go on from; leave out --resume")
        values = load_state(self.checkpoint, **self._state())
        self.step, self.seconds = int(values["step"]), float(values["seconds"])
        self.report.restore(values["totals"], self.step)
        self.report.say(f"going on from step {self.step}")
        now = self._values()
        for name in ("source", *sorted(now["settings"])):
            before, after = (v["source"] if name == "source" else v["settings"].get(name) for v in (values, now))
            if before != after and name not in ("resume", "minutes", "workers", "log_every", "save_every", "out"):
                self.report.say(f"  {name} was {before}, is {after}: the losses will differ from an unbroken run's")

    def _values(self) -> dict[str, Any]:
        settings = {k: str(v) for k, v in asdict(self.config).items()}
        return {
            "step": self.step,
            "seconds": self.seconds,
            "source": self.task.source,
            "settings": settings,
            "totals": self.report.totals(),
            "config": self.plain.config.to_dict(),  # type: ignore[union-attr, operator]
        }

    def save(self) -> None:
        if self.accelerator.is_main_process:
            save_state(self.checkpoint, self._values(), **self._state())

    def run(self) -> int:
        """Train; returns the number of steps done in all. Interrupted, it has saved first."""
        self.resume()
        config = self.config
        start = time.monotonic() - self.seconds
        began, saved, saved_at = time.monotonic(), self.step, time.monotonic()

        def make(step: int) -> list[Any]:
            return [self.task.batch(step, numbers) for numbers in self.parts]

        ahead = Ahead(make, self.step, config.steps, config.workers)
        try:
            with Interruption() as interruption, self.report:
                for batches in ahead:
                    shown = self._one_step(batches)
                    self.step += 1
                    self.seconds = time.monotonic() - start
                    self.report.step(self.step, shown, self.optimizer.param_groups[0]["lr"], self.accelerator)
                    late = 0 < config.minutes * 60 <= time.monotonic() - began
                    if self._agreed(interruption.asked is not None or late):
                        self.save()
                        self.report.say(f"saved at step {self.step}; go on with --resume")
                        return self.step
                    due = 0 < config.save_minutes * 60 <= time.monotonic() - saved_at
                    if self.step - saved >= config.save_every or due:
                        self.save()
                        saved, saved_at = self.step, time.monotonic()
                self.save()
        finally:
            ahead.close()
        self.report.say(f"done: {self.step} steps, {self.checkpoint}")
        return self.step

    def _agreed(self, stop: bool) -> bool:
        """Whether any process wants to stop."""
        if self.accelerator.num_processes == 1:
            return stop
        flag = torch.tensor(float(stop), device=self.accelerator.device)
        return bool(self.accelerator.reduce(flag, "sum").item() > 0)

    def _one_step(self, batches: list[Any]) -> dict[str, Tensor]:
        accelerator, config = self.accelerator, self.config
        self.optimizer.set_rate(learning_rate(config, self.step, self.seconds))
        self.optimizer.zero_grad(set_to_none=True)
        totals: dict[str, Tensor] = {}
        for index, batch in enumerate(batches):
            last = index == len(batches) - 1
            with nullcontext() if last else accelerator.no_sync(self.model):
                loss, shown = self.task.loss(self.model, batch, self.step)
                accelerator.backward(loss / len(batches))
            for name, value in {"loss": loss, **shown}.items():
                totals[name] = totals.get(name, 0.0) + value.detach().float() / len(batches)
        scaler = accelerator.scaler
        if scaler is not None:
            scaler.unscale_(self.optimizer)
        totals["gradient"] = torch.nn.utils.clip_grad_norm_(self.plain.parameters(), config.clip or math.inf)
        if scaler is not None:
            scaler.step(self.optimizer)
            scaler.update()
        else:
            self.optimizer.step()
        if self.average is not None:
            self.average.update(self.plain)
        return totals


def train(task: Task, config: LoopConfig, accelerator: Accelerator) -> int:
    """Run ``task`` under ``config``; returns the steps done in all."""
    config.out.mkdir(parents=True, exist_ok=True)
    try:
        return Training(task, config, accelerator).run()
    finally:
        accelerator.end_training()
