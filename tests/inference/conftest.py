"""A tiny model folder of each kind, with stand-in weights."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from diffusers import AutoencoderKL
from safetensors.torch import save_file

from inference import ErasePipeline
from inference.autoencoder import PatchAutoencoder
from inference.config import COSINE_SCHEDULE, UNET_CONFIGS, PatchAutoencoderConfig, UNetConfig
from inference.unet import build_unet
from tests.oracles.stand_in import fill

TINY = UNetConfig(
    latent_channels=8,
    widths=(16, 32),
    heads=4,
    groups=8,
    window=3,
    grid=16,
    embedding_width=12,
    context_width=8,
)
TINY_VAE = {"block_out_channels": (8, 8, 8, 8), "norm_num_groups": 4, "layers_per_block": 1}


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in the bundled model's form: 128 px native, conditioned on the patch fill."""
    folder = tmp_path_factory.mktemp("tiny")
    save_file(dict(fill(build_unet(TINY)).state_dict()), folder / "unet.safetensors")
    autoencoder = PatchAutoencoderConfig(encoder_width=16, decoder_widths=(8, 8, 8))
    save_file(dict(fill(PatchAutoencoder(autoencoder)).state_dict()), folder / "autoencoder.safetensors")
    erase: dict[str, object] = {"steps": 4, "strength": 0.6, "guidance": 1.5, "noise_offset": 0.0}
    erase |= {"condition": "fill", "start": "fill", "whiten": True, "keep_known": True, "transfer_sigma": 4.0}
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


@pytest.fixture(scope="session")
def tiny(tiny_folder: Path) -> ErasePipeline:
    return ErasePipeline.load(tiny_folder, device="cpu")


@pytest.fixture
def published_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder laid out as the published weights are, of a small network that stands for the full one."""
    small = replace(TINY, latent_channels=4)
    monkeypatch.setitem(UNET_CONFIGS, "moebius", small)
    folder = tmp_path / "ft_places2"
    (tmp_path / "vae").mkdir()
    folder.mkdir()
    torch.save(fill(build_unet(small)).state_dict(), folder / "diffusion_pytorch_model.bin")
    vae = AutoencoderKL(
        in_channels=3,
        out_channels=3,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        latent_channels=4,
        **TINY_VAE,
    )
    torch.save(fill(vae).state_dict(), tmp_path / "vae" / "diffusion_pytorch_model.bin")
    (tmp_path / "vae" / "config.json").write_text(json.dumps({"_class_name": "AutoencoderKL", **TINY_VAE}))
    return folder
