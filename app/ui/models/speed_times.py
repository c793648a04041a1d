"""How long each speed takes here: asked of the engine, shown in the panel, measured where that is wanted."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, QTimer, Slot

from app.engine.protocol import (
    EngineState,
    EngineStatus,
    EraseAnswer,
    EraseChoice,
    EraseDone,
    MeasureEnded,
    MeasureProgress,
    TimesFound,
)
from app.ui.models.choice import ModelChoice
from app.ui.panels import CUSTOM, OptionsPanel
from app.ui.support import Engine, Messages, Settings, settings

CALM = 150  # milliseconds without a change of the numbers, after which times are asked for: a slider makes many


class SpeedTimes(QObject):
    """Keeps the times in the panel as they were last measured."""

    def __init__(
        self, engine: Engine, panel: OptionsPanel, choice: ModelChoice, messages: Messages, store: Settings
    ) -> None:
        super().__init__(choice)
        self._engine, self._panel, self._choice = engine, panel, choice
        self._messages, self._settings = messages, store
        self._asked: tuple[str, ...] = ()  # the names that times were asked for last
        self._calm = QTimer(self)
        self._calm.setSingleShot(True)
        self._calm.setInterval(CALM)
        self._calm.timeout.connect(self.ask)
        panel.choiceChanged.connect(self._calm.start)
        panel.model.modelChosen.connect(self.ask)
        panel.model.speed.measureAsked.connect(self._measure)
        panel.model.speed.stopAsked.connect(engine.stop_measuring)
        engine.statusChanged.connect(self._on_status)
        engine.finished.connect(self._on_finished)
        engine.timesFound.connect(self._on_times)
        engine.measured.connect(self._on_measured)
        panel.model.speed.show_times({})

    @property
    def waits(self) -> bool:
        """Whether times will be asked for once the numbers stay as they are."""
        return self._calm.isActive()

    @Slot()
    def ask(self) -> None:
        """Ask how long every speed of the model takes, and the numbers where they are none of them."""
        self._calm.stop()
        choices = self._choices()
        if tuple(choices) != self._asked:  # of another model, or with custom numbers
            self._panel.model.speed.show_times({})
        self._asked = tuple(choices)
        if choices:
            self._engine.ask_times(self._panel.model.key, self._choice.device, list(choices.values()))

    def _choices(self) -> dict[str, EraseChoice]:
        info = self._panel.model.info
        if info is None or not info.speeds:
            return {}
        choices = dict(info.speeds)
        if self._panel.model.speed.shown == CUSTOM:
            choices[CUSTOM] = self._panel.erase.choice()
        precision = self._settings.get(settings.PRECISION)
        if precision != settings.PRECISION.default:  # for whatever is chosen
            choices = {name: replace(choice, precision=precision) for name, choice in choices.items()}
        return choices

    @Slot()
    def _measure(self) -> None:
        choices = self._choices()
        if choices and not self._engine.busy:
            self._panel.model.speed.show_measuring((0, 0))
            self._engine.measure(self._panel.model.key, self._choice.device, list(choices.values()))

    @Slot(object)
    def _on_status(self, status: EngineStatus) -> None:
        if status.state is EngineState.READY and not self._panel.model.speed.measuring:
            self.ask()

    @Slot(object)
    def _on_finished(self, answer: EraseAnswer) -> None:
        if isinstance(answer, EraseDone):
            self.ask()

    @Slot(object)
    def _on_times(self, found: TimesFound) -> None:
        if found.model == self._panel.model.key and len(found.times) == len(self._asked):
            self._panel.model.speed.show_times(dict(zip(self._asked, found.times, strict=True)))

    @Slot(object)
    def _on_measured(self, answer: MeasureProgress | MeasureEnded) -> None:
        if isinstance(answer, MeasureProgress):
            self._panel.model.speed.show_measuring((answer.done, answer.total))
            return
        self._panel.model.speed.show_measuring(None)
        if answer.message:
            self._messages.error(answer.message, answer.details)
        self._choice.load_again()
        self.ask()
