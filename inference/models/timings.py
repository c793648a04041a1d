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

VERSION = 1
KEPT = 3  # measurements of each kind, whose median counts: an erase beside other work tells little
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


@dataclass(frozen=True)
class Work:
    """What an erase of one square consists of, as far as its time goes."""

    place: str  # model, device, precision and side of the square
    steps: int
    guided: int  # steps that run both branches
    solver: str
    deep_every: int = 1  # of so many steps one computes the deep features of the network

    @classmethod
    def of(cls, folder: ModelFolder, preset: Preset, device: str, precision: str) -> Work:
        """``device``, ``precision``: those it really runs on and in. Raises ``OSError`` where files are gone."""
        stamps = json.dumps(file_stamps(folder))
        model = hashlib.sha256(stamps.encode()).hexdigest()[:16]
        side = folder.native if folder.layout else preset.context or folder.native
        both = preset.guidance != 1 and not folder.flux
        guided = round(preset.guidance_until * preset.steps) if both else 0
        # As the loop does: see inference.sampling.denoise
        reuses = isinstance(folder.unet, UNetConfig) and device != "cuda"
        deep = preset.deep_every if reuses else 1
        return cls(f"{model} {device} {precision} {side}", preset.steps, guided, preset.solver, deep)

    @property
    def kinds(self) -> tuple[str, ...]:
        """What each step is: of "two" branches or of "one", "shallow" where it uses the deep features of another."""
        kinds = []
        for index in range(self.steps):
            whole = index % self.deep_every == 0 or index == self.guided
            kinds.append(("two" if index < self.guided else "one") + ("" if whole else " shallow"))
        return tuple(kinds)

    @property
    def key(self) -> str:
        """What a whole erase is known by among those of one place."""
        return f"{self.solver} {self.steps} {self.guided} {self.deep_every}"


@dataclass(frozen=True)
class Seconds:
    """How long an erase takes."""

    value: float
    measured: bool  # False: the sum of parts that were


class Timings:
    """The measurements there are; what can't be read is as if it had not been measured."""

    def __init__(self, file: Path | None = None) -> None:
        self.file = file or timings_file()
        self._places: dict[str, dict[str, dict[str, list[float]]]] = _read(self.file)

    def add(self, work: Work, parts: Mapping[str, float], whole: float | None) -> None:
        """An erase took ``whole`` seconds (None: nothing like it is asked for), its phases ``parts``.

        ``parts`` as of :class:`inference.runtime.PhaseClock`. Raises ``OSError`` where that can't be written; it is
        known until the program ends all the same.
        """
        place = self._places.pop(work.place, {"parts": {}, "wholes": {}})
        self._places[work.place] = place  # the newest last
        for name, seconds in parts.items():
            _keep(place["parts"], name, seconds)
        if whole is not None:
            _keep(place["wholes"], work.key, whole)
        for oldest in list(self._places)[:-MOST]:
            del self._places[oldest]
        self.file.parent.mkdir(parents=True, exist_ok=True)
        write_durably(self.file, json.dumps({"version": VERSION, "places": self._places}))

    def seconds(self, work: Work) -> Seconds | None:
        """How long ``work`` took, or the sum of its parts where they were all measured; None: not known."""
        place = self._places.get(work.place)
        if place is None:
            return None
        if whole := place["wholes"].get(work.key):
            return Seconds(statistics.median(whole), measured=True)
        parts = {name: statistics.median(times) for name, times in place["parts"].items()}
        if any(kind not in parts for kind in work.kinds):
            return None
        others = sum(seconds for name, seconds in parts.items() if name in PHASES)
        return Seconds(others + sum(parts[kind] for kind in work.kinds), measured=False)


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
    found = {name: {kind: _times(of, kind) for kind in ("parts", "wholes")} for name, of in places.items()}
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
