"""Moving averages and checkpoints that are whole or absent."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import torch
from torch import nn


class Average:
    """Exponential moving average of a module's parameters; buffers are copied."""

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.module, self.decay, self.updates = copy.deepcopy(module).requires_grad_(False), decay, 0

    @torch.no_grad()
    def update(self, module: nn.Module) -> None:
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        mine = [p.data for p in self.module.parameters()]
        torch._foreach_lerp_(mine, [p.detach() for p in module.parameters()], 1 - decay)
        for own, other in zip(self.module.buffers(), module.buffers(), strict=True):
            own.copy_(other)

    def state_dict(self) -> dict[str, Any]:
        return {"module": self.module.state_dict(), "updates": self.updates}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.module.load_state_dict(state["module"])
        self.updates = state["updates"]


def save_state(path: Path, step: int, seconds: float, **parts: Any) -> None:
    """Write ``parts``' state dicts to a temporary name, then rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".partial")
    torch.save({"step": step, "seconds": seconds, **{k: v.state_dict() for k, v in parts.items()}}, temporary)
    temporary.replace(path)


def load_state(path: Path, **parts: Any) -> tuple[int, float]:
    """Fill ``parts`` from ``path`` where it exists; returns the step and the seconds spent so far."""
    if not path.exists():
        return 0, 0.0
    state = torch.load(path, map_location="cpu", weights_only=True)
    for name, part in parts.items():
        part.load_state_dict(state[name])
    print(f"resumed {path} at step {state['step']}", flush=True)
    return int(state["step"]), float(state["seconds"])
