"""From checkpoints to a model folder the application loads: safetensors and ``config.json``."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL
from safetensors.torch import save_file
from torch import Tensor

from inference.layout import TEMPERATURE
from inference.models import EraseSettings, write_sums
from inference.networks import COSINE_SCHEDULE, UNET_CONFIGS, unet_config
from training.config import ExportConfig, read_toml
from training.networks import read_autoencoder, read_weights
from training.objectives import Epsilon

NAME = "moebius-nano"
LAYOUT_NOTE = "Small and quick: denoises what belongs in the hole coarsely, then corrects copied texture by it."
NOTE = "Makes the hole's content anew, from noise."

# The published models': nothing of what is to be erased is in the start.
NOISE_SETTINGS: dict[str, Any] = {"steps": 20, "strength": 1.0, "start": "noise"}
LAYOUT_SETTINGS: dict[str, Any] = {
    "steps": 8,
    "strength": 1.0,
    "guidance": 1.0,
    "temperature": TEMPERATURE,
    "fill_radius": 3,
    "rim": 2.0,
}


def _save(tensors: dict[str, Tensor], path: Path, metadata: dict[str, str], *, half: bool) -> None:
    """Half precision on disk is half the size; the application computes in its own."""
    ready = {
        key: (value.half() if half and value.is_floating_point() else value).contiguous()
        for key, value in tensors.items()
    }
    temporary = path.with_suffix(".partial")
    save_file(ready, temporary, metadata={"format": "pt", **metadata})
    temporary.chmod(0o644)
    temporary.replace(path)


def _about(config: ExportConfig) -> dict[str, Any]:
    """What the checkpoint says of itself; a checkpoint without that is moebius-nano's."""
    path = config.run / "unet.pt"
    if not path.is_file():
        raise ValueError(f"there is no checkpoint {path}; --run names the folder of train or distill")
    state = torch.load(path, map_location="cpu", weights_only=True)
    settings = {"model": NAME, "objective": "epsilon", "autoencoder": str(config.run)} | state.get("settings", {})
    if settings["objective"] not in ("epsilon", "layout"):
        raise ValueError(f"{path} was trained for the objective {settings['objective']}, which there is no more")
    shape = state.get("config") or UNET_CONFIGS[NAME].to_dict()
    return {"step": int(state["step"]), "shape": shape, **settings}


def export(config: ExportConfig) -> None:
    """Write the weights of ``config.run``'s checkpoint to the folder ``config.model``, with their settings.

    Raises ``ValueError`` where there is nothing to export, and :class:`inference.errors.ModelError` where weights do
    not fit.
    """
    about = _about(config)
    unet = read_weights(config.run / "unet.pt", averaged=config.averaged)
    folder = config.autoencoder or Path(str(about["autoencoder"]))
    config.model.mkdir(parents=True, exist_ok=True)
    metadata = {"step": str(about["step"]), "objective": about["objective"], "config": json.dumps(about["shape"])}
    if about["objective"] == "layout":
        _layout(config, about, unet, metadata)
    elif config.layout == "published":
        _published(config, about, unet, folder, metadata)
    else:
        _own(config, about, unet, folder, metadata)
    print(f"wrote {config.model} (step {about['step']})")


def _layout(config: ExportConfig, about: dict[str, Any], unet: dict[str, Tensor], metadata: dict[str, str]) -> None:
    """A model that denoises layouts: it needs no autoencoder."""
    erase = read_toml(config.settings) if config.settings is not None else LAYOUT_SETTINGS
    EraseSettings.from_dict(erase)
    _save(unet, config.model / "unet.safetensors", metadata, half=config.half)
    values = {
        "name": config.name or about["model"],
        "title": config.title or config.model.resolve().name,
        "note": config.note or LAYOUT_NOTE,
        "layout": True,
        "unet": unet_config(about["shape"]).to_dict(),
        "schedule": {**COSINE_SCHEDULE, "prediction_type": "sample"},
        "erase": erase,
    }
    (config.model / "config.json").write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
    write_sums(config.model)


def _own(
    config: ExportConfig, about: dict[str, Any], unet: dict[str, Tensor], folder: Path, metadata: dict[str, str]
) -> None:
    autoencoder = read_autoencoder(folder)
    if isinstance(autoencoder, AutoencoderKL):
        raise ValueError("a model with SDXL's autoencoder is exported with --layout published")
    shape = unet_config(about["shape"])
    erase = read_toml(config.settings) if config.settings is not None else NOISE_SETTINGS
    EraseSettings.from_dict(erase)
    _save(unet, config.model / "unet.safetensors", metadata, half=config.half)
    _save(autoencoder.state_dict(), config.model / "autoencoder.safetensors", {}, half=config.half)
    values = {
        "name": config.name or about["model"],
        "title": config.title or about["model"],
        "note": config.note or NOTE,
        "unet": shape.to_dict(),
        "autoencoder": autoencoder.config.to_dict(),
        "schedule": Epsilon.schedule,
        "erase": erase,
    }
    (config.model / "config.json").write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
    write_sums(config.model)


def _published(
    config: ExportConfig, about: dict[str, Any], unet: dict[str, Tensor], folder: Path, metadata: dict[str, str]
) -> None:
    """One checkpoint with the published keys and a ``vae`` folder, as the authors' releases are laid out."""
    if about["shape"] != UNET_CONFIGS["moebius"].to_dict():
        raise ValueError("the published layout is for moebius; use --layout own")
    source = folder / "vae" if (folder / "vae").is_dir() else folder
    if not (source / "config.json").is_file():
        raise ValueError(f"{folder} holds no vae folder (config.json and weights) to put beside the checkpoint")
    _save(unet, config.model / "diffusion_pytorch_model.safetensors", metadata, half=config.half)
    target = config.model / "vae"
    target.mkdir(exist_ok=True)
    for file in sorted(source.iterdir()):
        if file.name == "config.json" or file.suffix in (".safetensors", ".bin"):
            shutil.copyfile(file, target / file.name)
