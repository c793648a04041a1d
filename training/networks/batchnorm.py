"""BatchNorm over the batch of all processes, and over each batch once.

``torch.nn.SyncBatchNorm`` works on CUDA only. Here sums and counts are added up by
``torch.distributed.nn.functional.all_reduce``, which is differentiable and works on every backend, so that several
processes normalise with the statistics one would find with the whole batch.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor, nn

from inference.networks import TokenNorm

_recomputing = 0  # how many passes are being computed anew


class recomputing:  # noqa: N801 - reads as a word where it is used
    """A context in which running statistics are left alone: the activations are those of a pass already counted.

    It can be entered again, which a second backward pass through the same layers does.
    """

    def __enter__(self) -> None:
        global _recomputing
        _recomputing += 1

    def __exit__(self, *_: object) -> None:
        global _recomputing
        _recomputing -= 1


class _Shared(nn.modules.batchnorm._BatchNorm):
    """A BatchNorm whose batch is everybody's."""

    def forward(self, x: Tensor) -> Tensor:
        world = dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1
        if not self.training or (world == 1 and not _recomputing):
            return super().forward(x)
        assert self.running_mean is not None and self.running_var is not None
        if world == 1:  # the same operation, on statistics that are thrown away
            mean, variance = self.running_mean.clone(), self.running_var.clone()
            return F.batch_norm(x, mean, variance, self.weight, self.bias, True, 0.0, self.eps)
        return self._normalise(x)

    def _normalise(self, x: Tensor) -> Tensor:
        from torch.distributed.nn.functional import all_reduce

        axes = [axis for axis in range(x.dim()) if axis != 1]
        shape = [1, -1] + [1] * (x.dim() - 2)
        values = x.float()
        own = torch.full((1,), float(x.numel() // x.shape[1]), device=x.device)
        # Two rounds: variances as differences of large sums would lose their digits
        sums: Tensor = all_reduce(torch.cat([values.sum(axes), own]))
        count = sums[-1].detach()
        mean = sums[:-1] / count
        centred = values - mean.view(shape)
        variance: Tensor = all_reduce(centred.square().sum(axes)) / count
        assert self.running_mean is not None and self.running_var is not None
        if not _recomputing:
            with torch.no_grad():
                momentum = self.momentum if self.momentum is not None else 0.1
                self.running_mean.lerp_(mean, momentum)
                self.running_var.lerp_(variance * count / (count - 1), momentum)
                assert self.num_batches_tracked is not None
                self.num_batches_tracked.add_(1)
        y = centred * (variance + self.eps).rsqrt().view(shape)
        return (y * self.weight.view(shape) + self.bias.view(shape)).to(x.dtype)


class SharedNorm1d(_Shared, nn.BatchNorm1d):
    pass


class SharedNorm2d(_Shared, nn.BatchNorm2d):
    pass


class SharedTokenNorm(TokenNorm, SharedNorm1d):
    """TokenNorm flattens, then hands on to the shared one."""


_SHARED: dict[type[nn.Module], Any] = {
    TokenNorm: SharedTokenNorm,
    nn.BatchNorm1d: SharedNorm1d,
    nn.BatchNorm2d: SharedNorm2d,
}


def share_statistics(model: nn.Module) -> nn.Module:
    """Make every BatchNorm of ``model`` a shared one, in place; keys and values of its state stay."""
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm) and not isinstance(module, _Shared):
            module.__class__ = _SHARED[type(module)]
    return model
