"""From photographs to a model folder that erases: every command once, on next to nothing."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from inference import ErasePipeline
from inference.autoencoder import PatchAutoencoder
from inference.config import UNET_CONFIGS, PatchAutoencoderConfig, UNetConfig
from training.autoencoder import haar, train_autoencoder
from training.evaluate import MEASURES, evaluate
from training.export import export, read_autoencoder
from training.photos import Photographs, read_folder
from training.samples import FOREGROUND, Pool, make_sample, paste, prepare
from training.state import Average, load_state, save_state
from training.unet import draw_size, draw_timesteps, hole_loss, train_unet


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    rng = np.random.default_rng(0)
    for name in ("photos", "cutouts"):
        (folder / name).mkdir()
    for index in range(3):
        smooth = cv2.GaussianBlur(rng.normal(128, 400, (300, 340, 3)), (0, 0), 8)
        cv2.imwrite(str(folder / "photos" / f"{index}.png"), np.clip(smooth, 0, 255).astype(np.uint8))
    thing = np.full((60, 40, 4), (20, 40, 200, 0), np.uint8)
    cv2.ellipse(thing, (20, 30), (16, 26), 0, 0, 360, (20, 40, 200, 255), -1)
    cv2.imwrite(str(folder / "cutouts" / "thing.png"), thing)
    (folder / "photos" / "broken.jpg").write_bytes(b"not a picture")
    return folder


def test_unreadable_pictures_are_skipped_with_a_line(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert len(read_folder(corpus / "photos")) == 3
    assert "broken.jpg: not a readable picture" in capsys.readouterr().out


def test_crops_have_the_size_asked_for(corpus: Path) -> None:
    photos = Photographs(read_folder(corpus / "photos"), smallest=128)
    rng = np.random.default_rng(0)
    assert all(photos.crop(size, rng).shape == (size, size, 3) for size in (64, 128, 300))
    with pytest.raises(ValueError, match="no photograph"):
        Photographs(read_folder(corpus / "photos"), smallest=1000)


def test_pasting_changes_the_picture_under_the_alpha_only(corpus: Path) -> None:
    (thing,) = read_folder(corpus / "cutouts", cv2.IMREAD_UNCHANGED)
    picture = np.full((128, 128, 3), 90, np.uint8)
    pasted, alpha = paste(picture, thing, np.random.default_rng(4))
    assert (pasted[alpha == 0] == 90).all()
    assert (alpha > 0).any()
    assert np.abs(pasted[alpha == 255].astype(int) - (200, 40, 20)).max() < 12


def test_samples_are_filled_inside_the_hole_only(corpus: Path) -> None:
    photos = Photographs(read_folder(corpus / "photos"), smallest=128)
    things = read_folder(corpus / "cutouts", cv2.IMREAD_UNCHANGED)
    labels = set()
    for seed in range(12):
        sample = make_sample(photos, things, 64, np.random.default_rng(seed))
        outside = sample["mask"] == 0
        assert np.array_equal(sample["fill"][outside], sample["picture"][outside])
        labels.add(int(sample["label"]))
    assert FOREGROUND in labels


def test_haar_details_of_a_flat_picture_are_zero() -> None:
    coarse, details = haar(torch.full((1, 3, 8, 8), 0.3))
    torch.testing.assert_close(coarse, torch.full((1, 3, 4, 4), 0.3))
    assert details.abs().max() < 1e-6


def test_hole_loss_against_a_sum_written_out() -> None:
    prediction, target = (
        torch.zeros(1, 2, 2, 2),
        torch.tensor([1.0, 2.0, 3.0, 4.0]).reshape(1, 1, 2, 2).expand(1, 2, 2, 2),
    )
    hole = torch.tensor([1.0, 0.0, 0.0, 1.0]).reshape(1, 1, 2, 2)
    power = (1 * 1 + 0.05 * 4 + 0.05 * 9 + 1 * 16) / 2.1  # above 1, and here the error as well
    assert hole_loss(prediction, target, hole).item() == pytest.approx(1)
    assert hole_loss(prediction + 1, target, hole).item() == pytest.approx((0.05 + 0.05 * 4 + 9) / 2.1 / power)
    assert hole_loss(prediction, target / 10, hole).item() == pytest.approx(power / 100)


def test_sizes_are_drawn_the_same_everywhere() -> None:
    sizes = [draw_size(step, 256) for step in range(60)]
    assert set(sizes) == {256, 192, 128}
    assert sizes == [draw_size(step, 256) for step in range(60)]


def test_some_timesteps_are_the_last() -> None:
    timesteps = draw_timesteps(4000, torch.Generator().manual_seed(0))
    assert 0 <= int(timesteps.min()) < 10
    assert 0.08 < (timesteps == 999).float().mean() < 0.13


def test_averages_start_quickly_and_survive_a_checkpoint(tmp_path: Path) -> None:
    layer = torch.nn.Linear(2, 2)
    average = Average(layer, 0.9)
    with torch.no_grad():
        layer.weight.fill_(5)
    for _ in range(100):
        average.update(layer)
    weight = average.module.state_dict()["weight"]
    torch.testing.assert_close(weight, layer.weight.data, rtol=1e-3, atol=1e-3)
    save_state(tmp_path / "a" / "state.pt", 7, 1.5, layer=layer, average=average)
    other, second = torch.nn.Linear(2, 2), Average(torch.nn.Linear(2, 2), 0.9)
    assert load_state(tmp_path / "none.pt", layer=other) == (0, 0.0)
    assert load_state(tmp_path / "a" / "state.pt", layer=other, average=second) == (7, 1.5)
    torch.testing.assert_close(second.module.state_dict()["weight"], weight)
    assert second.updates == 100
    assert [p.name for p in (tmp_path / "a").iterdir()] == ["state.pt"]


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


def test_every_measure_is_best_for_the_truth() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)
    other = np.full_like(truth, 128)
    hole = np.zeros((64, 64), bool)
    hole[20:40, 20:40] = True
    assert MEASURES["psnr"](truth, truth, hole) > 90 > MEASURES["psnr"](other, truth, hole)
    assert MEASURES["ssim"](truth, truth, hole) == pytest.approx(1)
    assert MEASURES["sharpness"](truth, truth, hole) == pytest.approx(1)
    assert MEASURES["sharpness"](other, truth, hole) == 0
    assert MEASURES["swd"](truth, truth, hole) == 0 < MEASURES["swd"](other, truth, hole)


def test_from_photographs_to_an_evaluated_model(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny = UNetConfig(
        latent_channels=8, widths=(16, 32), heads=4, groups=8, window=3, grid=8, embedding_width=8, context_width=8
    )
    monkeypatch.setitem(UNET_CONFIGS, "moebius-nano", tiny)
    photos, cutouts, out, model = corpus / "photos", corpus / "cutouts", tmp_path / "run", tmp_path / "model"
    prepare(photos, cutouts, tmp_path / "pool", shards=1, size=64)
    pool = Pool(tmp_path / "pool", np.random.default_rng(0))
    assert pool.refresh() == 64
    picture, fill, mask, label = pool.draw(3, 32)
    assert picture.shape == fill.shape == (3, 32, 32, 3)
    assert mask.shape == (3, 32, 32)
    assert label.shape == (3,)
    train_autoencoder(photos, out, minutes=0.01, batch=2, crop=64)
    train_unet(tmp_path / "pool", read_autoencoder(out), out, minutes=0.005, batch=2, size=64)
    assert torch.load(out / "unet.pt", weights_only=True)["step"] >= 1
    train_unet(tmp_path / "pool", read_autoencoder(out), out, minutes=0.005, batch=2, size=64)
    assert "resumed" in capsys.readouterr().out
    export(out, model)
    assert ErasePipeline.load(model, device="cpu").folder.title == "Moebius nano (bundled)"
    evaluate(photos, cutouts, str(model), 1, tmp_path / "sheet.png")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    assert "model, default" in [line["method"] for line in lines]
    assert all(np.isfinite(line["psnr"]) for line in lines)
    assert (tmp_path / "sheet.png").exists()
