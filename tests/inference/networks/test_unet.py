"""The re-associated layers are the plain ones; the network takes what it says it takes."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.errors import ModelError
from inference.networks.build import build_unet
from inference.networks.config import UNET_CONFIGS, UNetConfig
from inference.networks.layers import InteractiveLambda, LocalLambda
from inference.networks.unet import sinusoid
from tests.oracles.plain import PlainInteractiveLambda, PlainLocalLambda, make_plain
from tests.oracles.stand_in import fill

SMALL = UNetConfig(latent_channels=4, widths=(32, 64), window=5, grid=16, embedding_width=24, context_width=16, heads=4)
IDS = torch.stack([torch.arange(10) + 10, torch.arange(10)])


@settings(deadline=None, max_examples=20)
@given(
    height=st.integers(1, 9),
    width=st.integers(1, 9),
    window=st.sampled_from([1, 3, 7]),
    batch=st.integers(1, 3),
    chunk=st.sampled_from([1, 1 << 20]),
)
def test_local_lambda_is_the_plain_one(height: int, width: int, window: int, batch: int, chunk: int) -> None:
    layer = LocalLambda(32, 4, window)
    fill(layer)
    layer.ROWS_PER_CHUNK_ELEMENTS = chunk
    tokens = torch.randn(batch, height * width, 32, generator=torch.Generator().manual_seed(height))
    with torch.no_grad():
        fast = layer(tokens, height, width)
        layer.__class__ = PlainLocalLambda
        torch.testing.assert_close(fast, layer(tokens, height, width), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("size", [(8, 8), (12, 8), (5, 3)])
def test_interactive_lambda_is_the_plain_one(size: tuple[int, int]) -> None:
    layer = InteractiveLambda(32, 4, 16, 8, 10)
    fill(layer)
    generator = torch.Generator().manual_seed(1)
    tokens = torch.randn(2, size[0] * size[1], 32, generator=generator)
    context = torch.randn(2, 10, 16, generator=generator)
    with torch.no_grad():
        fast = layer(tokens, context, *size)
        layer.__class__ = PlainInteractiveLambda
        torch.testing.assert_close(fast, layer(tokens, context, *size), rtol=1e-4, atol=1e-5)


def test_gradients_are_those_of_the_plain_form() -> None:
    unet = build_unet(SMALL).double()
    generator = torch.Generator().manual_seed(0)
    sample = torch.randn(2, 9, 16, 16, generator=generator, dtype=torch.double)
    towards = torch.randn(2, 4, 16, 16, generator=generator, dtype=torch.double)

    def gradients() -> dict[str, torch.Tensor]:
        unet.zero_grad()
        (unet(sample, torch.tensor([3, 900]), IDS).sample * towards).sum().backward()
        return {name: p.grad.clone() for name, p in unet.named_parameters() if p.grad is not None}

    fast = gradients()
    make_plain(unet)
    plain = gradients()
    assert fast.keys() == plain.keys() == dict(unet.named_parameters()).keys()
    for name, gradient in plain.items():
        torch.testing.assert_close(fast[name], gradient, rtol=1e-5, atol=1e-7, msg=name)


@pytest.mark.parametrize("name", sorted(UNET_CONFIGS))
def test_interface(name: str) -> None:
    config = UNET_CONFIGS[name]
    with torch.device("meta"):
        unet = build_unet(name)
        side = config.grid
        sample = torch.empty(2, config.in_channels, side, side)
        output = unet(sample, torch.empty(1), torch.empty(2, 10, dtype=torch.long))
    assert output.sample.shape == (2, config.latent_channels, side, side)
    widths = config.widths
    expected = [(widths[0], side // 2), (widths[1], side // 4), (widths[2], side // 4)]
    expected += [(widths[2], side // 2), (widths[1], side), (widths[0], side)]
    assert [tuple(b.shape[1:]) for b in output.block_outputs] == [(c, s, s) for c, s in expected]


def test_one_timestep_serves_the_whole_batch_and_samples_do_not_mix() -> None:
    unet = build_unet(SMALL)
    fill(unet)
    sample = torch.randn(2, 9, 16, 24, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        both = unet(sample, torch.tensor([500]), IDS).sample
        second = unet(sample[1:], torch.tensor([500]), IDS[1:]).sample
        each = unet(sample, torch.tensor([500, 500]), IDS).sample
    torch.testing.assert_close(both[1:], second, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(both, each)


def test_cosines_come_first() -> None:
    embedding = sinusoid(torch.tensor([0, 10]), 8)
    assert embedding[0].tolist() == [1, 1, 1, 1, 0, 0, 0, 0]
    torch.testing.assert_close(embedding[1, 0], torch.tensor(10.0).cos())
    torch.testing.assert_close(embedding[1, 7], torch.tensor(10.0 * 10000**-0.75).sin())


def test_wrong_input_is_refused() -> None:
    unet = build_unet(SMALL)
    with pytest.raises(ValueError, match="8 channels, expected 9"):
        unet(torch.zeros(1, 8, 16, 16), torch.tensor([0]), IDS[:1])
    with pytest.raises(ValueError, match="multiple of 2"):
        unet(torch.zeros(1, 9, 15, 16), torch.tensor([0]), IDS[:1])
    with pytest.raises(ModelError, match="unknown model 'moebius-mega'"):
        build_unet("moebius-mega")


def test_config_survives_json() -> None:
    assert UNetConfig.from_dict(SMALL.to_dict()) == SMALL
    with pytest.raises(ModelError, match="unknown U-Net settings: colour"):
        UNetConfig.from_dict({"colour": 3})
    with pytest.raises(ModelError, match="must be odd"):
        replace(SMALL, window=4)
    with pytest.raises(ModelError, match="multiples"):
        replace(SMALL, widths=(30, 64))
