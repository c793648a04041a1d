"""Stand-ins of the published models: their form, at a size for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from inference.networks import config
from inference.networks.build import build_unet

SMALL = config.UNetConfig(widths=(32, 32), window=3, groups=8, grid=8, embedding_width=16, context_width=16)


def shrink(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the published forms expected at a size for tests."""
    monkeypatch.setitem(config.UNET_CONFIGS, "moebius", SMALL)
    vae = {"block_out_channels": (8, 8), "layers_per_block": 1, "norm_num_groups": 4}
    blocks = {"down_block_types": ("DownEncoderBlock2D",) * 2, "up_block_types": ("UpDecoderBlock2D",) * 2}
    monkeypatch.setattr("inference.models.loading._SDXL_VAE", {**_sdxl(), **vae, **blocks})


def _sdxl() -> dict[str, Any]:
    from inference.models import loading

    return dict(loading._SDXL_VAE)


def unet_state() -> dict[str, Tensor]:
    torch.manual_seed(0)
    return build_unet(SMALL).state_dict()


def vae_state() -> dict[str, Tensor]:
    from diffusers import AutoencoderKL

    from inference.models import loading

    torch.manual_seed(0)
    return {k: v.half() for k, v in AutoencoderKL(**loading._SDXL_VAE).state_dict().items()}


def publish(root: Path) -> Path:
    """A folder as on the hub: pickled checkpoint and pickled autoencoder."""
    for name, state in (("ft_places2", unet_state()), ("vae", vae_state())):
        (root / name).mkdir(parents=True)
        torch.save(state, root / name / "diffusion_pytorch_model.bin")
    return root
