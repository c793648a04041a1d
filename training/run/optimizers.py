"""Muon for matrices and AdamW for the rest, as one optimizer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import AdamW, Muon, Optimizer

from training.config import LoopConfig


def is_matrix(name: str, module: nn.Module, parameter: nn.Parameter) -> bool:
    """Whether Muon may have it: weights of linear layers and of convolutions across channels.

    Not those of the embedding and of the first and last convolution (as released), and none that is a table or a
    set of small kernels rather than a map between spaces: depthwise convolutions, relative positions, norms.
    """
    if any(part in ("embedding_layer", "conv_in", "conv_out") for part in name.split(".")):
        return False
    if isinstance(module, nn.Conv2d):
        return module.groups == 1 and parameter is module.weight
    return isinstance(module, nn.Linear) and parameter is module.weight


def split_parameters(model: nn.Module) -> tuple[list[nn.Parameter], list[nn.Parameter], list[nn.Parameter]]:
    """Matrices for Muon; other weights of two or more dimensions; vectors. Every parameter once."""
    matrices, tables, vectors = [], [], []
    for prefix, module in model.named_modules():
        for name, parameter in module.named_parameters(recurse=False):
            if is_matrix(f"{prefix}.{name}", module, parameter):
                matrices.append(parameter)
            elif parameter.dim() > 1:
                tables.append(parameter)
            else:
                vectors.append(parameter)
    return matrices, tables, vectors


class MuonAndAdamW(Optimizer):
    """``torch.optim.Muon`` on matrices, ``AdamW`` on the rest, behind one ``step`` and one ``state_dict``.

    Muon takes two-dimensional parameters only, and most matrices here are stored as 1x1 convolutions
    ``(out, in, 1, 1)``. It is given views ``(out, in * kh * kw)`` of the same memory; before each step the views are
    given views of the gradients. Parameters must therefore be on their device before, and be updated in place.
    """

    def __init__(
        self,
        matrices: list[nn.Parameter],
        tables: list[nn.Parameter],
        vectors: list[nn.Parameter],
        *,
        rate: float,
        weight_decay: float,
        momentum: float,
        betas: tuple[float, float],
    ) -> None:
        self.views = [(p, nn.Parameter(p.data.reshape(p.shape[0], -1))) for p in matrices]
        if any(view.data_ptr() != p.data_ptr() for p, view in self.views):
            raise ValueError("a matrix is not stored row by row; its update would be lost")
        groups = [{"params": matrices}, {"params": tables}, {"params": vectors}]
        super().__init__([g for g in groups if g["params"]], {"lr": rate})
        # Updates scaled to AdamW's usual size, so that one learning rate does for both
        self.muon = (
            Muon(
                [view for _, view in self.views],
                lr=rate,
                weight_decay=weight_decay,
                momentum=momentum,
                adjust_lr_fn="match_rms_adamw",
            )
            if matrices
            else None
        )
        decayed = [{"params": tables, "weight_decay": weight_decay}, {"params": vectors, "weight_decay": 0.0}]
        self.adamw = AdamW([g for g in decayed if g["params"]], lr=rate, betas=betas)

    def set_rate(self, rate: float) -> None:
        for optimizer in (self, self.muon, self.adamw):
            for group in optimizer.param_groups if optimizer is not None else ():
                group["lr"] = rate

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        if self.muon is not None:
            for parameter, view in self.views:
                gradient: Tensor | None = parameter.grad
                view.grad = None if gradient is None else gradient.reshape(view.shape)
            self.muon.step()
            for _, view in self.views:
                view.grad = None
        self.adamw.step()

    def state_dict(self) -> dict[str, Any]:
        return {"muon": self.muon.state_dict() if self.muon else {}, "adamw": self.adamw.state_dict()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        if self.muon is not None:
            self.muon.load_state_dict(state_dict["muon"])
        self.adamw.load_state_dict(state_dict["adamw"])


def make_optimizer(model: nn.Module, config: LoopConfig) -> MuonAndAdamW:
    """The optimizer the settings ask for; with "adamw" the matrices are AdamW's too."""
    matrices, tables, vectors = split_parameters(model)
    if config.optimizer == "adamw":
        matrices, tables = [], matrices + tables
    return MuonAndAdamW(
        matrices,
        tables,
        vectors,
        rate=config.rate,
        weight_decay=config.weight_decay,
        momentum=config.momentum,
        betas=(config.beta1, config.beta2),
    )
