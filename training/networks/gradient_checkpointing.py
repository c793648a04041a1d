"""Gradient checkpointing of a U-Net's layers, without their knowing."""

from __future__ import annotations

import functools
import re
from contextlib import AbstractContextManager, nullcontext

from torch import nn
from torch.utils.checkpoint import checkpoint

from training.networks.batchnorm import recomputing, share_statistics

_LAYERS = re.compile(r"(^|\.)(attentions|resnets)\.\d+$")


def _contexts() -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
    return nullcontext(), recomputing()


def checkpoint_layers(model: nn.Module) -> int:
    """Compute every residual and transformer block anew in the backward pass; returns how many there are.

    Outputs, gradients and BatchNorm's running statistics stay the same.
    """
    share_statistics(model)
    count = 0
    for name, module in model.named_modules():
        if _LAYERS.search(name):
            run = functools.partial(
                checkpoint, module.forward, use_reentrant=False, context_fn=_contexts, preserve_rng_state=False
            )
            module.forward = run
            count += 1
    return count
