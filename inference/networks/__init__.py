"""The networks: the student and its layers, the teacher, the autoencoder, and their configurations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inference.lazy import lookup

if TYPE_CHECKING:
    from inference.networks.autoencoder import PatchAutoencoder
    from inference.networks.build import build_unet
    from inference.networks.config import (
        COSINE_SCHEDULE,
        PIXELHACKER_CONFIGS,
        RELEASED_SCHEDULE,
        UNET_CONFIGS,
        PatchAutoencoderConfig,
        PixelHackerConfig,
        UNetConfig,
        unet_config,
    )
    from inference.networks.layers import InteractiveLambda, ResidualBlock, TokenNorm, TransformerBlock
    from inference.networks.pixelhacker import PixelHackerUNet
    from inference.networks.unet import MoebiusUNet, UNetOutput

__all__ = [
    "COSINE_SCHEDULE",
    "PIXELHACKER_CONFIGS",
    "RELEASED_SCHEDULE",
    "UNET_CONFIGS",
    "InteractiveLambda",
    "MoebiusUNet",
    "PatchAutoencoder",
    "PatchAutoencoderConfig",
    "PixelHackerConfig",
    "PixelHackerUNet",
    "ResidualBlock",
    "TokenNorm",
    "TransformerBlock",
    "UNetConfig",
    "UNetOutput",
    "build_unet",
    "unet_config",
]

_HOMES = {
    "autoencoder": ("PatchAutoencoder",),
    "build": ("build_unet",),
    "config": (
        "COSINE_SCHEDULE",
        "PIXELHACKER_CONFIGS",
        "PatchAutoencoderConfig",
        "PixelHackerConfig",
        "RELEASED_SCHEDULE",
        "UNET_CONFIGS",
        "UNetConfig",
        "unet_config",
    ),
    "layers": (
        "InteractiveLambda",
        "ResidualBlock",
        "TokenNorm",
        "TransformerBlock",
    ),
    "pixelhacker": ("PixelHackerUNet",),
    "unet": (
        "MoebiusUNet",
        "UNetOutput",
    ),
}

__getattr__ = lookup(__name__, _HOMES)
