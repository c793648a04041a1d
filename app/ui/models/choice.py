"""The choice of a model: from what the engine offers and says of it to what the window shows."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QWidget

from app import graphics_card
from app.engine.protocol import EngineState, EngineStatus, ModelAdded, ModelRefused
from app.ui.dialogs import questions
from app.ui.panels import OptionsPanel, StatusLine
from app.ui.support import Engine, Messages, Settings, settings

_DEVICES = {
    "cpu": "Processor (CPU)",
    "cuda": "Graphics card (CUDA)",
    "mps": "Apple graphics (Metal)",
    "xpu": "Graphics card (Intel)",
}


def device_title(device: str) -> str:
    """A torch device's name as people know it; empty while unknown."""
    return _DEVICES.get(device.split(":")[0], device.upper())


class ModelChoice(QObject):
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
        self._device = store.get(settings.DEVICE)
        self._named: str | None = ""  # the model to begin with; None: begun
        self._next = ""  # the model to be used once the erase that runs has ended
        self._asked: set[str] = set()  # folders chosen in the dialog
        panel.model.modelChosen.connect(self._on_model)
        panel.model.deviceChosen.connect(self._on_device)
        panel.becameFree.connect(self._use_next)
        panel.model.add.clicked.connect(self._on_add)
        engine.statusChanged.connect(self._on_status)
        engine.modelsChanged.connect(self._on_models)
        engine.added.connect(self._on_added)
        store.changed.connect(self._on_setting)
        self._on_setting(settings.UNLOAD_AFTER.key)
        panel.choiceChanged.connect(self._on_choice)
        self._precision = ""
        self._use_precision()
        self._show(engine.status())

    @property
    def device(self) -> str:
        """What models are run on, as it was chosen; "auto" is the fastest."""
        return self._device

    def start(self, model: str, device: str) -> None:
        """Load ``model`` (a key or a folder), the one used last where it is empty, once it is known what there is.

        ``device``: for this time; "auto" stands for the one remembered.
        """
        self._named = model
        if device != "auto":
            self._device = device
        self._engine.survey(self._settings.get(settings.MODEL_FOLDERS))

    def _begin(self, key: str) -> None:
        """Load the first model: ``key`` where there is such a one."""
        self._named = None
        self._panel.model.set_models(self._engine.models(), key)
        self._panel.show_defaults()
        if self._panel.model.key:
            self._load()

    @Slot()
    def _on_models(self) -> None:
        """Offer what is installed now; another model is loaded where the one chosen is gone."""
        if self._named is not None:
            if self._named and all(info.key != self._named for info in self._engine.models()):
                self._engine.add_model(self._named)  # a folder, perhaps
            else:
                self._begin(self._named or self._settings.get(settings.MODEL))
            return
        before = self._panel.model.key
        self._panel.model.set_models(self._engine.models(), before)
        if self._panel.model.key != before:
            self._panel.show_defaults()
            self._on_model(self._panel.model.key)

    @Slot(str)
    def _on_model(self, key: str) -> None:
        self._settings.set(settings.MODEL, key)
        self._load()

    @Slot(str)
    def use(self, key: str) -> None:
        """Erase with the model called ``key`` from now on; an erase that runs is ended first."""
        model = self._panel.model.model
        if model.findData(key) < 0:
            self._messages.error("That model is not installed any more. Install it again under More models.")
        elif model.isEnabled():
            model.setCurrentIndex(model.findData(key))
        else:
            self._next = key
            self._messages.info(f"{model.itemText(model.findData(key))} is used once this erase has ended.")

    @Slot()
    def _use_next(self) -> None:
        key, self._next = self._next, ""
        if key:
            self.use(key)

    @Slot()
    def _on_add(self) -> None:
        folder = questions.ask_folder(self._window, self._settings.get(settings.LAST_FOLDER) or str(Path.home()))
        if folder is not None:
            self._asked.add(str(folder))
            self._engine.add_model(str(folder))

    @Slot(object)
    def _on_added(self, answer: ModelAdded | ModelRefused) -> None:
        asked = answer.folder in self._asked
        self._asked.discard(answer.folder)
        if isinstance(answer, ModelRefused):
            self._messages.error(answer.message)
        elif asked:
            known = self._settings.get(settings.MODEL_FOLDERS)
            self._settings.set(settings.MODEL_FOLDERS, [*(f for f in known if f != answer.folder), answer.folder])
            self._settings.set(settings.MODEL, answer.info.key)
        if self._named == answer.folder or (asked and isinstance(answer, ModelAdded)):
            self._begin(answer.info.key if isinstance(answer, ModelAdded) else "")

    @Slot(str)
    def _on_device(self, device: str) -> None:
        self._device = device
        self._settings.set(settings.DEVICE, device)
        if self._panel.model.key:
            self._load()

    def load_again(self) -> None:
        """Load what is chosen, where something else was loaded meanwhile."""
        if self._panel.model.key and self._named is None:
            self._load()

    def _load(self) -> None:
        """Load the model chosen, on the device and in the precision that are."""
        self._use_precision()
        self._engine.load(self._panel.model.key, self._device)

    def _use_precision(self) -> bool:
        """Set what models are loaded in: as the preferences say, else as the speed does; whether it is another."""
        wanted = self._settings.get(settings.PRECISION)
        if wanted == settings.PRECISION.default and self._panel.model.info is not None:
            wanted = self._panel.erase.choice().precision
        before, self._precision = self._precision, wanted
        if wanted != before:
            self._engine.use_precision(wanted)
        return wanted != before

    @Slot()
    def _on_choice(self) -> None:
        """Another speed: the model is loaded in its precision, to be ready when it erases."""
        if self._use_precision() and self._panel.model.key and self._named is None:
            self._load()

    @Slot(str)
    def _on_setting(self, key: str) -> None:
        if key == settings.PRECISION.key:
            self._on_choice()
        elif key == settings.UNLOAD_AFTER.key:
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
        if status.precision not in ("", "fp32"):  # the exact one goes without saying
            device = f"{device}, {status.precision}"
        short, more = device, ""
        if status.unused_card and status.device == "cpu":
            short = f"{device}; {status.unused_card} not used"
            device = f"{device}. {graphics_card.hint(status.unused_card, status.why_unused)}"
            more = graphics_card.advice(status.unused_card, status.why_unused).replace(". ", ".\n")
        for label in (self._status.device, self._panel.model.device):
            label.setToolTip(more)
        self._status.show_device(short)
        text, device_text = {
            EngineState.EMPTY: ("No model loaded", "No model loaded"),
            EngineState.LOADING: (f"Loading {title}…", "Loading…"),
            EngineState.IDLE: ("Ready to load", "Unloaded to save memory"),
            EngineState.READY: ("Ready", device or "Ready"),
            EngineState.FAILED: ("The model could not be loaded", "Not loaded"),
        }[status.state]
        self._status.show_engine(text)
        self._panel.model.device.setText(device_text)
        self._panel.model.set_devices([(name, device_title(name)) for name in status.devices], self._device)
