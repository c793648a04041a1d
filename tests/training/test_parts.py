"""Optimizers, shared norms, checkpointing, averages, perceptual terms, picture losses."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch
from torch import nn

from inference.networks.autoencoder import PatchAutoencoder
from inference.networks.build import build_unet
from inference.networks.config import PatchAutoencoderConfig, UNetConfig
from training.config import TrainConfig
from training.losses.perceptual import RandomFeatures, make_perceptual
from training.losses.pictures import haar, picture_loss
from training.networks.batchnorm import recomputing, share_statistics
from training.networks.gradient_checkpointing import checkpoint_layers
from training.networks.initial_weights import start_quietly
from training.run.checkpoints import Average, load_state, save_state
from training.run.loop import learning_rate, own_numbers
from training.run.optimizers import MuonAndAdamW, split_parameters
from training.run.progress import duration


def test_a_fresh_network_says_little_and_hears_everything(tiny_unet_config: UNetConfig) -> None:
    torch.manual_seed(3)
    plain = build_unet(tiny_unet_config)
    quiet = start_quietly(build_unet(tiny_unet_config)).train()
    grid = tiny_unet_config.grid
    sample = torch.randn(8, tiny_unet_config.in_channels, grid, grid)
    ids = torch.arange(tiny_unet_config.tokens)[None].expand(8, -1)
    heard: list[torch.Tensor] = []
    quiet.get_submodule("diff_model.conv_in.bn1").register_forward_hook(lambda _m, _i, output: heard.append(output))
    said = quiet(sample, torch.tensor([999]), ids).sample
    assert said.std().item() == pytest.approx(0.1, rel=0.05)
    assert (heard[0] > 0).float().mean().item() > 0.98  # the ReLU after it cuts next to nothing
    assert {k: v.shape for k, v in quiet.state_dict().items()} == {k: v.shape for k, v in plain.state_dict().items()}
    assert start_quietly(torch.nn.Linear(2, 2)).weight.shape == (2, 2)  # other networks are left alone


def test_muon_gets_the_matrices_and_nothing_else(tiny_unet_config: UNetConfig) -> None:
    model = build_unet(tiny_unet_config)
    names = {id(p): name for name, p in model.named_parameters()}
    matrices, tables, vectors = ([names[id(p)] for p in group] for group in split_parameters(model))
    assert sorted(matrices + tables + vectors) == sorted(names.values())
    assert "embedding_layer.weight" in tables
    assert not any("conv_in" in name or "conv_out" in name for name in matrices)
    assert any("conv_out.conv_pw" in name for name in tables)
    kinds = {name.split(".")[-2] for name in matrices}
    assert {"proj_in", "proj_out", "to_q", "conv_pw", "linear_1", "encoder_hid_proj", "conv"} <= kinds
    assert not any(word in name for name in matrices for word in ("conv_dw", "depth_conv", "pos_conv", "rel_pos_emb"))


def test_muon_updates_a_convolution_as_it_would_the_matrix() -> None:
    torch.manual_seed(0)
    conv, plain = nn.Conv2d(6, 4, 1, bias=False), nn.Linear(6, 4, bias=False)
    with torch.no_grad():
        plain.weight.copy_(conv.weight.flatten(1))
    weight = conv.get_parameter("weight")
    settings = {"rate": 0.1, "weight_decay": 0.1, "momentum": 0.9, "betas": (0.9, 0.99)}
    wrapped = MuonAndAdamW([weight], [], [nn.Parameter(torch.zeros(1))], **settings)  # type: ignore[arg-type]
    direct = torch.optim.Muon(
        plain.parameters(), lr=0.1, weight_decay=0.1, momentum=0.9, adjust_lr_fn="match_rms_adamw"
    )
    before = conv.weight.detach().clone()
    for step in range(3):
        gradient = torch.randn(4, 6, generator=torch.Generator().manual_seed(step))
        conv.weight.grad, plain.weight.grad = gradient.view_as(conv.weight).clone(), gradient.clone()
        wrapped.step()
        direct.step()
    assert not torch.equal(conv.weight, before)
    assert torch.equal(conv.weight.flatten(1), plain.weight)


def test_the_optimizers_state_survives(tiny_unet_config: UNetConfig, train_config: TrainConfig) -> None:
    from training.run.optimizers import make_optimizer

    torch.manual_seed(0)
    model = build_unet(tiny_unet_config)
    twin = copy.deepcopy(model)
    first, second = make_optimizer(model, train_config), make_optimizer(twin, train_config)

    def step(net: nn.Module, optimizer: MuonAndAdamW, seed: int) -> None:
        generator = torch.Generator().manual_seed(seed)
        for parameter in net.parameters():
            parameter.grad = torch.randn(parameter.shape, generator=generator)
        optimizer.step()

    step(model, first, 1)
    twin.load_state_dict(model.state_dict())
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    step(model, first, 2)
    step(twin, second, 2)
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), twin.parameters(), strict=True))


def test_rates() -> None:
    config = TrainConfig(out=Path("x"), autoencoder=Path("y"), rate=1.0, warmup=10, steps=100)
    assert learning_rate(config, 0) == pytest.approx(0.1)
    assert learning_rate(config, 50) == 1
    falling = TrainConfig(out=Path("x"), autoencoder=Path("y"), rate=1.0, warmup=1, steps=100, schedule="cosine")
    assert learning_rate(falling, 50) == pytest.approx(0.51)
    assert learning_rate(falling, 100) == pytest.approx(0.02)


def test_processes_and_parts_share_the_batch() -> None:
    config = TrainConfig(out=Path("x"), autoencoder=Path("y"), batch=12, accumulate=2)
    mine = [list(part) for rank in range(3) for part in own_numbers(config, rank, 3)]
    assert sorted(number for part in mine for number in part) == list(range(12))
    assert [len(part) for part in mine] == [2] * 6
    with pytest.raises(ValueError, match="does not divide"):
        own_numbers(config, 0, 5)


def test_checkpointing_changes_nothing_but_the_memory(tiny_unet_config: UNetConfig) -> None:
    torch.manual_seed(0)
    plain = build_unet(tiny_unet_config).train()
    twin = copy.deepcopy(plain)
    assert checkpoint_layers(twin) == 12  # two levels of 1 + 2 layers, two blocks each
    sample = torch.randn(2, 9, 8, 8)
    for model in (plain, twin):
        output = model(sample, torch.tensor([3, 500]), torch.arange(10).repeat(2, 1))
        # Two passes backwards, as distillation makes them
        torch.autograd.grad(
            output.block_outputs[1].square().mean(), model.diff_model.conv_in.conv_pw.weight, retain_graph=True
        )
        output.sample.square().mean().backward()
    for (name, a), b in zip(plain.named_parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(a.grad, b.grad, msg=name)
    for (name, own), other in zip(plain.named_buffers(), twin.buffers(), strict=True):
        torch.testing.assert_close(own, other, msg=name)


def test_recomputed_batches_are_not_counted_twice() -> None:
    norm = share_statistics(nn.BatchNorm2d(3))
    x = torch.randn(4, 3, 5, 5)
    first = norm(x)
    mean = norm.get_buffer("running_mean").clone()
    with recomputing():
        torch.testing.assert_close(norm(x), first)
    assert torch.equal(norm.get_buffer("running_mean"), mean)
    assert int(norm.get_buffer("num_batches_tracked")) == 1


def test_averages_start_quickly_and_survive_a_checkpoint(tmp_path: Path) -> None:
    layer = nn.Linear(2, 2)
    average = Average(layer, 0.9)
    with torch.no_grad():
        layer.weight.fill_(5)
    for _ in range(100):
        average.update(layer)
    weight = average.module.state_dict()["weight"]
    torch.testing.assert_close(weight, layer.weight.data, rtol=1e-3, atol=1e-3)
    save_state(tmp_path / "a" / "state.pt", {"step": 7}, layer=layer, average=average)
    other, second = nn.Linear(2, 2), Average(nn.Linear(2, 2), 0.9)
    assert load_state(tmp_path / "a" / "state.pt", layer=other, average=second) == {"step": 7}
    torch.testing.assert_close(second.module.state_dict()["weight"], weight)
    assert second.updates == 100
    assert [p.name for p in (tmp_path / "a").iterdir()] == ["state.pt"]
    with pytest.raises(ValueError, match="holds no scaler"):
        load_state(tmp_path / "a" / "state.pt", scaler=other)


def test_random_features_tell_texture_from_blur() -> None:
    term = RandomFeatures(4)
    again = RandomFeatures(4)
    generator = torch.Generator().manual_seed(0)
    truth = torch.randn(2, 4, 16, 16, generator=generator)
    assert term(truth, truth, 0).item() == 0
    near, blurred = truth + 0.1 * torch.randn(truth.shape, generator=generator), torch.zeros_like(truth)
    for seed in range(8):
        assert 0 < term(near, truth, seed) < term(blurred, truth, seed)
    assert term(near, truth, 1) == again(near, truth, 1)
    moved = near.requires_grad_()
    term(moved, truth, 3).backward()
    assert moved.grad is not None and moved.grad.isfinite().all()


def test_a_perceptual_term_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "elatentlpips", None)
    with pytest.raises(RuntimeError, match=r"E-LatentLPIPS can't be used .*random_features"):
        make_perceptual("elatentlpips", 4, torch.device("cpu"))
    assert make_perceptual("none", 4, torch.device("cpu")) is None


def test_haar_details_of_a_flat_picture_are_zero() -> None:
    coarse, details = haar(torch.full((1, 3, 8, 8), 0.3))
    torch.testing.assert_close(coarse, torch.full((1, 3, 4, 4), 0.3))
    assert details.abs().max() < 1e-6
    assert picture_loss(torch.zeros(1, 3, 16, 16), torch.full((1, 3, 16, 16), 0.25)).item() == pytest.approx(0.25)


def test_components_reconstruct_smooth_patches() -> None:
    autoencoder = PatchAutoencoder(PatchAutoencoderConfig(encoder_width=16, decoder_widths=(8, 8, 8)))
    generator = torch.Generator().manual_seed(0)
    shades = torch.rand(500, 3, 1, 1, generator=generator) * 2 - 1
    slope = (torch.rand(500, 1, 1, 1, generator=generator) - 0.5) * torch.linspace(-1, 1, 8)
    patches = (shades + slope).expand(500, 3, 8, 8).reshape(500, -1)
    autoencoder.start_from_components(patches)
    with torch.no_grad():
        back = autoencoder.linear_decode(autoencoder.linear_encode(patches[:, :, None, None]))
    assert (back.squeeze() - patches).abs().max() < 0.05


@pytest.mark.parametrize(
    ("seconds", "text"), [(45, "45 s"), (720, "12 min"), (12000, "3 h 20 min"), (187200, "2 d 4 h")]
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text
