"""The main window: makes the controllers, and passes on what one of them says to another."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSettings, QTimer, Slot
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QMainWindow

from app.ui.commands import Actions, CommandList
from app.ui.dialogs import Preferences, ShortcutEditor, show_about
from app.ui.editing import EditingController, ModelSelection, Opened, Workspace
from app.ui.erasing import ErasingController
from app.ui.files import FilesController
from app.ui.models import ModelsController
from app.ui.sessions import SessionsController
from app.ui.support import Background, Engine, Messages, Services, Settings, settings
from app.ui.window.appearance import Appearance
from app.ui.window.closing import Closing
from app.ui.window.command_states import CommandStates
from app.ui.window.contents import WindowContents
from app.ui.window.view_commands import ViewCommands
from app.ui.window.view_state import ViewState


class MainWindow(QMainWindow):
    """Everything the user sees. The engine, the settings and the messages are given to it."""

    def __init__(self, engine: Engine, store: Settings | None = None, messages: Messages | None = None) -> None:
        super().__init__()
        self._engine = engine
        self.settings = store or Settings(QSettings())
        self.messages = messages or Messages(self)
        self.services = services = Services(self.settings, self.messages, Background(self), Background(self))
        self.appearance = Appearance(self.settings, self)
        self.workspace = workspace = Workspace(services.background, self.messages, self)
        self.actions_ = do = Actions(self, self.settings)
        self.contents = contents = WindowContents(services, do, workspace)
        self.view, self.panel, self.status = view, panel, status = contents.view, contents.panel, contents.status
        self.editing = EditingController(self, services, do, view, workspace)
        self.erasing = ErasingController(self, engine, services, do, view, workspace, self.editing, panel, status)
        self.model_selection = ModelSelection(engine, services, do, view, workspace, self)
        self.files = FilesController(
            self,
            services,
            do,
            workspace,
            self.editing.masks,
            status.handle,
            self.erasing.commands.settle,
            view.copy_before,
        )
        self.models = ModelsController(self, engine, services, do, panel, status)
        self.view_state = ViewState(view, panel, do, self.settings, workspace.history, self)
        self.sessions = SessionsController(self, services, do, view, workspace, self.files.menu)
        self.states = CommandStates(do, panel, workspace, self.editing, self.erasing, self)
        self.setCentralWidget(contents)
        self.setMinimumSize(900, 600)
        ViewCommands(do, contents, self.settings, self)
        self._connect_commands()
        self._connect_controllers()
        self.closing = Closing(self, workspace, self.files.menu, self.models.library)
        geometry = self.settings.get(settings.GEOMETRY)
        if geometry.isEmpty() or not self.restoreGeometry(geometry):
            self.resize(1360, 860)
        contents.follow_theme()
        self.states.update()

    def _connect_commands(self) -> None:
        do = self.actions_
        do.quit.triggered.connect(self.close)
        do.cancel.triggered.connect(self._cancel)
        do.preferences.triggered.connect(lambda: Preferences(self, self.settings).show())
        do.shortcuts.triggered.connect(lambda: ShortcutEditor(self, do).show())
        do.find.triggered.connect(lambda: CommandList(self, do, self.settings).show())
        do.about.triggered.connect(lambda: show_about(self))

    def _connect_controllers(self) -> None:
        contents, editing, erasing, files = self.contents, self.editing, self.erasing, self.files
        self.appearance.changed.connect(contents.follow_theme)
        self._engine.statusChanged.connect(self.sessions.reports.on_status)
        self.view.sourcePlaced.connect(contents.banner.dismiss)  # it may have asked for that
        contents.history.chosen.connect(editing.undo.go_to)
        contents.welcome.sampleChosen.connect(lambda path: files.menu.open_path(path, sample=True))
        files.take_drops(contents.welcome)
        files.take_drops(contents.view)
        files.menu.readingBegun.connect(contents.banner.dismiss)
        files.menu.documentTaken.connect(self._on_document)
        editing.jobs.activityChanged.connect(self.status.show_change)
        editing.access.pushed.connect(contents.hint.hide)
        erasing.commands.begun.connect(self._on_erase_begun)
        # Who has erased something knows how.
        erasing.commands.erased.connect(lambda: self.settings.set(settings.HINT_SEEN, True))
        self.workspace.written.connect(self._on_written)
        self.workspace.fileChanged.connect(self._update_title)
        self.states.updated.connect(self._update_title)
        self.messages.begin_showing()

    def start(self, picture: Path | None = None, model: str = "", device: str = "auto", recover: str = "") -> None:
        """Begin what would have held up the first sight of the window: samples, model, picture, unsaved work."""
        if picture is not None:
            self.files.menu.open_path(picture)
        self.sessions.start(recover)
        self.contents.load_samples()
        self.models.choice.start(model, device)

    @Slot(object)
    def _on_document(self, opened: Opened) -> None:
        self.erasing.commands.forget()
        document = opened.document
        self.actions_.before.setChecked(False)
        self.view.set_document(document, opened.pixels)
        self.view_state.begin(*document.mask.shape)
        self.sessions.put_back(opened)
        self.contents.show_picture(document.size)
        note = (opened.loaded.note if opened.loaded is not None else "") or document.picture.note
        if note:
            self.messages.info(note)
        self.states.update()

    @Slot()
    def _on_erase_begun(self) -> None:
        self.contents.banner.dismiss()
        self.contents.hint.hide()
        self.actions_.before.setChecked(False)

    @Slot(object)
    def _on_written(self, path: Path) -> None:
        self.status.show_file_work(f"Saved {path.name}")
        QTimer.singleShot(4000, self, self._forget_written)
        self._update_title()

    @Slot()
    def _forget_written(self) -> None:
        if not self.workspace.saving:
            self.status.show_file_work("")

    @Slot()
    def _cancel(self) -> None:
        if self.sessions.cancel():
            return
        if self.editing.jobs.busy:
            self.editing.jobs.cancel()
        else:
            self.erasing.commands.cancel()

    @Slot()
    def _update_title(self) -> None:
        document = self.workspace.document
        self.setWindowTitle("Moebius" if document is None else f"{self.workspace.name}[*] – Moebius")
        self.setWindowModified(self.workspace.history.unsaved)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.erasing.commands.settle()
        if not self.closing.may_close():
            event.ignore()
            return
        self.settings.set(settings.GEOMETRY, self.saveGeometry())
        self.editing.jobs.cancel()
        self.hide()  # what the threads are at now may take seconds to end
        self.erasing.job.cancel()
        self.sessions.end()
        self.services.wait()
        self.editing.jobs.wait()
        self.files.drag_out.close()
        self.workspace.history.close()
        self._engine.shutdown()
        event.accept()
