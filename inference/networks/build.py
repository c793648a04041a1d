"""U-Nets with fresh weights, by name or configuration."""

from __future__ import annotations

from typing import Any, overload

from inference.errors import ModelError
from inference.networks.config import PIXELHACKER_CONFIGS, UNET_CONFIGS, PixelHackerConfig, UNetConfig
from inference.networks.pixelhacker import PixelHackerUNet
from inference.networks.unet import MoebiusUNet


@overload
def build_unet(name: UNetConfig) -> MoebiusUNet: ...
@overload
def build_unet(name: PixelHackerConfig) -> PixelHackerUNet: ...
@overload
def build_unet(name: str) -> Any: ...
def build_unet(name: str | UNetConfig | PixelHackerConfig) -> MoebiusUNet | PixelHackerUNet:
    """A U-Net with fresh weights, by name or configuration.

    Names: ``"moebius"``, its teacher ``"pixelhacker"``, and the small ones of both, ``"moebius-nano"`` and
    ``"pixelhacker-nano"``. Raises :class:`ModelError` for an unknown name.
    """
    if isinstance(name, str):
        known: dict[str, UNetConfig | PixelHackerConfig] = {**UNET_CONFIGS, **PIXELHACKER_CONFIGS}
        if name not in known:
            raise ModelError(f"unknown model {name!r}; known: {', '.join(known)}.")
        name = known[name]
    if isinstance(name, UNetConfig):
        return MoebiusUNet(name)
    return PixelHackerUNet(name)
