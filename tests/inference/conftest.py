"""A tiny model folder of each kind, with stand-in weights."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from safetensors.torch import save_file

from inference import ErasePipeline
from inference.networks.autoencoder import PatchAutoencoder
from inference.networks.build import build_unet
from inference.networks.config import COSINE_SCHEDULE, PatchAutoencoderConfig
from tests.oracles.stand_in import fill
from tests.oracles.tiny_published import TINY, write_published


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in the program's own form: 128 px native, conditioned on the patch fill."""
    folder = tmp_path_factory.mktemp("tiny")
    save_file(dict(fill(build_unet(TINY)).state_dict()), folder / "unet.safetensors")
    autoencoder = PatchAutoencoderConfig(encoder_width=16, decoder_widths=(8, 8, 8))
    save_file(dict(fill(PatchAutoencoder(autoencoder)).state_dict()), folder / "autoencoder.safetensors")
    erase: dict[str, object] = {"steps": 4, "strength": 0.6, "guidance": 1.5, "noise_offset": 0.0}
    erase |= {"condition": "fill", "start": "fill", "refine": 0.0}
    values = {
        "name": "tiny",
        "title": "Tiny",
        "unet": TINY.to_dict(),
        "autoencoder": autoencoder.to_dict(),
        "schedule": COSINE_SCHEDULE,
        "erase": erase,
    }
    (folder / "config.json").write_text(json.dumps(values))
    return folder


@pytest.fixture
def two_fills_folder(tiny_folder: Path, tmp_path: Path) -> Path:
    """A model that is given a second fill."""
    folder = tmp_path / "two fills"
    folder.mkdir()
    shape = replace(TINY, extra_fills=1)
    save_file(dict(fill(build_unet(shape)).state_dict()), folder / "unet.safetensors")
    (folder / "autoencoder.safetensors").write_bytes((tiny_folder / "autoencoder.safetensors").read_bytes())
    values = json.loads((tiny_folder / "config.json").read_text())
    values["unet"] = shape.to_dict()
    (folder / "config.json").write_text(json.dumps(values))
    return folder


@pytest.fixture(scope="session")
def tiny(tiny_folder: Path) -> ErasePipeline:
    return ErasePipeline.load(tiny_folder, device="cpu")


@pytest.fixture
def published_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder laid out as the published weights are, of a small network that stands for the full one."""
    return write_published(tmp_path, monkeypatch)
