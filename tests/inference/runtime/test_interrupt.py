"""Convolutions in bands: the same result wherever the bands end, at every edge, stride and padding."""

from __future__ import annotations

from unittest.mock import patch

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from inference.runtime.interrupt import interruptible


@settings(deadline=None, max_examples=40)
@given(
    height=st.integers(8, 40),
    width=st.integers(3, 9),
    stride=st.integers(1, 2),
    padding=st.integers(0, 1),
    last=st.booleans(),
    kind=st.sampled_from([torch.float32, torch.bfloat16]),
)
def test_bands_agree_with_the_whole(
    height: int, width: int, stride: int, padding: int, last: bool, kind: torch.dtype
) -> None:
    if (
        stride == 2 and padding == 0
    ):  # as in autoencoders: rows no window ends at make oneDNN's bf16 read foreign memory
        height, width = height | 1, width | 1
    torch.manual_seed(height)
    conv = nn.Conv2d(2, 3, 3, stride, padding).to(kind)
    x = torch.randn(1, 2, height, width).to(kind)
    if last:
        x = x.contiguous(memory_format=torch.channels_last)
    calls: list[int] = []
    with torch.inference_mode(), patch.multiple("inference.runtime.interrupt", BAND=1, HALF_BAND=1):
        whole = conv(x)
        with interruptible(lambda: calls.append(1), conv):
            banded = conv(x)
    torch.testing.assert_close(banded, whole, rtol=1e-2 if kind == torch.bfloat16 else 1e-4, atol=1e-5)
    assert len(calls) == 2 + (-(-whole.shape[2] // 8) if whole.shape[2] > 8 else 0), (
        "a look for each band of eight rows"
    )
