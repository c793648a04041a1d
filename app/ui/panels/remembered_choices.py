"""What was chosen for each model: a speed by its name, or numbers of one's own."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import Any

from app.engine.protocol import EraseChoice, ModelInfo
from app.ui.panels.speed_choice import CUSTOM
from app.ui.support import Settings, settings

_NUMBERS = ("steps", "guidance", "strength")  # a list of these is how numbers were kept before there were speeds


class RememberedChoices:
    """Reads and writes them in the settings; what makes no sense there is as if nothing had been chosen."""

    def __init__(self, store: Settings) -> None:
        self._settings = store

    def of(self, info: ModelInfo) -> tuple[str, EraseChoice]:
        """The name of the speed chosen for a model, or that of the numbers being custom, and the numbers."""
        kept = self._kept().get(info.key)
        speeds = dict(info.speeds)
        if isinstance(kept, dict) and kept.get("speed") in speeds:
            return kept["speed"], speeds[kept["speed"]]
        choice = _choice(kept, info.own)
        return info.speed_of(choice) or CUSTOM, choice

    def keep(self, info: ModelInfo, choice: EraseChoice) -> None:
        """``choice`` is what to begin with from now on; a model's own settings need not be remembered."""
        kept = self._kept()
        kept.pop(info.key, None)
        if choice != info.own:
            speed = info.speed_of(choice)  # by its name: a later version may set other numbers
            kept[info.key] = {"speed": speed} if speed else asdict(choice)
        self._settings.set(settings.OPTIONS, json.dumps(kept))

    def _kept(self) -> dict[str, Any]:
        try:
            values = json.loads(self._settings.get(settings.OPTIONS))
        except (ValueError, RecursionError):  # a file somebody has edited
            return {}
        return values if isinstance(values, dict) else {}


def _choice(kept: Any, own: EraseChoice) -> EraseChoice:
    """The numbers kept; ``own`` where there are none, or where one of them is of another kind."""
    if isinstance(kept, list) and len(kept) == len(_NUMBERS):
        kept = dict(zip(_NUMBERS, kept, strict=True))
    if not isinstance(kept, dict):
        return own
    values = asdict(own)
    for field in fields(EraseChoice):
        value, kind = kept.get(field.name, values[field.name]), type(values[field.name])
        if isinstance(value, int | float) and not isinstance(value, bool) and kind in (int, float):
            value = kind(value)
        if not isinstance(value, kind):
            return own
        values[field.name] = value
    return EraseChoice(**values)
