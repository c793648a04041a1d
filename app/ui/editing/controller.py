"""Everything that changes the open document: strokes, the Mask menu, undo and redo, large edits in the background."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from app.canvas.view import CanvasView
from app.ui.commands import Actions
from app.ui.editing.background_edits import BackgroundEdits
from app.ui.editing.history_access import HistoryAccess
from app.ui.editing.mask_menu import MaskMenu
from app.ui.editing.retouching import RetouchEdits
from app.ui.editing.search import Search
from app.ui.editing.undo import UndoRedo
from app.ui.editing.workspace import Workspace
from app.ui.support import Services


class EditingController(QObject):
    """Makes the parts of this package and connects them with the canvas and the Edit and Mask menus."""

    def __init__(
        self, window: QWidget, services: Services, actions: Actions, view: CanvasView, workspace: Workspace
    ) -> None:
        super().__init__(window)
        messages = services.messages
        self.access = HistoryAccess(view, workspace, self)
        self.jobs = BackgroundEdits(view, workspace, self.access, messages, self)
        self.undo = UndoRedo(view, workspace, self.access, self.jobs, messages, self)
        self.masks = MaskMenu(
            window, actions, view, workspace, self.jobs, services.background, services.settings, messages
        )
        self.retouching = RetouchEdits(view, workspace, self.access, self.jobs, messages, self)
        self.search = Search(actions, view, workspace, self.jobs, messages, self)
        workspace.prepare = self.jobs.prepare_when_free
        view.strokeFinished.connect(self.access.push)
        view.set_select(self.masks.select)
        view.set_propose(self.search.propose)
        actions.undo.triggered.connect(self.undo.undo)
        actions.redo.triggered.connect(self.undo.redo)
