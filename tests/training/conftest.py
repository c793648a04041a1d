"""Tiny data and settings: a run of every command in seconds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from inference.networks.autoencoder import PatchAutoencoder
from inference.networks.config import PatchAutoencoderConfig, UNetConfig
from training.config import DistillConfig, PrepareConfig, TrainConfig, make_config
from training.data.samples import prepare
from training.run.checkpoints import save_state

TINY_UNET: dict[str, Any] = {
    "extra_fills": 0,
    "latent_channels": 4,
    "widths": [16, 32],
    "layers_per_block": 1,
    "heads": 4,
    "groups": 8,
    "window": 3,
    "grid": 8,
    "embedding_width": 8,
    "context_width": 8,
}
TINY_AUTOENCODER: dict[str, Any] = {"latent_channels": 4, "encoder_width": 16, "decoder_widths": [8, 8, 8]}


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> Iterator[None]:
    """Matrices this small are not worth a second thread, and waiting for it costs far more than it does."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True)
def fresh_accelerator() -> Iterator[None]:
    """Accelerate keeps its precision for the process; the next test may want another."""
    yield
    from accelerate.state import AcceleratorState

    AcceleratorState._reset_state(True)


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``photos`` (one of them broken), ``cutouts``, ``segments`` of one photograph."""
    folder = tmp_path_factory.mktemp("corpus")
    rng = np.random.default_rng(0)
    for name in ("photos", "cutouts", "segments"):
        (folder / name).mkdir()
    for index in range(3):
        smooth = cv2.GaussianBlur(rng.normal(128, 400, (300, 340, 3)), (0, 0), 8)
        cv2.imwrite(str(folder / "photos" / f"{index}.png"), np.clip(smooth, 0, 255).astype(np.uint8))
    thing = np.full((60, 40, 4), (20, 40, 200, 0), np.uint8)
    cv2.ellipse(thing, (20, 30), (16, 26), 0, 0, 360, (20, 40, 200, 255), -1)
    cv2.imwrite(str(folder / "cutouts" / "thing.png"), thing)
    objects = np.zeros((300, 340), np.uint8)
    cv2.circle(objects, (170, 150), 60, 7, -1)  # ids of objects, not 255: anything but black counts
    cv2.imwrite(str(folder / "segments" / "1.png"), objects)
    (folder / "photos" / "broken.jpg").write_bytes(b"not a picture")
    return folder


@pytest.fixture(scope="session")
def shards(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One shard of 64 samples of 64 px."""
    out = tmp_path_factory.mktemp("shards")
    prepare(PrepareConfig(photos=corpus / "photos", cutouts=corpus / "cutouts", out=out, shards=1, size=64))
    return out


@pytest.fixture(scope="session")
def autoencoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an untrained ``autoencoder.pt``."""
    out = tmp_path_factory.mktemp("autoencoder")
    torch.manual_seed(0)
    model = PatchAutoencoder(PatchAutoencoderConfig.from_dict(TINY_AUTOENCODER))
    save_state(out / "autoencoder.pt", {"step": 0, "config": TINY_AUTOENCODER}, model=model)
    return out


@pytest.fixture
def tiny(shards: Path, autoencoder: Path, tmp_path: Path) -> dict[str, Any]:
    """Settings of a tiny training of a U-Net."""
    return {
        "out": tmp_path / "run",
        "samples": shards,
        "autoencoder": autoencoder,
        "unet": TINY_UNET,
        "size": 64,
        "batch": 4,
        "steps": 4,
        "rate": 1e-3,
        "warmup": 2,
        "log_every": 1,
        "ema": 0.9,
        "tensorboard": False,
    }


@pytest.fixture
def train_config(tiny: dict[str, Any]) -> TrainConfig:
    return make_config(TrainConfig, tiny)


@pytest.fixture(scope="session")
def tiny_unet_config() -> UNetConfig:
    return UNetConfig.from_dict(TINY_UNET)


@pytest.fixture
def distill_config(tiny: dict[str, Any], tmp_path: Path) -> DistillConfig:
    """A wider Moebius teaches: its down block of the same place, its deepest width the student's."""
    teaching = {**TINY_UNET, "widths": [24, 32]}
    torch.manual_seed(3)
    from inference.networks.build import build_unet

    teacher = build_unet(UNetConfig.from_dict(teaching))
    save_state(tmp_path / "teacher.pt", {"step": 0}, model=teacher)
    extra = {
        "teacher": "moebius-nano",
        "teacher_unet": teaching,
        "teacher_weights": tmp_path / "teacher.pt",
        "teacher_block": 1,
        "perceptual": "random_features",
        "timesteps": "lognorm",
        "noise_offset": 0.0357,
    }
    return make_config(DistillConfig, {**tiny, **extra})
