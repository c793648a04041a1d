"""The evaluation form is the network it was made of, whatever the grid, the branches, and the device's operators."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from inference.networks.build import build_unet
from inference.networks.config import UNetConfig
from inference.networks.fast import folded, operators
from inference.networks.fast.evaluation import EvaluationUNet
from inference.networks.fast.folded import FoldedEnlarge
from inference.networks.fast.operators import Depthwise
from inference.networks.unet import MoebiusUNet
from tests.oracles.stand_in import fill

SMALL = UNetConfig(latent_channels=4, widths=(32, 64), window=5, grid=16, embedding_width=24, context_width=16, heads=4)
BRANCHES = torch.stack([torch.arange(10) + 10, torch.arange(10)])
TIME = torch.tensor([801])


def small() -> MoebiusUNet:
    unet = build_unet(SMALL)
    fill(unet)
    return unet


def sample(batch: int, height: int, width: int, seed: int = 0) -> Tensor:
    return torch.randn(batch, 9, height, width, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(params=["fused operators", "torch's own"])
def operator_set(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "torch's own":
        monkeypatch.setattr(operators, "_onednn", lambda: None)
        monkeypatch.setattr(operators, "_onednn_depthwise", lambda: None)


@pytest.mark.usefixtures("operator_set")
@pytest.mark.parametrize("size", [(16, 16), (24, 16), (6, 10)])
@pytest.mark.parametrize("packed", [False, True])
def test_outputs_are_those_of_the_network(size: tuple[int, int], packed: bool) -> None:
    unet = small()
    x = sample(2, *size)
    with torch.inference_mode():
        expected = unet(x, TIME, BRANCHES)
        form = EvaluationUNet(unet)
        output = (form.pack() if packed else form)(x, TIME, BRANCHES)
    torch.testing.assert_close(output.sample, expected.sample, rtol=1e-4, atol=1e-5)
    for own, other in zip(output.block_outputs, expected.block_outputs, strict=True):
        torch.testing.assert_close(own, other, rtol=1e-4, atol=1e-4)


@pytest.mark.usefixtures("operator_set")
@pytest.mark.parametrize("packed", [False, True])
def test_channels_convolved_by_themselves_take_up_what_follows_and_hide_nothing(packed: bool) -> None:
    torch.manual_seed(0)
    weight, bias = torch.randn(24, 1, 3, 3), torch.randn(24)
    x, factor = (torch.randn(2, 24, 7, 5).contiguous(memory_format=torch.channels_last) for _ in range(2))
    layer = Depthwise(weight, bias)
    if packed:
        layer.pack()
    plain = F.conv2d(x, weight, bias, padding=1, groups=24)
    torch.testing.assert_close(layer(x), plain, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(layer(x, silu=True), F.silu(plain), rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(layer(x, factor=factor), plain * factor, rtol=1e-5, atol=1e-5)
    x[0, 3, 2, 2] = torch.nan
    for y in (layer(x), layer(x, silu=True), layer(x, factor=factor)):
        assert y[0, 3].isnan().any()
        assert y[1].isfinite().all()


def test_further_fills_are_further_channels() -> None:
    unet = build_unet(replace(SMALL, extra_fills=1))
    fill(unet)
    x = torch.randn(1, 13, 16, 16, generator=torch.Generator().manual_seed(4))
    with torch.inference_mode():
        expected = unet(x, TIME, BRANCHES).sample
        torch.testing.assert_close(EvaluationUNet(unet)(x, TIME, BRANCHES).sample, expected, rtol=1e-4, atol=1e-5)
        with pytest.raises(ValueError, match="13 channels"):
            EvaluationUNet(unet)(sample(1, 16, 16), TIME, BRANCHES)


def test_windows_at_once_are_windows_by_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    form, x = EvaluationUNet(small()), sample(2, 16, 24)
    with torch.inference_mode():
        expected = form(x, TIME, BRANCHES).sample
        monkeypatch.setattr(folded, "by_rows", lambda tokens: False)
        torch.testing.assert_close(form(x, TIME, BRANCHES).sample, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.usefixtures("operator_set")
def test_one_sample_serves_every_branch() -> None:
    unet = small()
    x = sample(1, 16, 16)
    with torch.inference_mode():
        expected = unet(x.expand(2, -1, -1, -1), TIME, BRANCHES).sample
        form = EvaluationUNet(unet)
        torch.testing.assert_close(form(x, TIME, BRANCHES).sample, expected, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(form(x, TIME, BRANCHES[1:]).sample, expected[1:], rtol=1e-4, atol=1e-5)


def test_constants_follow_categories_and_grid() -> None:
    unet = small()
    form = EvaluationUNet(unet)
    with torch.inference_mode():
        for ids in (BRANCHES, BRANCHES.flip(0), BRANCHES[:1]):
            for side in (16, 8, 16):
                x = sample(len(ids), side, side, seed=side)
                torch.testing.assert_close(form(x, TIME, ids).sample, unet(x, TIME, ids).sample, rtol=1e-4, atol=1e-5)


@settings(deadline=None, max_examples=20)
@given(
    batch=st.integers(1, 2),
    channels=st.integers(1, 5),
    height=st.integers(1, 6),
    width=st.integers(1, 6),
    seed=st.integers(0, 9),
)
def test_enlarging_is_the_convolution_of_the_enlarged_grid(
    batch: int, channels: int, height: int, width: int, seed: int
) -> None:
    torch.manual_seed(seed)
    conv = nn.Conv2d(channels, channels, 3, padding=1)
    x = torch.randn(batch, channels, height, width).contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        expected = conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))
        torch.testing.assert_close(FoldedEnlarge(conv)(x), expected, rtol=1e-4, atol=1e-5)


def test_an_exception_between_layers_ends_the_pass_and_the_next_one_is_whole() -> None:
    unet = small()
    form = EvaluationUNet(unet)
    x = sample(1, 16, 16)
    calls = 0

    def stop() -> None:
        nonlocal calls
        calls += 1
        if calls == 4:
            raise InterruptedError

    with torch.inference_mode():
        expected = form(x, TIME, BRANCHES).sample
        form.between = stop
        with pytest.raises(InterruptedError):
            form(x, TIME, BRANCHES)
        form.between = lambda: None
        assert torch.equal(form(x, TIME, BRANCHES).sample, expected)


def test_wrong_input_is_refused() -> None:
    form = EvaluationUNet(small())
    with pytest.raises(ValueError, match="9 channels"):
        form(torch.zeros(1, 8, 16, 16), TIME, BRANCHES)
    with pytest.raises(ValueError, match="for 2 branches"):
        form(torch.zeros(3, 9, 16, 16), TIME, BRANCHES)
    with pytest.raises(ValueError, match="multiple of 2"):
        form(torch.zeros(1, 9, 15, 16), TIME, BRANCHES)
    with pytest.raises(ValueError, match="one timestep"):
        form(torch.zeros(2, 9, 16, 16), torch.tensor([1, 2]), BRANCHES)
