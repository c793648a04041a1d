"""How long erases take on this machine, as measured: kept in one small file, by model, device, precision and size."""

from __future__ import annotations

import hashlib
import json
import math
import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inference.models.catalogue import ModelFolder
from inference.models.folders import models_folder, write_durably
from inference.models.presets import Preset
from inference.networks import UNetConfig
from inference.runtime import PHASES

VERSION = 2
KEPT = 3  # measurements of each kind, whose median counts: an erase beside other work tells little
_KINDS = ("parts", "first")  # seconds of phases; of the first erase after loading, apart
MOST = 100  # models, devices, precisions and sizes together; the oldest go


def timings_file() -> Path:
    """Where the user's measurements are kept; need not exist."""
    return models_folder().parent / "timings.json"


def file_stamps(folder: ModelFolder) -> list[tuple[str, int, int]]:
    """What tells a model's files from others of the same name, without reading them: names, sizes, times."""
    found = []
    for path in folder.files.values():
        inside = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        found += [(p.name, p.stat().st_size, p.stat().st_mtime_ns) for p in inside]
    return found


def identity(folder: ModelFolder) -> str:
    """What a model is known by here; raises ``OSError`` where files are gone."""
    return hashlib.sha256(json.dumps(file_stamps(folder)).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Work:
    """What an erase of one square consists of, as far as its time goes."""

    place: str  # model, device, precision and side of the square
    steps: int
    guided: int  # steps that run both branches
    deep_every: int = 1  # of so many steps one computes the deep features of the network

    @classmethod
    def of(cls, folder: ModelFolder, preset: Preset, device: str, precision: str, model: str = "") -> Work:
        """``device``, ``precision``: those it really runs on and in; ``model``: its :func:`identity`, where known.

        Raises ``OSError`` where files are gone.
        """
        model = model or identity(folder)
        side = folder.native if folder.layout else preset.context or folder.native
        both = preset.guidance != 1 and not folder.flux
        guided = round(preset.guidance_until * preset.steps) if both else 0
        # As the loop does: see inference.sampling.denoise
        reuses = isinstance(folder.unet, UNetConfig) and device != "cuda"
        deep = preset.deep_every if reuses else 1
        return cls(f"{model} {device} {precision} {side}", preset.steps, guided, deep)

    @property
    def kinds(self) -> tuple[str, ...]:
        """What each step is: of "two" branches or of "one", "shallow" where it uses the deep features of another."""
        kinds = []
        for index in range(self.steps):
            whole = index % self.deep_every == 0 or index == self.guided
            kinds.append(("two" if index < self.guided else "one") + ("" if whole else " shallow"))
        return tuple(kinds)


class Timings:
    """The measurements there are; what can't be read is as if it had not been measured.

    How long an erase takes is always the sum of its parts: times of different settings can only be compared where
    they were come by in the same way.
    """

    def __init__(self, file: Path | None = None) -> None:
        self.file = file or timings_file()
        self._places: dict[str, dict[str, dict[str, list[float]]]] = _read(self.file)

    def add(self, work: Work, parts: Mapping[str, float], *, first: bool = False) -> None:
        """The phases of an erase took ``parts`` seconds, as of :class:`inference.runtime.PhaseClock`.

        ``first``: of its kind since the model was loaded, which takes longer; it counts until there are others.
        Raises ``OSError`` where that can't be written; it is known until the program ends all the same.
        """
        place = self._places.pop(work.place, {kind: {} for kind in _KINDS})
        self._places[work.place] = place  # the newest last
        for name, seconds in parts.items():
            _keep(place["first" if first else "parts"], name, seconds)
        for oldest in list(self._places)[:-MOST]:
            del self._places[oldest]
        self.file.parent.mkdir(parents=True, exist_ok=True)
        write_durably(self.file, json.dumps({"version": VERSION, "places": self._places}))

    def seconds(self, work: Work) -> float | None:
        """How long ``work`` takes: the sum of its parts where they were all measured; None: not known."""
        place = self._places.get(work.place)
        if place is None:
            return None
        parts = {name: statistics.median(times) for name, times in (place["first"] | place["parts"]).items()}
        if any(kind not in parts for kind in work.kinds):
            return None
        others = sum(seconds for name, seconds in parts.items() if name in PHASES)
        return others + sum(parts[kind] for kind in work.kinds)


def _keep(kept: dict[str, list[float]], name: str, seconds: float) -> None:
    kept[name] = [*kept.pop(name, []), round(seconds, 4)][-KEPT:]


def _read(file: Path) -> dict[str, dict[str, dict[str, list[float]]]]:
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(values, dict) or values.get("version") != VERSION:
        return {}
    places = values.get("places")
    if not isinstance(places, dict):
        return {}
    found = {name: {kind: _times(of, kind) for kind in _KINDS} for name, of in places.items()}
    return {name: of for name, of in found.items() if any(of.values())}


def _times(values: Any, kind: str) -> dict[str, list[float]]:
    """The lists of seconds called ``kind`` that make sense."""
    kept = values.get(kind) if isinstance(values, dict) else None
    if not isinstance(kept, dict):
        return {}
    found = {}
    for name, times in kept.items():
        if isinstance(times, list) and times and all(_is_time(value) for value in times):
            found[name] = [float(value) for value in times][-KEPT:]
    return found


def _is_time(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 0
