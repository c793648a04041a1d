"""Between the engine's model and what the window shows of it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QWidget

from app.engine.protocol import EngineState, EngineStatus, ModelInfo
from app.ui import dialogs, settings
from app.ui.engine_api import Engine
from app.ui.messages import Messages
from app.ui.options_panel import OptionsPanel
from app.ui.settings import Settings
from app.ui.status_line import StatusLine

_DEVICES = {"cpu": "Processor (CPU)", "cuda": "Graphics card (CUDA)", "mps": "Apple graphics (Metal)"}


def device_title(device: str) -> str:
    """A torch device's name as people know it; empty while unknown."""
    return _DEVICES.get(device.split(":")[0], device.upper())


class EnginePanel(QObject):
    """Offers the models, loads the one chosen, shows the state it is in."""

    def __init__(
        self,
        window: QWidget,
        engine: Engine,
        panel: OptionsPanel,
        status: StatusLine,
        messages: Messages,
        store: Settings,
    ) -> None:
        super().__init__(window)
        self._window, self._engine, self._panel, self._status = window, engine, panel, status
        self._messages, self._settings = messages, store
        self._device = "auto"
        panel.model.modelChosen.connect(self._on_model)
        panel.model.add.clicked.connect(self._on_add)
        engine.statusChanged.connect(self._on_status)
        engine.modelsChanged.connect(self._on_models)
        store.changed.connect(self._on_setting)
        self._on_setting(settings.UNLOAD_AFTER.key)
        self._show(engine.status())

    def start(self, model: str, device: str) -> None:
        """Load ``model`` (a key or a folder), the one used last where it is empty."""
        self._device = device
        for folder in self._settings.get(settings.MODEL_FOLDERS):
            self._add(folder, quietly=True)
        wanted = model or self._settings.get(settings.MODEL)
        keys = [info.key for info in self._engine.models()]
        if model and model not in keys:
            added = self._add(model)
            wanted = added.key if added is not None else ""
        self._panel.model.set_models(self._engine.models(), wanted)
        self._panel.show_defaults()
        if self._panel.model.key:
            self._engine.load(self._panel.model.key, device)

    def _add(self, folder: str, *, quietly: bool = False) -> ModelInfo | None:
        try:
            return self._engine.add_model(folder)
        except ValueError as error:
            if not quietly:
                self._messages.error(str(error))
            return None

    @Slot()
    def _on_models(self) -> None:
        """Offer what is installed now; another model is loaded where the one chosen is gone."""
        before = self._panel.model.key
        self._panel.model.set_models(self._engine.models(), before)
        if self._panel.model.key != before:
            self._panel.show_defaults()
            self._on_model(self._panel.model.key)

    @Slot(str)
    def _on_model(self, key: str) -> None:
        self._settings.set(settings.MODEL, key)
        self._engine.load(key, self._device)

    @Slot()
    def _on_add(self) -> None:
        folder = dialogs.ask_folder(self._window, self._settings.get(settings.LAST_FOLDER) or str(Path.home()))
        info = self._add(str(folder)) if folder is not None else None
        if info is not None:
            known = self._settings.get(settings.MODEL_FOLDERS)
            self._settings.set(settings.MODEL_FOLDERS, [*(f for f in known if f != str(folder)), str(folder)])
            self._panel.model.set_models(self._engine.models(), info.key)
            self._panel.show_defaults()
            self._on_model(info.key)

    @Slot(str)
    def _on_setting(self, key: str) -> None:
        if key == settings.UNLOAD_AFTER.key:
            self._engine.unload_after(self._settings.get(settings.UNLOAD_AFTER))

    @Slot(object)
    def _on_status(self, status: EngineStatus) -> None:
        self._show(status)
        if status.state is EngineState.FAILED:
            self._messages.error(status.message or "The model could not be loaded.", status.details)

    def _show(self, status: EngineStatus) -> None:
        known = {info.key: info.title for info in self._engine.models()}
        title = status.title or known.get(status.model, "the model")
        device = device_title(status.device)
        self._status.show_device(device)
        text, device_text = {
            EngineState.EMPTY: ("No model loaded", "No model loaded"),
            EngineState.LOADING: (f"Loading {title}…", "Loading…"),
            EngineState.IDLE: ("Ready to load", "Unloaded to save memory"),
            EngineState.READY: ("Ready", device or "Ready"),
            EngineState.FAILED: ("The model could not be loaded", "Not loaded"),
        }[status.state]
        self._status.show_engine(text)
        self._panel.model.device.setText(device_text)
