"""Interrupting a network in the middle of a pass: between its layers, and within its largest convolutions."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from inference.runtime.check import Check

BAND = 4e9  # multiply-adds after which a convolution looks up: about a tenth of a second on two slow cores
HALF_BAND = 4 * BAND  # the same in bf16, where that is an instruction


@contextmanager
def interruptible(check: Check, *networks: object) -> Iterator[None]:
    """Within this context the networks call ``check`` many times a second, on the thread that runs them.

    ``networks``: modules, or objects that hold modules in their attributes (a codec). What ``check`` raises ends
    the pass. A network with an attribute ``between`` calls it by itself, an attention with such a processor too;
    elsewhere hooks do, and on a processor 3x3 convolutions too large for one go are done in bands of rows, with the
    same result.
    """
    with ExitStack() as stack:
        for network in networks:
            if hasattr(network, "between"):
                _call_between(stack, network, check)
                continue
            held = [network] if isinstance(network, nn.Module) else vars(network).values()
            for module in [part for one in held if isinstance(one, nn.Module) for part in one.modules()]:
                if next(module.children(), None) is None:
                    stack.callback(module.register_forward_pre_hook(lambda _module, _inputs: check()).remove)
                    stack.callback(module.register_forward_hook(lambda _module, _inputs, _output: check()).remove)
                if hasattr(processor := getattr(module, "processor", None), "between"):
                    _call_between(stack, processor, check)
                if isinstance(module, nn.Conv2d) and _banded(module):
                    vars(module)["forward"] = functools.partial(_in_bands, module, check)
                    stack.callback(module.__dict__.pop, "forward")
        yield


def _call_between(stack: ExitStack, owner: Any, check: Check) -> None:
    stack.callback(setattr, owner, "between", owner.between)
    owner.between = check


def _banded(module: nn.Conv2d) -> bool:
    return (
        module.weight.device.type == "cpu"
        and module.kernel_size == (3, 3)
        and module.stride in ((1, 1), (2, 2))
        and module.padding in ((0, 0), (1, 1))
        and (module.dilation, module.groups, module.padding_mode) == ((1, 1), 1, "zeros")
    )


def _in_bands(conv: nn.Conv2d, check: Check, x: Tensor) -> Tensor:
    batch, _, height, width = x.shape
    stride, padding = conv.stride[0], int(conv.padding[0])
    out = (height + 2 * padding - 3) // stride + 1
    work = 9 * conv.in_channels * conv.out_channels * batch * out * (width // stride)
    rows = max(8, int(out * (BAND if x.dtype == torch.float32 else HALF_BAND) / max(work, 1)))
    if rows >= out:
        return F.conv2d(x, conv.weight, conv.bias, stride, padding)
    y = x.new_empty(batch, conv.out_channels, out, (width + 2 * padding - 3) // stride + 1)
    if not x.is_contiguous():
        y = y.contiguous(memory_format=torch.channels_last)
    for top in range(0, out, rows):
        check()
        count = min(rows, out - top)
        first, last = top * stride - padding, (top + count - 1) * stride - padding + 3
        # Bands in the middle need no padding of their own, which would copy them. At an edge both sides get some, and
        # what that adds is cut off: below the first band by its length, above the last one by beginning a step early.
        edge, early = first < 0 or last > height, first >= 0 and last > height
        start = first + padding - stride if early else max(first, 0)
        band = F.conv2d(x[:, :, start:last], conv.weight, conv.bias, stride, (padding if edge else 0, padding))
        y[:, :, top : top + count] = band[:, :, early : early + count]
    return y
