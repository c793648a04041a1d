"""The teacher: its attention is the recurrence, its network the published one."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch import Tensor

from inference import Cancelled, ErasePipeline, find_model
from inference.errors import ModelError
from inference.networks.build import build_unet
from inference.networks.config import PixelHackerConfig, UNetConfig, unet_config
from inference.networks.gated_linear_attention import STRONGEST_DECAY, gated_linear_attention
from tests.oracles.stand_in import fill

DATA = Path(__file__).parents[2] / "data"
TINY = PixelHackerConfig(widths=(16, 32), heads=4, groups=8, grid=8, embedding_width=12, context_width=8)
IDS = torch.stack([torch.arange(10) + 10, torch.arange(10)])


def recurrence(q: Tensor, k: Tensor, v: Tensor, log_decay: Tensor) -> Tensor:
    """One token after the other, as it is defined."""
    state = q.new_zeros(*q.shape[:2], q.shape[3], v.shape[3])
    outputs = []
    for t in range(q.shape[2]):
        state = state * log_decay[:, :, t, :, None].exp() + k[:, :, t, :, None] * v[:, :, t, None, :]
        outputs.append((q[:, :, t, None, :] @ state)[:, :, 0] * q.shape[3] ** -0.5)
    return torch.stack(outputs, 2)


def inputs(tokens: int, strength: float, seed: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    q, k, decay = (torch.randn(2, 3, tokens, 4, generator=generator, dtype=torch.double) for _ in range(3))
    v = torch.randn(2, 3, tokens, 6, generator=generator, dtype=torch.double)
    return q, k, v, -strength * decay.abs()


@settings(deadline=None, max_examples=30)
@given(
    tokens=st.integers(1, 150), chunk=st.sampled_from([8, 16, 64]), strength=st.sampled_from([0.01, 1.0, 4.0]), seed=...
)
def test_chunks_are_the_recurrence(tokens: int, chunk: int, strength: float, seed: int) -> None:
    values = inputs(tokens, strength, seed % 1000)
    torch.testing.assert_close(
        gated_linear_attention(*values, chunk=chunk), recurrence(*values), rtol=1e-10, atol=1e-10
    )


def test_gradients_are_the_recurrences() -> None:
    values = inputs(70, 0.3, 1)
    for x in values:
        x.requires_grad_()
    towards = torch.randn(2, 3, 70, 6, dtype=torch.double, generator=torch.Generator().manual_seed(2))
    fast = torch.autograd.grad((gated_linear_attention(*values) * towards).sum(), values)
    plain = torch.autograd.grad((recurrence(*values) * towards).sum(), values)
    for a, b in zip(fast, plain, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("decay", [0.0, STRONGEST_DECAY, -1e6])
def test_any_decay_stays_finite_in_single_precision(decay: float) -> None:
    q, k, v, log_decay = (x.float() for x in inputs(200, 1.0, 3))
    values = (q, k, v, torch.full_like(log_decay, decay))
    for x in values:
        x.requires_grad_()
    output = gated_linear_attention(*values)
    torch.testing.assert_close(output, recurrence(*values), rtol=1e-4, atol=1e-4)
    assert all(torch.isfinite(g).all() for g in torch.autograd.grad(output.sum(), values))


def test_keys_and_shapes_are_the_published_ones() -> None:
    with torch.device("meta"):
        unet = build_unet("pixelhacker")
    expected = json.loads((DATA / "pixelhacker_keys.json").read_text())
    state = unet.state_dict()
    assert {key: list(value.shape) for key, value in state.items()} == expected
    assert list(state) == list(expected)
    assert len(state) == 753
    assert sum(p.numel() for p in unet.parameters()) == 862_251_708


def test_forward_agrees_with_the_published_code() -> None:
    with torch.device("meta"):
        unet = build_unet("pixelhacker")
    fill(unet)
    with np.load(DATA / "pixelhacker_forward.npz") as reference:
        with torch.inference_mode():
            output = unet(
                torch.from_numpy(reference["x"]),
                torch.tensor([int(reference["t"])]),
                torch.from_numpy(reference["ids"]),
            )
        pairs = [(output.sample, reference["sample"])]
        pairs += [(block[:, :8, ::2, ::2], reference[f"block{i}"]) for i, block in enumerate(output.block_outputs)]
        assert len(pairs) == 10
        for value, expected in pairs:
            assert np.abs(value.numpy() - expected).max() / np.abs(expected).max() < 1e-4


def test_the_small_teacher_fits_the_small_student() -> None:
    with torch.device("meta"):
        teacher, student = build_unet("pixelhacker-nano"), build_unet("moebius-nano")
        sample = torch.empty(2, 25, 32, 32)
        taught = teacher(sample, torch.zeros(2), torch.zeros(2, 10, dtype=torch.long))
        learned = student(sample, torch.zeros(2), torch.zeros(2, 10, dtype=torch.long))
    assert taught.sample.shape == learned.sample.shape
    blocks = taught.block_outputs
    assert blocks[(len(blocks) + 1) // 2].shape == learned.block_outputs[2].shape


def test_every_weight_learns() -> None:
    torch.manual_seed(0)
    unet = build_unet(TINY).train()
    unet(torch.randn(2, 9, 8, 8), torch.tensor([10, 900]), IDS).sample.square().mean().backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in unet.parameters())


def test_one_sample_serves_all_categories() -> None:
    unet = build_unet(TINY)
    fill(unet)
    sample = torch.randn(1, 9, 8, 8, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        both = unet(sample, torch.tensor([5]), IDS).sample
        alone = unet(sample, torch.tensor([5]), IDS[1:]).sample
    torch.testing.assert_close(both[1:], alone, rtol=1e-4, atol=1e-5)
    with pytest.raises(ValueError, match="channels"):
        unet(sample[:, 1:], torch.tensor([5]), IDS)
    with pytest.raises(ValueError, match="multiple"):
        unet(sample[..., 1:], torch.tensor([5]), IDS)


def test_configurations_survive_writing() -> None:
    for config in (TINY, UNetConfig()):
        assert unet_config(json.loads(json.dumps(config.to_dict()))) == config
    with pytest.raises(ModelError, match="no network"):
        unet_config({"network": "other"})
    with pytest.raises(ModelError, match="unknown"):
        PixelHackerConfig.from_dict({"depth": 3})
    with pytest.raises(ModelError, match="multiples"):
        PixelHackerConfig(widths=(24,))
    with pytest.raises(ModelError, match="positive"):
        PixelHackerConfig(grid=0)


def test_the_teacher_erases(tmp_path: Path, tiny_folder: Path) -> None:
    """From a folder of the program's own form, and cancelled in the middle of a pass."""
    for name in ("config.json", "autoencoder.safetensors"):
        shutil.copy(tiny_folder / name, tmp_path / name)
    values = json.loads((tmp_path / "config.json").read_text())
    config = replace(TINY, latent_channels=8, grid=16)
    values["unet"] = config.to_dict()
    values["erase"] |= {"solver": "unipc", "guidance_until": 0.5}
    (tmp_path / "config.json").write_text(json.dumps(values))
    save_file(dict(fill(build_unet(config)).state_dict()), tmp_path / "unet.safetensors")
    pipeline = ErasePipeline.load(tmp_path, device="cpu")
    image = np.random.default_rng(0).integers(0, 255, (96, 128, 3), dtype=np.uint8)
    mask = np.zeros((96, 128), np.uint8)
    mask[40:60, 50:80] = 255
    result = pipeline.erase(image, mask)
    untouched = ~pipeline.affected(mask)
    assert np.array_equal(result[untouched], image[untouched])
    assert (result != image).any()
    asked = iter(range(1000))
    with pytest.raises(Cancelled):
        pipeline.erase_parts(image, mask, cancelled=lambda: next(asked) > 30)


@pytest.mark.parametrize("suffix", ["safetensors", "bin"])
def test_entries_tell_the_published_networks_apart(tmp_path: Path, suffix: str) -> None:
    (tmp_path / "vae").mkdir()
    (tmp_path / "vae" / "diffusion_pytorch_model.safetensors").touch()
    file = tmp_path / f"diffusion_pytorch_model.{suffix}"
    for config, title, guidance in ((TINY, "PixelHacker", 4.5), (UNetConfig(widths=(32,), grid=4), "Moebius", 2.0)):
        state = dict(build_unet(config).state_dict())
        if suffix == "bin":
            torch.save(state, file)
        else:
            save_file(state, file)
        found = find_model(tmp_path)
        assert found.title.startswith(title)
        assert found.settings.guidance == guidance
