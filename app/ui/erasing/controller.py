"""Everything that erases: the commands, the job under way, its progress, and the results to choose from."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QWidget

from app.canvas.view import CanvasView
from app.engine.protocol import EraseOptions
from app.ui.commands import Actions
from app.ui.editing import EditingController, Workspace
from app.ui.erasing.candidate_strip import CandidateStrip
from app.ui.erasing.chosen import with_settings
from app.ui.erasing.commands import EraseCommands
from app.ui.erasing.job import EraseJob
from app.ui.erasing.progress import EraseProgressView
from app.ui.panels import OptionsPanel, StatusLine
from app.ui.support import Engine, Services


class ErasingController(QObject):
    """Makes the parts of this package and connects them with the canvas, the panel and the Erase menu."""

    def __init__(
        self,
        window: QWidget,
        engine: Engine,
        services: Services,
        actions: Actions,
        view: CanvasView,
        workspace: Workspace,
        editing: EditingController,
        panel: OptionsPanel,
        status: StatusLine,
    ) -> None:
        super().__init__(window)
        self._access, self._engine, self._panel, self._settings = editing.access, engine, panel, services.settings
        self.job = job = EraseJob(engine, view, services.messages, self)
        job.activeChanged.connect(self._on_active)
        self.commands = EraseCommands(
            job,
            editing.jobs,
            view,
            workspace,
            self._options,
            services.settings,
            services.messages,
            self,
        )
        self.strip = CandidateStrip(job, actions, services.thumbnails, view)
        self.progress = EraseProgressView(self, engine, job, panel, status)
        self.strip.chosen.connect(job.show)
        view.strokeFinished.connect(self.commands.on_stroke)
        editing.masks.selected.connect(self.commands.on_stroke)
        actions.erase.triggered.connect(self.commands.erase)
        actions.again.triggered.connect(self.commands.again)
        actions.next.triggered.connect(lambda: job.step(1))
        actions.previous.triggered.connect(lambda: job.step(-1))
        actions.next_region.triggered.connect(job.step_region)
        actions.keep.triggered.connect(job.keep)

    def _options(self, new_seed: bool) -> EraseOptions:
        info = next((info for info in self._engine.models() if info.key == self._panel.model.key), None)
        return with_settings(self._panel.erase.options(new_seed), info, self._settings)

    @Slot()
    def _on_active(self) -> None:
        self._access.set_erasing(self.job.active)
