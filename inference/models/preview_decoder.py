"""TAESDXL: a tiny autoencoder of SDXL's latents, whose decoder draws previews where it is installed.

Bohan, "Tiny AutoEncoder for Stable Diffusion" (github.com/madebyollin/taesd); diffusers' AutoencoderTiny.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from inference.errors import ModelError
from inference.models.catalogue import checkpoint_in
from inference.models.checkpoints import load_weights, read_checkpoint
from inference.models.folders import PREVIEW_DECODER, installed_path
from inference.runtime import Check, never, shapes_only, without

if TYPE_CHECKING:
    from diffusers import AutoencoderTiny


def is_tiny(state: dict[str, Tensor]) -> bool:
    """Whether the entries of a checkpoint are those of a tiny autoencoder."""
    return "decoder.layers.0.weight" in state


def tiny_autoencoder(file: Path, state: dict[str, Tensor], check: Check = never) -> AutoencoderTiny:
    """The autoencoder with the entries of ``file``, on the processor; raises :class:`ModelError` where they differ."""
    with without("scipy"):
        from diffusers.models.autoencoders.autoencoder_tiny import AutoencoderTiny

    with shapes_only():
        tiny = AutoencoderTiny()
    load_weights(tiny, state, file, check)
    return tiny.requires_grad_(False).eval()


def installed_decoder(device: torch.device, check: Check = never) -> nn.Module | None:
    """The decoder on ``device``, None where it is not installed; raises :class:`ModelError` where it is damaged.

    It takes latents ``(B, 4, h, w)`` as the U-Net gives them, and gives pictures ``(B, 3, 8h, 8w)`` in [-1, 1].
    """
    path = installed_path(PREVIEW_DECODER)
    if path is None:
        return None
    try:
        file = checkpoint_in(path)
        tiny = tiny_autoencoder(file, read_checkpoint(file, check), check)
    except ModelError as error:
        raise ModelError(
            f"The decoder of previews can't be used, so they are drawn more coarsely; remove {PREVIEW_DECODER} "
            f"among the models and fetch it again. ({error})"
        ) from error
    decoder: nn.Module = tiny.decoder.to(device)
    return decoder
