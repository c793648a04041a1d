"""The networks a training works with: built by name, and filled from whatever holds their weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL
from torch import Tensor, nn

from inference.models import checkpoint_in, load_weights, read_checkpoint, read_json
from inference.networks import (
    PIXELHACKER_CONFIGS,
    UNET_CONFIGS,
    PatchAutoencoder,
    PatchAutoencoderConfig,
    build_unet,
    unet_config,
)
from training.networks.initial_weights import start_quietly


def make_unet(name: str, changes: dict[str, Any]) -> nn.Module:
    """A fresh U-Net of that name, with ``changes`` to its configuration.

    Raises :class:`inference.errors.ModelError` for unknown names and entries.
    """
    config = UNET_CONFIGS.get(name) or PIXELHACKER_CONFIGS.get(name)
    if config is None or not changes:
        return start_quietly(build_unet(name))
    return start_quietly(build_unet(unet_config({**config.to_dict(), **changes})))


def read_weights(path: Path, *, averaged: bool = True) -> dict[str, Tensor]:
    """The U-Net's tensors of a training's checkpoint (the averaged ones where there are any) or of a model's file."""
    if path.is_dir():
        path = path / "unet.pt" if (path / "unet.pt").exists() else checkpoint_in(path)
    if path.suffix == ".pt":
        state = torch.load(path, map_location="cpu", weights_only=True)
        if "model" in state and isinstance(state["model"], dict):
            return dict(state["average"]["module"] if averaged and "average" in state else state["model"])
    return read_checkpoint(path)


def fill_weights(model: nn.Module, path: Path) -> nn.Module:
    """``model`` with the weights of ``path``; raises :class:`inference.errors.ModelError` where they do not fit."""
    load_weights(model, read_weights(path), path)
    return model


def read_autoencoder(folder: Path) -> PatchAutoencoder | AutoencoderKL:
    """The frozen autoencoder of a training's folder (``autoencoder.pt``), a model's folder, or a ``vae`` folder."""
    if (folder / "autoencoder.pt").is_file():
        state = torch.load(folder / "autoencoder.pt", map_location="cpu", weights_only=True)
        autoencoder = PatchAutoencoder(PatchAutoencoderConfig.from_dict(state.get("config", {})))
        tensors = state["average"]["module"] if "average" in state else state["model"]
        autoencoder.load_state_dict({key.removeprefix("autoencoder."): value for key, value in tensors.items()})
    elif (folder / "autoencoder.safetensors").is_file():
        config = read_json(folder / "config.json")["autoencoder"]
        autoencoder = PatchAutoencoder(PatchAutoencoderConfig.from_dict(config))
        file = folder / "autoencoder.safetensors"
        load_weights(autoencoder, read_checkpoint(file), file)
    elif (folder / "vae").is_dir() or (folder / "config.json").is_file():
        kl = AutoencoderKL.from_pretrained(folder / "vae" if (folder / "vae").is_dir() else folder)
        return kl.eval().requires_grad_(False)
    else:
        raise ValueError(f"{folder} holds no autoencoder: neither autoencoder.pt, autoencoder.safetensors nor vae")
    return autoencoder.eval().requires_grad_(False)


class LatentSpace:
    """Encoding and decoding without gradients, noise drawn per sample so that it does not depend on the batch."""

    def __init__(self, autoencoder: PatchAutoencoder | AutoencoderKL, device: torch.device) -> None:
        self.autoencoder: Any = autoencoder.to(device)
        self.patches = isinstance(autoencoder, PatchAutoencoder)
        if isinstance(autoencoder, PatchAutoencoder):
            self.channels, self.factor = autoencoder.config.latent_channels, autoencoder.config.factor
        else:
            self.channels = int(autoencoder.config.latent_channels)
            self.factor = 2 ** (len(autoencoder.config.block_out_channels) - 1)

    @torch.no_grad()
    def encode(self, pictures: Tensor, generators: list[torch.Generator]) -> Tensor:
        """``(B, 3, H, W)`` in [-1, 1] -> ``(B, C, h, w)``; SDXL's are drawn from its posterior and scaled."""
        if self.patches:
            latents: Tensor = self.autoencoder.encode(pictures)
            return latents
        posterior = self.autoencoder.encode(pictures).latent_dist
        noise = torch.stack([torch.randn(posterior.mean.shape[1:], generator=g) for g in generators])
        scale = float(self.autoencoder.config.scaling_factor)
        return torch.as_tensor((posterior.mean + posterior.std * noise.to(posterior.mean)) * scale)

    @torch.no_grad()
    def decode(self, latents: Tensor) -> Tensor:
        if self.patches:
            pictures: Tensor = self.autoencoder.decode(latents)
            return pictures
        return torch.as_tensor(self.autoencoder.decode(latents / float(self.autoencoder.config.scaling_factor)).sample)
