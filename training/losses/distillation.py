"""The adaptive multi-granularity distillation loss of the Moebius paper (arXiv 2606.19195).

    L = a L_c + w_task (b L_task + a w_f L_f + c w_p L_p)

with L_c = MSE of features, L_task = MSE of the student's output to the target, L_f = MSE of it to the teacher's
output, and L_p perceptual. The weights balance norms of gradients, and are constants to the optimizer:

    w_task = clamp(|dL_c/dW_feat| / (|dL_task/dW_feat| + 1e-4), 0, 1e4)
    w_f    = clamp(|dL_task/dW_out| / (|dL_f/dW_out| + 1e-6), 0, 1e6)
    w_p    = clamp(|dL_task/dW_out| / (|dL_p/dW_out| + 1e-6), 0, 1e6)

W_feat is the projection at the end of the student's last down block, W_out the one at the end of its output.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

TASK_EPS, TASK_MOST = 1e-4, 1e4
OUT_EPS, OUT_MOST = 1e-6, 1e6


@dataclass(frozen=True)
class Shares:
    """The paper's a, b and c."""

    coarse: float = 0.01
    task: float = 0.5
    perceptual: float = 0.5


@dataclass(frozen=True)
class Weights:
    """The three adaptive weights, scalars without gradient."""

    task: Tensor
    fine: Tensor
    perceptual: Tensor


def feature_weight(student: nn.Module) -> nn.Parameter:
    """W_feat: ``down_blocks.2.attentions.1.proj_out.weight`` of Moebius; the same place in smaller ones."""
    blocks = student.get_submodule("diff_model.down_blocks")
    assert isinstance(blocks, nn.ModuleList)
    attentions = blocks[-1].get_submodule("attentions")
    assert isinstance(attentions, nn.ModuleList)
    return attentions[-1].get_parameter("proj_out.weight")


def output_weight(student: nn.Module) -> nn.Parameter:
    """W_out: ``conv_out.conv_pw.weight``."""
    return student.get_parameter("diff_model.conv_out.conv_pw.weight")


def _ratio(above: Tensor, below: Tensor, eps: float, most: float) -> Tensor:
    return (above / (below + eps)).clamp(0, most)


def adaptive_weights(
    coarse: Tensor,
    task: Tensor,
    fine: Tensor,
    perceptual: Tensor | None,
    w_feat: nn.Parameter,
    w_out: nn.Parameter,
    *,
    average: Callable[[Tensor], Tensor] = lambda gradient: gradient,
    scale: float = 1.0,
) -> Weights:
    """The weights of the four scalar losses; the graph is kept for the backward pass to come.

    ``average`` makes one gradient of those of all processes, before norms are taken: a mean of norms would be
    another number than one process with the whole batch finds. ``scale`` multiplies the losses while gradients are
    taken and divides those after, for half precision. Without ``perceptual`` its weight is 0.
    """

    def norms(loss: Tensor, *weights: nn.Parameter) -> list[Tensor]:
        gradients = torch.autograd.grad(loss * scale, weights, retain_graph=True)
        return [(average(gradient.detach().float()) / scale).norm() for gradient in gradients]

    (coarse_feat,) = norms(coarse, w_feat)
    task_feat, task_out = norms(task, w_feat, w_out)
    (fine_out,) = norms(fine, w_out)
    w_perceptual = torch.zeros_like(task_out)
    if perceptual is not None:
        (perceptual_out,) = norms(perceptual, w_out)
        w_perceptual = _ratio(task_out, perceptual_out, OUT_EPS, OUT_MOST)
    return Weights(
        task=_ratio(coarse_feat, task_feat, TASK_EPS, TASK_MOST),
        fine=_ratio(task_out, fine_out, OUT_EPS, OUT_MOST),
        perceptual=w_perceptual,
    )


def combine(
    coarse: Tensor, task: Tensor, fine: Tensor, perceptual: Tensor | None, weights: Weights, shares: Shares
) -> Tensor:
    """L of the four scalar losses."""
    inner = shares.task * task + shares.coarse * weights.fine * fine
    if perceptual is not None:
        inner = inner + shares.perceptual * weights.perceptual * perceptual
    return shares.coarse * coarse + weights.task * inner
