"""Checkpoints that are whole or absent, and moving averages of weights."""

from __future__ import annotations

import copy
import os
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import nn


class Stateful(Protocol):
    def state_dict(self) -> dict[str, Any]: ...

    def load_state_dict(self, state_dict: Any, /) -> Any: ...


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


def save_state(path: Path, values: dict[str, Any], **parts: Stateful) -> None:
    """Write ``values`` and ``parts``' state dicts under a temporary name, to the disk, then rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".partial")
    with temporary.open("wb") as file:
        torch.save({**values, **{k: v.state_dict() for k, v in parts.items()}}, file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def load_state(path: Path, **parts: Stateful) -> dict[str, Any]:
    """Fill ``parts`` from ``path``; returns the other values. Raises ``ValueError`` naming what is missing."""
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    for name, part in parts.items():
        if name not in state:
            raise ValueError(f"{path} holds no {name}; it was written by another kind of training")
        part.load_state_dict(state.pop(name))
    return state
