"""Training on layouts: samples that are functions of the step, a loss that falls, a model that loads."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from inference import ErasePipeline
from inference.layout import CELLS
from training.config import ExportConfig, PackConfig, TrainConfig, make_config
from training.export import export
from training.layouts import LayoutTask, pack
from training.layouts.holes import LEAST, draw_holes
from training.layouts.pictures import PictureLayouts, held_out
from training.layouts.samples import Stream, filled, varied
from training.layouts.scenes import Scenes
from training.run.loop import Training, start_accelerator, train

CPU = torch.device("cpu")
TINY: dict[str, Any] = {
    "latent_channels": 64,
    "extra_fills": 2,
    "hole_channels": 16,
    "widths": [16, 32],
    "layers_per_block": 1,
    "heads": 4,
    "groups": 8,
    "window": 3,
    "grid": 16,
    "embedding_width": 8,
    "context_width": 8,
}


@pytest.fixture(scope="module")
def pictures(corpus: Path) -> PictureLayouts:
    return PictureLayouts(corpus / "photos", CPU)


@pytest.fixture
def config(corpus: Path, tmp_path: Path) -> TrainConfig:
    values = {"out": tmp_path / "run", "photos": corpus / "photos", "objective": "layout", "unet": TINY, "reuse": 2}
    values |= {"batch": 4, "steps": 4, "warmup": 1, "rate": 2e-3, "log_every": 1, "ema": 0.9, "last_share": 0.5}
    return make_config(TrainConfig, {**values, "optimizer": "adamw", "tensorboard": False})


def _generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_crops_and_scenes_are_layouts(pictures: PictureLayouts) -> None:
    for layouts in (pictures.draw(6, _generator()), Scenes(pictures).draw(6, _generator())):
        assert layouts.shape == (6, 4, CELLS, CELLS) and layouts.abs().max() <= 1
        assert layouts[:, :3].std((1, 2, 3)).min() > 0  # no empty ones


def test_holes_are_neither_too_small_nor_too_large() -> None:
    share = draw_holes(64, CPU, _generator()).mean((1, 2, 3))
    assert share.min() >= LEAST and share.max() <= 0.51 and share.std() > 0.03


def test_a_sample_is_varied_as_a_whole(pictures: PictureLayouts) -> None:
    layouts, holes = pictures.draw(8, _generator()), draw_holes(8, CPU, _generator(1))
    made = varied(filled(layouts, holes), _generator(2))
    known = (made.hole == 0).expand_as(made.layout)
    for fill in (made.smooth, made.edges, made.patches):
        assert torch.allclose(fill[known], made.layout[known], atol=1e-4)


def test_batches_are_functions_of_the_step(pictures: PictureLayouts) -> None:
    def stream() -> Stream:
        return Stream(pictures, Scenes(pictures), batch=4, scene_share=0.5, reuse=2, seed=1)

    whole, later = stream(), stream()
    batches = [whole.draw(step)[0].layout for step in range(3)]
    assert torch.equal(later.draw(2)[0].layout, batches[2]) and not torch.equal(batches[1], batches[2])
    with pytest.raises(ValueError, match="no multiple"):
        Stream(pictures, Scenes(pictures), batch=5, scene_share=0.5, reuse=2, seed=1)


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


def test_the_loss_falls(config: TrainConfig) -> None:
    config = replace(config, steps=16, scene_share=0.0, reuse=4)
    accelerator = start_accelerator(config)
    task = LayoutTask(config, accelerator)
    losses = []
    optimizer = torch.optim.AdamW(task.model.parameters(), 3e-3)
    for step in range(config.steps):
        loss, _ = task.loss(task.model, task.batch(0, range(4)) if step == 0 else step, step)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert sum(losses[-4:]) < sum(losses[:4])


def test_photographs_are_packed_without_those_held_out(corpus: Path, tmp_path: Path) -> None:
    assert len(held_out()) == 28 and not any(name.startswith("#") for name in held_out())
    assert pack(PackConfig(photos=corpus / "photos", out=tmp_path / "photos.tar")) == 3  # one is broken
    packed = PictureLayouts(tmp_path / "photos.tar", CPU)
    assert packed.draw(2, _generator()).shape == (2, 4, CELLS, CELLS)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="no photograph"):
        pack(PackConfig(photos=tmp_path / "empty", out=tmp_path / "nothing.tar"))
    assert not (tmp_path / "nothing.tar").exists()
