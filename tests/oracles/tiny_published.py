"""A tiny model in the form of the published ones, with stand-in weights."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from diffusers import AutoencoderKL

from inference.networks.build import build_unet
from inference.networks.config import UNET_CONFIGS, UNetConfig
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


def write_published(root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder within ``root`` laid out as the published weights are; its network stands for the full one."""
    small = replace(TINY, latent_channels=4)
    monkeypatch.setitem(UNET_CONFIGS, "moebius", small)
    folder = root / "ft_places2"
    (root / "vae").mkdir()
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
    torch.save(fill(vae).state_dict(), root / "vae" / "diffusion_pytorch_model.bin")
    (root / "vae" / "config.json").write_text(json.dumps({"_class_name": "AutoencoderKL", **TINY_VAE}))
    return folder
