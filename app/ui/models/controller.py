"""Everything about models: the one chosen, the library of those there are, and its dialog."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QWidget

from app.ui.commands import Actions
from app.ui.models.choice import ModelChoice
from app.ui.models.library import ModelLibrary
from app.ui.models.models_dialog import ModelsDialog
from app.ui.models.speed_times import SpeedTimes
from app.ui.panels import OptionsPanel, StatusLine
from app.ui.support import Engine, Services


class ModelsController(QObject):
    """Makes the parts of this package and connects them with the panel and the Erase menu."""

    def __init__(
        self,
        window: QWidget,
        engine: Engine,
        services: Services,
        actions: Actions,
        panel: OptionsPanel,
        status: StatusLine,
    ) -> None:
        super().__init__(window)
        self._window, self._settings = window, services.settings
        self.choice = ModelChoice(window, engine, panel, status, services.messages, services.settings)
        self.times = SpeedTimes(engine, panel, self.choice, services.messages, services.settings)
        self.library = ModelLibrary(engine, services.settings, services.messages, self)
        self.library.chosen.connect(self.choice.use)
        actions.models.triggered.connect(self.show_dialog)
        panel.model.more.clicked.connect(actions.models.trigger)

    @Slot()
    def show_dialog(self) -> None:
        """Show the models there are, in the one dialog that there is of this kind."""
        dialog = self._window.findChild(ModelsDialog) or ModelsDialog(self._window, self.library, self._settings)
        dialog.show()
        dialog.raise_()
        dialog.activateWindow()
