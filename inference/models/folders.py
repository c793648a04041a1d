"""The folders of installed models: what is installed, what has been begun, what a record says of each.

::

    models/
      moebius-ft_places2/     installed: checkpoint as safetensors, and source.json
      vae/                    the autoencoder all published checkpoints share
      taesdxl/                what draws their previews, where it was fetched
      .incomplete/NAME/       a download: plan.json, files, and NAME.part of the one under way
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

from platformdirs import user_data_path

from inference.errors import ModelError

RECORD = "source.json"
SHARED_VAE = "vae"
PREVIEW_DECODER = "taesdxl"  # kept like a model, but nothing can be erased with it
INCOMPLETE = ".incomplete"
SEGMENTERS = ("sam2", "sam2_video")  # as their config.json calls them


def models_folder() -> Path:
    """Where the user's models are kept; need not exist."""
    return user_data_path("moebius", appauthor=False) / "models"


def installed_path(name: str, models: Path | None = None) -> Path | None:
    """The folder of an installed model, None where there is none of that name."""
    if not name or name.startswith(".") or name == SHARED_VAE or Path(name).name != name:
        return None
    path = (models or models_folder()) / name
    return path if (path / RECORD).is_file() else None


def installed_models(models: Path | None = None) -> list[str]:
    """Names of the user's models, sorted; the decoder of previews is none."""
    folder = models or models_folder()
    try:
        found = [p.name for p in folder.iterdir()]
    except OSError:
        return []
    return sorted(name for name in found if name != PREVIEW_DECODER and installed_path(name, folder) is not None)


def is_segmenter(path: Path) -> bool:
    """Whether a folder holds a model that selects, not one that erases: SAM 2, as ``transformers`` keeps it."""
    try:
        values = json.loads((path / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(values, dict) and values.get("model_type") in SEGMENTERS


def installed_segmenter(models: Path | None = None) -> Path | None:
    """The folder of the first installed model that selects, None where there is none."""
    paths = (installed_path(name, models) for name in installed_models(models))
    return next((path for path in paths if path is not None and is_segmenter(path)), None)


def read_record(folder: Path) -> dict[str, Any]:
    """What is known of where a model came from; empty where it can't be read."""
    try:
        values = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}


def write_durably(path: Path, text: str) -> None:
    """Write a small file so that after a crash the old or the new one is there."""
    temporary = path.with_name(f".{path.name}.tmp")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def has_autoencoder(models: Path | None = None) -> bool:
    """Whether the autoencoder of the published models is installed."""
    return ((models or models_folder()) / SHARED_VAE / "diffusion_pytorch_model.safetensors").is_file()


def incomplete_folder(name: str, models: Path | None = None) -> Path:
    """Where a model's download is gathered."""
    return (models or models_folder()) / INCOMPLETE / name


def remove_model(name: str, models: Path | None = None) -> None:
    """Delete an installed model, and the shared autoencoder with the last that needs it.

    Raises :class:`ModelError` where there is none of that name or it can't be deleted.
    """
    folder = models or models_folder()
    path = installed_path(name, folder)
    if path is None:
        raise ModelError(f"There is no installed model {name!r} to remove.")
    try:
        # Out of sight first: a model half deleted is never offered.
        shares = bool(read_record(path).get("shared_vae"))
        grave = folder / INCOMPLETE / f"{name}.removed"
        grave.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(grave, ignore_errors=True)
        path.replace(grave)
        shutil.rmtree(grave)
        needed = any(read_record(folder / other).get("shared_vae") for other in installed_models(folder))
        if shares and not needed and (folder / SHARED_VAE).is_dir():
            shutil.rmtree(folder / SHARED_VAE)
    except OSError as error:
        raise ModelError(f"{name} could not be removed completely: {error.strerror or error}.") from error


def forget_download(name: str, models: Path | None = None) -> None:
    """Delete what has been fetched of a model so far."""
    shutil.rmtree(incomplete_folder(name, models), ignore_errors=True)
