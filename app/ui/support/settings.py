"""Settings: every one that is remembered, declared once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from PySide6.QtCore import QByteArray, QObject, QSettings, Signal

T = TypeVar("T", bool, int, float, str, list[str], QByteArray)


@dataclass(frozen=True)
class Setting(Generic[T]):
    """A remembered value: where it is kept, what it is at first, its range where it has one."""

    key: str
    default: T
    help: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()


# The window
GEOMETRY = Setting("window/geometry", QByteArray(), "Where the window was and how large.")
THEME = Setting("window/theme", "dark", "The colours of the window.", choices=("dark", "light", "system"))
SCALE = Setting("window/scale", 100, "Size of text and controls in percent.", 75, 200)
PANEL_SHOWN = Setting("window/panel_shown", True, "Whether the panel at the right is there.")
PANEL_TAB = Setting("window/panel_tab", 0, "The panel's page: 0 options, 1 history.", 0, 1)
UNFOLDED = Setting[list[str]]("window/unfolded", ["Brush", "Erase"], "The panel's sections that are open.")
HINT_SEEN = Setting("window/hint_seen", False, "Whether the first hint was sent away.")
SHORTCUTS = Setting("commands/shortcuts", "{}", "Shortcuts that are not the default, as JSON: command to keys.")
RECENT_COMMANDS = Setting[list[str]]("commands/recent", [], "Commands run from the list, newest first.")

# Tools and canvas
TOOL = Setting("tools/tool", "BRUSH", "The tool chosen last.")
BRUSH_SCALE = Setting(
    "brush/scale", 1.0, "Brush size as a multiple of the default for the picture's size.", 0.005, 600.0
)
BRUSH_HARDNESS = Setting("brush/hardness", 1.0, "1: edge one pixel soft, 0: fades from the centre.", 0.0, 1.0)
BRUSH_SPACING = Setting("brush/spacing", 0.0, "Distance of the dabs in brush sizes; 0: without gaps.", 0.0, 2.0)
BRUSH_SMOOTHING = Setting("brush/smoothing", 0.0, "How far the stroke is pulled behind the hand.", 0.0, 1.0)
PRESSURE_SIZE = Setting("brush/pressure_size", True, "Whether a pen's pressure changes the brush's size.")
PRESSURE_HARDNESS = Setting("brush/pressure_hardness", False, "Whether a pen's pressure changes the hardness.")
PRESSURE_SOFTNESS = Setting("brush/pressure_softness", 0.5, "The pen's curve; 0: firm, 0.5: even, 1: soft.", 0.0, 1.0)
TOLERANCE = Setting("tools/tolerance", 32, "How far colours may differ to be selected with the one clicked.", 0, 255)
CONTIGUOUS = Setting("tools/contiguous", True, "Whether only what touches the point clicked is selected.")
RETOUCH_OPACITY = Setting("retouch/opacity", 1.0, "How much of a copy is seen.", 0.0, 1.0)
RETOUCH_PRESSURE = Setting("retouch/pressure_opacity", False, "Whether a pen's pressure changes that.")
RETOUCH_ALIGNED = Setting("retouch/aligned", True, "Whether strokes of clone and heal keep their distance.")
OVERLAY_OPACITY = Setting("canvas/overlay_opacity", 0.7, "How much of the picture the mask hides.", 0.0, 1.0)
OVERLAY_COLOUR = Setting("canvas/overlay_colour", "#ffcc00", "The mask's colour.")
SPLIT = Setting("canvas/split", False, "Whether the picture before is shown beside a line.")
GROW = Setting("mask/grow", 4, "Pixels of the last growing or shrinking of the mask.", 1, 500)
FEATHER = Setting("mask/feather", 4, "Pixels of the last feathering of the mask.", 1, 500)

# Erasing
MODEL = Setting("engine/model", "", "Key of the model to load.")
MODEL_FOLDERS = Setting[list[str]]("engine/model_folders", [], "Folders of models added by hand.")
NEW_SEED = Setting("engine/new_seed", True, "Whether every erase begins with another seed.")
OPTIONS = Setting("engine/options", "{}", "The speed or the numbers chosen for a model, as JSON by its key.")
DEVICE = Setting("engine/device", "auto", "What the model runs on.", choices=("auto", "cpu", "cuda", "mps", "xpu"))
PRECISION = Setting(
    "engine/precision",
    "auto",
    "What the model calculates in; automatic: as the speed chosen says.",
    choices=("auto", "fp32", "bf16", "fp16", "int8"),
)
PREVIEWS = Setting(
    "engine/previews",
    "fast",
    "How the steps of the published models are drawn: decoded, by a small decoder, or by a fitted map.",
    choices=("exact", "fast", "fitted"),
)
START = Setting(
    "engine/start",
    "noise",
    "What the published models start from: noise, or the picture, as published.",
    choices=("noise", "published"),
)
HUB_ENDPOINT = Setting("hub/endpoint", "", "Address of a mirror to download models from; empty: the hub itself.")
HUB_PROXY = Setting("hub/proxy", "", "Proxy for downloads; empty: as the system says.")
UNLOAD_AFTER = Setting("engine/unload_after", 10, "Minutes without an erase after which the model is unloaded.", 0, 240)
CANDIDATES = Setting("erase/candidates", 1, "How many results an erase makes to choose from.", 1, 4)
LIVE = Setting("erase/live", False, "Whether letting go of a stroke begins to erase.")
LIVE_JOINS = Setting("erase/live_joins", False, "Whether a stroke painted meanwhile begins the erase anew with both.")

# Files and history
LAST_FOLDER = Setting("files/last_folder", "", "Where the file dialogs begin.")
RECENT_FILES = Setting[list[str]]("files/recent", [], "Pictures opened last, newest first.")
REPORT_SEEN = Setting("reports/seen", "", "Name of the newest crash report that was shown.")
EXPORT_FORMAT = Setting("export/format", "PNG", "Format chosen at the last export.")
EXPORT_QUALITY = Setting("export/quality", 95, "Quality of JPEG and WebP exports.", 1, 100)
AUTOSAVE = Setting("files/autosave", True, "Whether unsaved work is kept for the case of a crash.")
AUTOSAVE_SECONDS = Setting("files/autosave_seconds", 30, "Seconds after a change until it is kept.", 5, 600)
HISTORY_BUDGET = Setting("history/budget", 1000, "Megabytes that steps to undo may take in memory.", 50, 64000)


class Settings(QObject):
    """Typed reading and writing over a ``QSettings``; ``changed`` tells the key of what is another value now."""

    changed = Signal(str)

    def __init__(self, store: QSettings) -> None:
        super().__init__()
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
        if setting.choices and value not in setting.choices:
            return default
        if isinstance(value, int | float) and not isinstance(value, bool) and setting.low is not None:
            high = setting.low if setting.high is None else setting.high
            value = type(default)(min(max(value, setting.low), high))
        return value

    def set(self, setting: Setting[T], value: T) -> None:
        """Remember ``value``."""
        before = self.get(setting)
        self._store.setValue(setting.key, value)
        if self.get(setting) != before:
            self.changed.emit(setting.key)

    def forget(self, setting: Setting[T]) -> None:
        """Go back to the default."""
        before = self.get(setting)
        self._store.remove(setting.key)
        if self.get(setting) != before:
            self.changed.emit(setting.key)
