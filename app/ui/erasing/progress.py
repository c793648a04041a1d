"""The progress of an erase, in the bar at the panel's foot and in the status line."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from app.engine.protocol import EngineState, EraseProgress
from app.ui.erasing.job import EraseJob
from app.ui.panels import BarState, OptionsPanel, StatusLine, progress_text
from app.ui.support import Engine


class EraseProgressView(QObject):
    """Follows the job."""

    def __init__(self, parent: QObject, engine: Engine, job: EraseJob, panel: OptionsPanel, status: StatusLine) -> None:
        super().__init__(parent)
        self._engine, self._job, self._panel, self._status = engine, job, panel, status
        engine.statusChanged.connect(self._say_what_it_waits_for)
        job.runningChanged.connect(self._update)
        job.activeChanged.connect(self._update)
        job.candidatesChanged.connect(self._update)
        job.progressed.connect(self._on_progress)

    @Slot()
    def _update(self) -> None:
        job, bar = self._job, self._panel.erase_bar
        self._panel.set_running(job.running)
        if job.running:
            bar.show_state(BarState.RUNNING)
            self._say_what_it_waits_for()
        elif job.choosing:
            bar.show_state(BarState.CHOOSING)
            bar.label.setText("Choose a result")
            self._status.show_erase("Choose a result")
        else:
            bar.show_state(BarState.IDLE)
            self._status.show_erase("")

    @Slot()
    def _say_what_it_waits_for(self) -> None:
        if self._job.running:
            loading = self._engine.status().state is EngineState.LOADING
            text = "Waiting for the model…" if loading else f"{self._which()}Preparing…"
            self._panel.erase_bar.label.setText(text)
            self._status.show_erase(f"Erasing: {text}")

    @Slot(object)
    def _on_progress(self, progress: EraseProgress) -> None:
        self._panel.erase_bar.show_progress(progress, self._which())
        self._status.show_erase(f"Erasing: {self._which()}{progress_text(progress)}")

    def _which(self) -> str:
        job = self._job
        return f"Result {len(job.candidates) + 1} of {job.wanted}: " if job.wanted > 1 else ""
