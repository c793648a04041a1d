"""Importing models: read without running code, checked entry by entry, kept as safetensors. Needs torch."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from inference.errors import ModelError, NoRoomError
from inference.hub.downloading import RESERVE, sources
from inference.hub.registry import KnownModel, known_model
from inference.models import (
    INCOMPLETE,
    PREVIEW_DECODER,
    RECORD,
    SHARED_VAE,
    autoencoder_of,
    bundled_models,
    checkpoint_in,
    find_model,
    has_autoencoder,
    installed_path,
    is_segmenter,
    is_tiny,
    kl_autoencoder,
    load_model,
    load_weights,
    models_folder,
    only_folder,
    read_checkpoint,
    read_json,
    sha256,
    snapshot_of,
    tiny_autoencoder,
    write_durably,
    write_sums,
)
from inference.networks import PIXELHACKER_CONFIGS, UNET_CONFIGS, build_unet

WEIGHTS = "diffusion_pytorch_model.safetensors"
FLUX = "FluxFillPipeline"


@dataclass(frozen=True)
class Imported:
    """What was taken in; ``name`` is empty where that is no model: the shared autoencoder, the decoder of previews."""

    name: str
    title: str


def import_model(source: Path, models: Path | None = None) -> Imported:
    """Take in a model from a local file or folder, which is left as it is.

    ``source`` is a checkpoint, a folder with one (its autoencoder in ``vae`` beside it, unless that is installed
    already), an autoencoder, the decoder of previews, or a folder with this program's own ``config.json``. Raises
    :class:`ModelError` with the reason where it does not fit; nothing is left behind then.
    """
    return _take_in(source, models or models_folder(), None, {"imported_from": str(source)})


def install_download(model: KnownModel, downloaded: Path, models: Path | None = None) -> Imported:
    """Take in what was downloaded of a known model, and delete the download; raises :class:`ModelError`."""
    source = downloaded / model.folder if model.folder else downloaded
    record = {"source": model.source, "files": sources(downloaded)}
    try:
        result = _take_in(source, models or models_folder(), model, record)
    except ModelError as error:  # nobody knows the folder that downloads are gathered in
        raise type(error)(str(error).replace(f"{downloaded}{os.sep}", "")) from error
    shutil.rmtree(downloaded, ignore_errors=True)
    return result


def _take_in(source: Path, models: Path, model: KnownModel | None, record: dict[str, Any]) -> Imported:
    if not source.exists():
        raise ModelError(f"{source} is not there.")
    staging = models / INCOMPLETE / f"import-{uuid.uuid4().hex}"
    try:
        staging.mkdir(parents=True)
        return _Import(source, models, staging, model, record).run()
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            sentence = f"The disk of {models} is full, so the model was not taken in. Make room and try again."
            raise NoRoomError(sentence) from error
        raise ModelError(f"{source} could not be taken in: {error.strerror or error}.") from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)


class _Import:
    """One model on its way in; ``staging`` is deleted afterwards, whatever happens."""

    def __init__(
        self, source: Path, models: Path, staging: Path, model: KnownModel | None, record: dict[str, Any]
    ) -> None:
        self._source, self._models, self._staging, self._model = snapshot_of(source), models, staging, model
        self._record = record
        self._new = staging / "model"

    def run(self) -> Imported:
        self._new.mkdir()
        if self._source.is_dir():
            if (self._source / "model_index.json").is_file():
                return self._flux()
            if is_segmenter(self._source):
                return self._segmenter()
            config = self._source / "config.json"
            if config.is_file() and "unet" in read_json(config):
                return self._own()
        return self._published()

    def _own(self) -> Imported:
        """A folder in this program's form: loaded once to see that it fits, and copied."""
        folder = find_model(self._source)
        name = self._free_name(_slug(folder.name))
        self._ask_room(folder.files.values())
        load_model(self._source, torch.device("cpu"))
        for file in (self._source / "config.json", *folder.files.values()):
            shutil.copyfile(file, self._new / file.name)
        return self._finish(name, folder.title, folder.note, shared=False)

    def _flux(self) -> Imported:
        """FLUX.1 Fill in diffusers' folders; safetensors already, so their headers are read and they are copied."""
        kind = read_json(self._source / "model_index.json").get("_class_name")
        if kind != FLUX:
            raise ModelError(f"{self._source} is a {kind}; only FLUX.1 Fill is known among models of that form.")
        files = [p for p in self._source.rglob("*") if p.is_file() and not p.name.startswith(("plan.json", "."))]
        weights = [p for p in files if p.suffix == ".safetensors"]
        if not any(p.parent.name == "transformer" for p in weights):
            raise ModelError(f"{self._source} has no transformer/*.safetensors; download it again.")
        for path in weights:
            _check_safetensors(path)
        name = self._free_name("flux-1-fill-dev")
        if self._model is None:  # a download is moved
            self._ask_room(weights)
        for path in files:
            if path.suffix in (".safetensors", ".json", ".txt", ".md", ".model"):  # and no pickle
                target = self._new / path.relative_to(self._source)
                target.parent.mkdir(parents=True, exist_ok=True)
                (os.replace if self._model is not None else shutil.copyfile)(path, target)
        return self._finish(name, "FLUX.1 Fill [dev]", "", shared=False)

    def _segmenter(self) -> Imported:
        """A model that selects: safetensors already, so the header is read and it is copied."""
        files = [self._source / name for name in ("config.json", "model.safetensors")]
        if not files[1].is_file():
            raise ModelError(f"{self._source} has no model.safetensors; download it again.")
        _check_safetensors(files[1])
        name = self._free_name(_slug(self._source.name))
        if self._model is None:  # a download is moved
            self._ask_room(files)
        for path in files:
            (os.replace if self._model is not None else shutil.copyfile)(path, self._new / path.name)
        return self._finish(name, f"SAM ({self._source.name})", "Selects, does not erase.", shared=False)

    def _published(self) -> Imported:
        """A plain checkpoint: Moebius's, PixelHacker's, or their autoencoder's; the entries say which."""
        path = self._source if self._source.is_file() else checkpoint_in(only_folder(self._source))
        self._ask_room([path])
        state = read_checkpoint(path)
        if "decoder.conv_in.weight" in state:
            self._autoencoder(path, state)
            self._put_autoencoder()
            return Imported("", "Autoencoder of the published models")
        if is_tiny(state):
            tiny_autoencoder(path, state)
            name = self._free_name(PREVIEW_DECODER)
            _write(state, self._new / WEIGHTS)
            done = self._finish(name, "TAESDXL", "", shared=False)
            return Imported("", done.title)
        teacher = any("attn1.gk_proj" in key for key in state)
        family = "PixelHacker" if teacher else "Moebius"
        place = path.stem if path.stem != "diffusion_pytorch_model" else path.parent.name
        name = self._free_name(f"{family.lower()}-{_slug(place)}")
        with torch.device("meta"):
            unet = build_unet(PIXELHACKER_CONFIGS["pixelhacker"] if teacher else UNET_CONFIGS["moebius"])
        load_weights(unet, state, path)
        _write(state, self._new / WEIGHTS)
        del state, unet
        if not has_autoencoder(self._models):
            self._autoencoder_beside(path)
        return self._finish(name, f"{family} ({place})", "", shared=True)

    def _autoencoder_beside(self, checkpoint: Path) -> None:
        if (folder := autoencoder_of(checkpoint.parent)) is not None:
            path = checkpoint_in(folder)
            self._autoencoder(path, read_checkpoint(path))
            return
        raise ModelError(
            f"{checkpoint.name} needs its autoencoder: import the folder 'vae' of hustvl/PixelHacker first, or put it "
            "beside the checkpoint."
        )

    def _autoencoder(self, path: Path, state: dict[str, Tensor]) -> None:
        kl_autoencoder(path, state, latent_channels=4)
        (self._staging / SHARED_VAE).mkdir()
        _write(state, self._staging / SHARED_VAE / WEIGHTS)
        write_sums(self._staging / SHARED_VAE)
        config = path.parent / "config.json"
        if config.is_file():
            shutil.copyfile(config, self._staging / SHARED_VAE / "config.json")

    def _put_autoencoder(self) -> None:
        ready, target = self._staging / SHARED_VAE, self._models / SHARED_VAE
        if not ready.is_dir() or has_autoencoder(self._models):
            return
        shutil.rmtree(target, ignore_errors=True)
        ready.replace(target)

    def _ask_room(self, files: Iterable[Path]) -> None:
        """Whether the disk can take copies of these; raises :class:`NoRoomError`."""
        needed = sum(file.stat().st_size for file in files) + RESERVE
        free = shutil.disk_usage(self._models).free
        if free < needed:
            raise NoRoomError(
                f"{self._source.name} needs {needed / 1e9:.1f} GB on the disk of {self._models}, "
                f"and {free / 1e9:.1f} GB are free. Make room, then try again."
            )

    def _free_name(self, own: str) -> str:
        name = self._model.name if self._model is not None else own
        if name in bundled_models():
            raise ModelError(f"{name} comes with the program already.")
        if installed_path(name, self._models) is not None:
            raise ModelError(f"There is a model {name} already. Remove that first, or rename the folder to import.")
        return name

    def _finish(self, name: str, title: str, note: str, *, shared: bool) -> Imported:
        known = self._model or known_model(name)
        record = {
            "format": 1,
            "name": name,
            "title": known.title if known is not None else title,
            "note": known.note if known is not None else note,
            "licence": known.licence if known is not None else "",
            "shared_vae": shared,
            **self._record,
            "stored": {
                p.relative_to(self._new).as_posix(): sha256(p) for p in sorted(self._new.rglob("*.safetensors"))
            },
        }
        write_durably(self._new / RECORD, json.dumps(record, indent=1))
        self._put_autoencoder()
        target = self._models / name
        if target.exists():  # without a record: what an interrupted removal left
            shutil.rmtree(target)
        self._new.replace(target)
        return Imported(name, str(record["title"]))


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", text).strip("-.") or "model"


def _write(state: dict[str, Tensor], path: Path) -> None:
    """Entries as safetensors, durably; views get memory of their own."""
    alone = {k: v.contiguous() if v.untyped_storage().nbytes() == v.nbytes else v.clone() for k, v in state.items()}
    seen: set[int] = set()
    for key, value in alone.items():
        if value.data_ptr() in seen:
            alone[key] = value.clone()
        seen.add(value.data_ptr())
    try:
        save_file(alone, path)
    except SafetensorError as error:  # it has no number, only its text: "... (os error 28)"
        number = re.search(r"os error (\d+)", str(error))
        if number is None:
            raise
        code = int(number.group(1))
        raise OSError(code, os.strerror(code), str(path)) from error
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def _check_safetensors(path: Path) -> None:
    try:
        with safe_open(path, framework="pt") as file:
            if not list(file.keys()):
                raise ModelError(f"{path} is empty.")
    except ModelError:
        raise
    except Exception as error:  # the reader meets damaged data with several kinds
        raise ModelError(f"{path} is damaged: {error}.") from error
