"""Models as the window deals with them: what there is, what can be fetched. No torch, no Qt.

Everything here may wait for disk or network, so the window calls it on a thread of its own.
"""

from __future__ import annotations

import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path

from app.engine.protocol import EraseChoice, ModelInfo
from inference.errors import InferenceError, ModelError
from inference.hub import (
    CATALOGUE,
    KnownModel,
    Network,
    Progress,
    Stop,
    Stopped,
    TokenNeeded,
    UnfinishedDownload,
    download,
    known_model,
    unfinished_downloads,
)
from inference.models import (
    PREVIEW_DECODER,
    Preset,
    bundled_models,
    find_model,
    forget_download,
    installed_models,
    installed_path,
    is_segmenter,
    models_folder,
    presets_of,
    read_record,
    remove_model,
)

__all__ = [
    "CATALOGUE",
    "InferenceError",
    "Installed",
    "KnownModel",
    "Network",
    "Progress",
    "Stop",
    "Stopped",
    "Survey",
    "TokenNeeded",
    "UnfinishedDownload",
    "download",
    "forget_download",
    "installed_infos",
    "known_model",
    "models_folder",
    "remove_model",
    "survey",
]


@dataclass(frozen=True)
class Installed:
    """A model the user has."""

    name: str
    title: str
    note: str
    size: int  # bytes on the disk
    licence: str
    source: str  # where it came from
    removable: bool = True
    fault: str = ""  # why it can't be erased with; a sentence
    erases: bool = True  # False: it only selects, or draws previews


@dataclass(frozen=True)
class Survey:
    """What there is on this computer."""

    installed: tuple[Installed, ...] = ()
    begun: tuple[UnfinishedDownload, ...] = ()
    free: int = 0  # bytes on the models' disk
    infos: tuple[ModelInfo, ...] = field(default=(), repr=False)  # of the installed ones that can be chosen


def model_info(name: str) -> ModelInfo:
    """What is known of a model without loading it; raises ``ValueError`` with a sentence."""
    try:
        folder = find_model(name)
    except ModelError as error:
        raise ValueError(str(error)) from error
    settings = folder.settings
    if not folder.has_weights:
        unused = {"steps", "guidance", "strength", "context", "solver", "guidance_until"}
    elif folder.layout:  # denoised from noise, at one size
        unused = {"strength", "context"}
    elif folder.flux:  # it brings its own solver
        unused = {"solver", "guidance_until"}
    else:
        unused = set()
    if (
        folder.has_weights and not folder.layout and "fill" not in (settings.start, settings.condition)
    ):  # nothing is filled beforehand
        unused.add("continue_edges")
    return ModelInfo(
        name,
        folder.title,
        settings.steps,
        settings.guidance,
        settings.strength,
        folder.note,
        starts=settings.start == "noise",
        unused=frozenset(unused),
        speeds=tuple((speed, EraseChoice(**asdict(preset))) for speed, preset in presets_of(folder).items()),
        choice=EraseChoice(**asdict(Preset.of(settings))),
    )


def installed_infos() -> tuple[ModelInfo, ...]:
    """The models of the user's own folder that can be chosen; damaged ones are left out."""
    return tuple(found for found in _looked_at().values() if isinstance(found, ModelInfo))


def _looked_at() -> dict[str, ModelInfo | str]:
    """What is known of each model of the user's own, or why it can't be used; "" of one that only selects."""
    found: dict[str, ModelInfo | str] = {}
    for name in installed_models():
        path = installed_path(name)
        if path is not None and is_segmenter(path):
            found[name] = ""
            continue
        try:
            found[name] = model_info(name)
        except ValueError as error:
            found[name] = str(error)
    return found


def survey() -> Survey:
    """Look at the user's folder of models."""
    found = _looked_at()
    infos = tuple(info for info in found.values() if isinstance(info, ModelInfo))
    bundled = tuple(_bundled(name) for name in bundled_models())
    own = tuple(_installed(name, look) for name, look in found.items())
    if installed_path(PREVIEW_DECODER) is not None:
        own += (_installed(PREVIEW_DECODER, ""),)
    return Survey((*bundled, *own), tuple(unfinished_downloads()), _free(), infos)


def _bundled(name: str) -> Installed:
    known, folder = known_model(name), find_model(name)
    licence = known.licence if known is not None else ""
    return Installed(
        name, folder.title, folder.note, _size(folder.path), licence, "Comes with the program", removable=False
    )


def _installed(name: str, look: ModelInfo | str) -> Installed:
    path = installed_path(name)
    record = read_record(path) if path is not None else {}
    source = str(record.get("source") or record.get("imported_from") or "")
    return Installed(
        name,
        str(record.get("title") or name),
        str(record.get("note") or ""),
        _size(path) if path is not None else 0,
        str(record.get("licence") or ""),
        source,
        fault=look if isinstance(look, str) else "",
        erases=look != "",
    )


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _free() -> int:
    folder = models_folder()
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free
