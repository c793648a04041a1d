"""The states of commands: enabled and named after what is open, running, and done."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot

from app.ui.commands import Actions
from app.ui.editing import EditingController, Workspace
from app.ui.erasing import ErasingController
from app.ui.panels import OptionsPanel


class CommandStates(QObject):
    """Looks again whenever an erase, an edit in the background, a session file or the history changes."""

    updated = Signal()

    def __init__(
        self,
        actions: Actions,
        panel: OptionsPanel,
        workspace: Workspace,
        editing: EditingController,
        erasing: ErasingController,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._actions, self._panel, self._workspace = actions, panel, workspace
        self._editing, self._job = editing, erasing.job
        for changed in (
            editing.jobs.busyChanged,
            workspace.sessionSavingChanged,
            workspace.history.indexChanged,
            erasing.job.runningChanged,
            erasing.job.activeChanged,
            erasing.job.candidatesChanged,
        ):
            changed.connect(self.update)

    @Slot()
    def update(self) -> None:
        """Enable and name every command that depends on the state of things."""
        do, history, job = self._actions, self._workspace.history, self._job
        has_picture = self._workspace.document is not None
        for action in do.need_picture():
            action.setEnabled(has_picture)
        busy = self._editing.jobs.busy
        do.erase.setEnabled(has_picture and not job.running and not busy)
        do.again.setEnabled(has_picture and not job.active and not busy)
        do.cancel.setEnabled(job.active or busy or self._workspace.session_saving)
        for action in (do.next, do.previous, do.keep):
            action.setEnabled(job.choosing)
        do.next_region.setEnabled(job.choosing and len(job.regions) > 1)
        do.undo.setEnabled(self._editing.undo.can_undo)
        do.redo.setEnabled(self._editing.undo.can_redo)
        do.name_steps(history.undoText(), history.redoText())
        self._panel.erase_bar.button.setEnabled(has_picture)
        self.updated.emit()
