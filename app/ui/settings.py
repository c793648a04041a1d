"""Every setting that is remembered, declared once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from PySide6.QtCore import QByteArray, QSettings

T = TypeVar("T", bool, int, float, str, list[str], QByteArray)


@dataclass(frozen=True)
class Setting(Generic[T]):
    """A remembered value: where it is kept, what it is at first, its range where it has one."""

    key: str
    default: T
    help: str
    low: float | None = None
    high: float | None = None


GEOMETRY = Setting("window/geometry", QByteArray(), "Where the window was and how large.")
BRUSH_SCALE = Setting(
    "brush/scale", 1.0, "Brush size as a multiple of the default for the picture's size.", 0.005, 600.0
)
BRUSH_HARDNESS = Setting("brush/hardness", 1.0, "1: edge one pixel soft, 0: fades from the centre.", 0.0, 1.0)
OVERLAY_OPACITY = Setting("canvas/overlay_opacity", 0.7, "How much of the picture the mask hides.", 0.0, 1.0)
LAST_FOLDER = Setting("files/last_folder", "", "Where the file dialogs begin.")
RECENT_FILES = Setting[list[str]]("files/recent", [], "Pictures opened last, newest first.")
MODEL = Setting("engine/model", "", "Key of the model to load.")
MODEL_FOLDERS = Setting[list[str]]("engine/model_folders", [], "Folders of models added by hand.")
NEW_SEED = Setting("engine/new_seed", True, "Whether every erase begins with another seed.")
EXPORT_FORMAT = Setting("export/format", "PNG", "Format chosen at the last export.")
EXPORT_QUALITY = Setting("export/quality", 95, "Quality of JPEG and WebP exports.", 1, 100)
HINT_SEEN = Setting("window/hint_seen", False, "Whether the first hint was sent away.")


class Settings:
    """Typed reading and writing over a ``QSettings``."""

    def __init__(self, store: QSettings) -> None:
        self._store = store

    def get(self, setting: Setting[T]) -> T:
        """The remembered value, the default where there is none or it makes no sense."""
        raw, default = self._store.value(setting.key), setting.default
        value: object = default
        if raw is None:
            return default
        try:
            # An INI file gives everything back as text, and a list of one as that one.
            if isinstance(default, bool):
                value = str(raw).lower() in ("true", "1")
            elif isinstance(default, int | float):
                value = type(default)(raw)
            elif isinstance(default, list):
                value = [str(item) for item in (raw if isinstance(raw, list) else [raw])]
            elif isinstance(default, QByteArray):
                value = raw if isinstance(raw, QByteArray) else default
            else:
                value = str(raw)
        except (TypeError, ValueError):
            return default
        if isinstance(value, int | float) and not isinstance(value, bool) and setting.low is not None:
            high = setting.low if setting.high is None else setting.high
            value = type(default)(min(max(value, setting.low), high))
        return value

    def set(self, setting: Setting[T], value: T) -> None:
        """Remember ``value``."""
        self._store.setValue(setting.key, value)

    def forget(self, setting: Setting[T]) -> None:
        """Go back to the default."""
        self._store.remove(setting.key)
