"""From checkpoints to a model folder the application loads: safetensors and ``config.json``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import nn

from inference.autoencoder import PatchAutoencoder
from inference.config import COSINE_SCHEDULE, UNET_CONFIGS, PatchAutoencoderConfig
from inference.unet import build_unet

NAME = "moebius-nano"
TITLE = "Moebius nano (bundled)"
NOTE = "Small and quick: copies texture from around the hole, then corrects colour and light."

# Chosen by ``python -m training evaluate``; the model card has the figures.
ERASE_SETTINGS: dict[str, Any] = {
    "steps": 10,
    "strength": 0.4,
    "guidance": 1.0,
    "noise_offset": 0.0,
    "condition": "fill",
    "start": "fill",
    "whiten": True,
    "keep_known": True,
    "transfer_sigma": 12.0,
    "transfer_gain": 0.5,
    "fill_radius": 3,
}


def read_averaged(checkpoint: Path) -> tuple[dict[str, torch.Tensor], int]:
    """The moving average of a checkpoint and its step."""
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    return state["average"]["module"], int(state["step"])


def read_autoencoder(folder: Path) -> PatchAutoencoder:
    """The averaged autoencoder of ``folder/autoencoder.pt``."""
    autoencoder = PatchAutoencoder(PatchAutoencoderConfig())
    autoencoder.load_state_dict(read_averaged(folder / "autoencoder.pt")[0])
    return autoencoder.eval()


def _save(module: nn.Module, path: Path, metadata: dict[str, str]) -> None:
    """Half precision on disk: half the size; the application computes in single precision."""
    state = module.state_dict().items()
    tensors = {key: (value.half() if value.is_floating_point() else value).contiguous() for key, value in state}
    temporary = path.with_suffix(".partial")
    save_file(tensors, temporary, metadata={"format": "pt", **metadata})
    temporary.chmod(0o644)
    temporary.replace(path)


def export(out: Path, model: Path) -> None:
    """Write the averaged weights of ``out``'s checkpoints to the folder ``model``, with their settings."""
    model.mkdir(parents=True, exist_ok=True)
    state, step = read_averaged(out / "unet.pt")
    unet = build_unet(NAME)
    unet.load_state_dict(state)
    autoencoder = read_autoencoder(out)
    _save(unet, model / "unet.safetensors", {"steps": str(step)})
    _save(autoencoder, model / "autoencoder.safetensors", {})
    values = {
        "name": NAME,
        "title": TITLE,
        "note": NOTE,
        "unet": UNET_CONFIGS[NAME].to_dict(),
        "autoencoder": autoencoder.config.to_dict(),
        "schedule": COSINE_SCHEDULE,
        "erase": ERASE_SETTINGS,
    }
    (model / "config.json").write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
    print(f"wrote {model} (step {step})")
