"""Training on layouts: samples that are functions of their number, a loss that falls, a model that loads."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from inference import ErasePipeline
from inference.layout import Hints, base_of
from inference.models import find_model
from training.config import ExportConfig, FitChoiceConfig, PackConfig, PrepareLayoutsConfig, TrainConfig, make_config
from training.export import export
from training.layouts import LayoutTask, fit_choice, pack, prepare_layouts
from training.layouts.choice import fit
from training.layouts.holes import draw_hole
from training.layouts.pictures import Crops, held_out
from training.layouts.samples import CELLS, NAMES, SLICE, Pool, Samples, make_slice, varied
from training.layouts.scenes import Scenes
from training.layouts.task import error
from training.run.loop import Training, start_accelerator, train

CPU = torch.device("cpu")
TINY: dict[str, Any] = {
    "latent_channels": 16,
    "extra_fills": 1,
    "hole_channels": 36,
    "widths": [24, 32],  # a first width of as many channels as latents have would let noise through
    "layers_per_block": 1,
    "heads": 4,
    "groups": 8,
    "window": 3,
    "grid": 16,
    "embedding_width": 8,
    "context_width": 8,
}


@pytest.fixture(scope="module")
def crops(corpus: Path) -> Crops:
    return Crops(corpus / "photos")


@pytest.fixture(scope="module")
def folder(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A slice of samples."""
    out = tmp_path_factory.mktemp("layouts")
    assert prepare_layouts(PrepareLayoutsConfig(photos=corpus / "photos", out=out, slices=1)) == 1
    return out


@pytest.fixture
def config(folder: Path, tmp_path: Path) -> TrainConfig:
    values = {"out": tmp_path / "run", "samples": folder, "objective": "layout", "unet": TINY}
    values |= {"batch": 4, "steps": 4, "warmup": 1, "rate": 2e-3, "log_every": 1, "ema": 0.9}
    return make_config(TrainConfig, {**values, "optimizer": "adamw", "tensorboard": False})


def _generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_crops_and_scenes_are_pictures(crops: Crops) -> None:
    for source in (crops, Scenes(crops)):
        pictures = [source.draw(96, np.random.default_rng(seed)) for seed in range(6)]
        assert all(picture.shape == (96, 96, 3) and picture.dtype == np.uint8 for picture in pictures)
        assert min(picture.std() for picture in pictures) > 1
        assert np.array_equal(pictures[0], source.draw(96, np.random.default_rng(0)))


def test_holes_are_neither_empty_nor_everything(crops: Crops) -> None:
    rng = np.random.default_rng(1)
    holes = [draw_hole(crops.draw(128, rng), rng) for _ in range(12)]
    assert all(hole.shape == (128, 128) and 0.01 < hole.mean() < 0.6 for hole in holes)


def test_a_slice_is_a_function_of_its_number_and_kept(crops: Crops, folder: Path, corpus: Path) -> None:
    pool = Pool(folder, CPU)
    assert len(pool) == SLICE
    again = make_slice(crops, Scenes(crops), 0.2, 0, 0)
    for name, values in pool.all().tensors().items():
        assert values.shape[2:] == (CELLS, CELLS)
        assert torch.allclose(values, again.tensors()[name], atol=2e-3), name
    assert prepare_layouts(PrepareLayoutsConfig(photos=corpus / "photos", out=folder, slices=1)) == 0


def test_a_sample_is_varied_as_a_whole(folder: Path) -> None:
    samples = Pool(folder, CPU).all()
    made = varied(samples, _generator(2))
    known = (made.hints.share == 0).expand_as(made.truth)
    for fill in (made.hints.patches, made.hints.edges):
        assert torch.allclose(fill[known], made.truth[known], atol=2e-2)
    assert not torch.equal(made.truth, samples.truth)


def test_samples_that_come_later_are_found_and_none_is_an_error(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="prepare-layouts"):
        Pool(tmp_path, CPU)
    source = folder / "000000.npz"
    (tmp_path / source.name).write_bytes(source.read_bytes())
    pool = Pool(tmp_path, CPU)
    (tmp_path / "000001.npz").write_bytes(source.read_bytes())
    pool.refresh()
    assert len(pool) == 2 * SLICE


def test_the_choice_that_is_fitted_beats_both_fills(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    samples = Pool(folder, CPU).all()
    hints = samples.hints
    # The patch fill is right where the picture is rough, the other where it is not
    rough = (hints.energy > hints.energy.median()).float()
    noise = 0.3 * torch.randn(hints.patches.shape, generator=_generator(3))
    made = Hints(
        samples.truth + (1 - rough) * noise, samples.truth + rough * noise, hints.share, hints.energy, hints.coherence
    )
    weights = fit(Samples(samples.truth, made))
    assert weights.shape == (20,) and torch.isfinite(weights).all()
    from inference.layout import appearance, terms

    share = (terms(appearance(made)) * weights[None, :, None, None]).sum(1, keepdim=True).clamp(0, 1)
    chosen = made.patches + share * (made.edges - made.patches)
    zero = torch.zeros(SLICE, 16, CELLS // 2, CELLS // 2)
    wrong = [float(error(zero, samples.truth, made, base).mean()) for base in (chosen, made.patches, made.edges)]
    assert wrong[0] < 0.9 * min(wrong[1:])
    assert fit_choice(FitChoiceConfig(samples=folder)).shape == (20,)
    assert "WEIGHTS" in capsys.readouterr().out


def test_an_interrupted_training_goes_on_exactly_and_its_model_erases(config: TrainConfig, tmp_path: Path) -> None:
    accelerator = start_accelerator(config)
    whole = Training(LayoutTask(config, accelerator), config, accelerator)
    config.out.mkdir()
    whole.run()
    parts = replace(config, out=tmp_path / "parts")
    train(LayoutTask(parts, accelerator), replace(parts, steps=2), accelerator)
    going_on = replace(parts, resume=True)
    again = Training(LayoutTask(going_on, accelerator), going_on, accelerator)
    again.run()
    for key, value in whole.plain.state_dict().items():
        assert torch.equal(value, again.plain.state_dict()[key]), key
    export(ExportConfig(run=config.out, model=tmp_path / "model"))
    pipeline = ErasePipeline.load(tmp_path / "model", device="cpu")
    assert pipeline.folder.layout and pipeline.folder.native == 256
    assert pipeline.folder.title == "model", "its folder's name: the bundled model's title is that one's alone"
    export(ExportConfig(run=config.out, model=tmp_path / "model", title="Mine"))
    assert find_model(tmp_path / "model").title == "Mine"
    image, mask = np.full((80, 90, 3), 90, np.uint8), np.zeros((80, 90), np.uint8)
    mask[30:50, 30:60] = 255
    assert pipeline.erase(image, mask, exact_mask=True).shape == image.shape


def test_the_loss_falls_and_begins_at_the_choice(config: TrainConfig) -> None:
    config = replace(config, steps=24, batch=8)
    accelerator = start_accelerator(config)
    task = LayoutTask(config, accelerator)
    optimizer = torch.optim.AdamW(task.model.parameters(), 1e-2)
    gains = []
    for step in range(config.steps):
        loss, shown = task.loss(task.model, task.batch(step, range(8)), step)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        gains.append(float(shown["gain_db"]))
    assert abs(gains[0]) < 0.1 and sum(gains[-6:]) / 6 > 0.1


def test_what_does_not_fit_is_told(config: TrainConfig, folder: Path) -> None:
    accelerator = start_accelerator(config)
    with pytest.raises(ValueError, match="can't denoise layouts"):
        LayoutTask(replace(config, unet={**TINY, "latent_channels": 8}), accelerator)
    with pytest.raises(ValueError, match="prepare-layouts"):
        LayoutTask(replace(config, samples=None), accelerator)
    assert base_of(Pool(folder, CPU).all().hints).shape[1] == 3 and NAMES[0] == "truth"


def test_photographs_are_packed_without_those_held_out(corpus: Path, tmp_path: Path) -> None:
    assert len(held_out()) == 28 and not any(name.startswith("#") for name in held_out())
    assert pack(PackConfig(photos=corpus / "photos", out=tmp_path / "photos.tar")) == 3  # one is broken
    assert len(Crops(tmp_path / "photos.tar").pictures) == 3
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="no photograph"):
        pack(PackConfig(photos=tmp_path / "empty", out=tmp_path / "nothing.tar"))
    assert not (tmp_path / "nothing.tar").exists()
    with pytest.raises(ValueError, match="no pictures"):
        Crops(tmp_path / "empty")
