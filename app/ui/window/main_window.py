"""The window: puts the parts together and passes on what they say to each other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSettings, Qt, QTimer, Slot
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QLabel, QMainWindow, QStackedWidget

import resources
from app.canvas.drawing.images import thumbnail
from app.canvas.navigator import Navigator
from app.canvas.view import CanvasView
from app.document.formats.files import read_picture
from app.ui.commands.actions import Actions
from app.ui.commands.palette import CommandList
from app.ui.dialogs.about import show_about
from app.ui.dialogs.preferences import Preferences
from app.ui.dialogs.shortcuts import ShortcutEditor
from app.ui.editing.background_edits import MaskJobs
from app.ui.editing.mask_menu import MaskActions
from app.ui.editing.permissions import Editing
from app.ui.editing.undo import Stepping
from app.ui.editing.workspace import Opened, Workspace
from app.ui.erasing.candidate_strip import CandidateStrip
from app.ui.erasing.erasing import Erasing
from app.ui.erasing.job import EraseJob
from app.ui.erasing.progress import EraseProgressView
from app.ui.files.clipboard import PASTED, ClipboardActions
from app.ui.files.drag_out import DragOut
from app.ui.files.file_menu import FileActions
from app.ui.models.choice import EnginePanel
from app.ui.models.library import ModelLibrary
from app.ui.models.models_dialog import ModelsDialog
from app.ui.panels.history import HistoryPanel
from app.ui.panels.options import OptionsPanel
from app.ui.panels.status_line import StatusLine
from app.ui.sessions.safety import Safety
from app.ui.support import settings, theme
from app.ui.support.background import Background
from app.ui.support.engine_api import Engine
from app.ui.support.messages import Messages
from app.ui.support.settings import Settings
from app.ui.window.appearance import Appearance
from app.ui.window.banner import MessageBanner
from app.ui.window.hint import FIRST_HINT, Hint
from app.ui.window.layout import central
from app.ui.window.view_state import ViewState
from app.ui.window.welcome import THUMBNAIL, Welcome


class MainWindow(QMainWindow):
    """Everything the user sees. The engine, the settings and the messages are given to it."""

    def __init__(self, engine: Engine, store: Settings | None = None, messages: Messages | None = None) -> None:
        super().__init__()
        self._engine = engine
        self.settings = store or Settings(QSettings())
        self.messages = messages or Messages(self)
        self.appearance = Appearance(self.settings, self)
        self._background, self._drawing = Background(self), Background(self)  # files; small pictures
        self.workspace = Workspace(self._background, self.messages, self)
        self.actions_ = do = Actions(self, self.settings)
        self.view = CanvasView()
        self.navigator = Navigator(self.view)
        self.history = HistoryPanel(self.workspace, self.settings, self._drawing)
        self.panel = OptionsPanel(self.settings, do, self.navigator, self.history)
        self.status = StatusLine(do.fit, do.actual)
        self.banner = MessageBanner()
        self.welcome = Welcome(sorted(resources.path("samples").glob("*.jpg")), do.open)
        self.badge = QLabel("Before", self.view)
        self.badge.setObjectName("badge")
        self.badge.move(14, 14)
        self.badge.hide()
        self.hint = Hint(FIRST_HINT, self.view)
        self.job = EraseJob(engine, self.view, self.messages, self)
        self.editing = Editing(self.view, self.workspace, self.job, self)
        self.mask_jobs = jobs = MaskJobs(self.view, self.workspace, self.editing, self.messages, self)
        self.stepping = Stepping(self.view, self.workspace, self.editing, jobs, self.messages, self)
        self.erasing = Erasing(
            self.job,
            self.mask_jobs,
            self.view,
            self.workspace,
            self.panel.erase.options,
            self.settings,
            self.messages,
            self,
        )
        self.strip = CandidateStrip(self.job, do, self._drawing, self.view)
        self.masks = MaskActions(
            self, do, self.view, self.workspace, self.mask_jobs, self._background, self.settings, self.messages
        )
        self.files = FileActions(
            self, do, self.workspace, self.settings, self._background, self.erasing.settle, self.view.copy_before
        )
        self.clipboard = ClipboardActions(
            self, do, self.workspace, self.files, self.masks, self._background, self.messages
        )
        self.drag_out = DragOut(self.status.handle, self.workspace, self._background, self.messages, self)
        self.workspace.prepare = jobs.prepare_when_free
        self.engine_panel = EnginePanel(self, engine, self.panel, self.status, self.messages, self.settings)
        self.library = ModelLibrary(engine, self.settings, self.messages, self)
        self.progress = EraseProgressView(self, engine, self.job, self.panel, self.status)
        self.state = ViewState(self.view, self.panel, do, self.settings, self.workspace.history, self)
        self.safety = Safety(
            self, do, self.view, self.workspace, self.files, self._background, self.settings, self.messages
        )
        engine.statusChanged.connect(self.safety.reports.on_status)
        self._given_up: int | None = None  # pixel version that may be lost at closing
        self._close_when_written = False
        self.stack = QStackedWidget()
        self.setCentralWidget(central(do, self.stack, self.welcome, self.view, self.banner, self.panel, self.status))
        self.setMinimumSize(900, 600)
        self._connect_commands()
        self._connect_parts()
        geometry = self.settings.get(settings.GEOMETRY)
        if geometry.isEmpty() or not self.restoreGeometry(geometry):
            self.resize(1360, 860)
        self.actions_.panel.setChecked(self.settings.get(settings.PANEL_SHOWN))
        self.panel.setVisible(self.settings.get(settings.PANEL_SHOWN))
        self.status.show_size(None)
        self._on_look()
        self._update_actions()

    def _connect_commands(self) -> None:
        do, view = self.actions_, self.view
        do.quit.triggered.connect(self.close)
        do.undo.triggered.connect(self.stepping.undo)
        do.redo.triggered.connect(self.stepping.redo)
        do.erase.triggered.connect(self.erasing.erase)
        do.cancel.triggered.connect(self._cancel)
        do.again.triggered.connect(self.erasing.again)
        do.next.triggered.connect(lambda: self.job.step(1))
        do.previous.triggered.connect(lambda: self.job.step(-1))
        do.keep.triggered.connect(self.job.keep)
        do.zoom_in.triggered.connect(lambda: view.zoom_step(1))
        do.zoom_out.triggered.connect(lambda: view.zoom_step(-1))
        do.fit.triggered.connect(view.fit)
        do.actual.triggered.connect(lambda: view.set_zoom(1.0))
        do.before.toggled.connect(view.set_show_before)
        do.panel.toggled.connect(self._show_panel)
        do.options.triggered.connect(lambda: self._show_page(0))
        do.history.triggered.connect(lambda: self._show_page(1))
        do.navigator.setChecked(self.panel.navigator.unfolded)
        do.navigator.toggled.connect(self.panel.navigator.set_unfolded)
        self.panel.navigator.heading.toggled.connect(do.navigator.setChecked)
        do.focus.triggered.connect(self._switch_focus)
        do.preferences.triggered.connect(lambda: Preferences(self, self.settings).show())
        do.models.triggered.connect(self._show_models)
        self.panel.model.more.clicked.connect(do.models.trigger)
        do.shortcuts.triggered.connect(lambda: ShortcutEditor(self, do).show())
        do.find.triggered.connect(lambda: CommandList(self, do, self.settings).show())
        do.about.triggered.connect(lambda: show_about(self))

    def _connect_parts(self) -> None:
        do, view, workspace, job = self.actions_, self.view, self.workspace, self.job
        view.beforeChanged.connect(do.before.setChecked)
        view.beforeChanged.connect(self.badge.setVisible)
        view.zoomChanged.connect(self.status.show_zoom)
        view.strokeFinished.connect(self.editing.push)
        view.strokeFinished.connect(self.erasing.on_stroke)
        view.filesDropped.connect(self._on_dropped)
        view.pictureDropped.connect(self._on_picture_dropped)
        view.set_select(self.masks.select)
        self.masks.selected.connect(self.erasing.on_stroke)
        self.mask_jobs.busyChanged.connect(self._update_actions)
        self.mask_jobs.activityChanged.connect(self.status.show_change)
        self.editing.pushed.connect(self.hint.hide)
        self.history.chosen.connect(self.stepping.go_to)
        self.strip.chosen.connect(job.show)
        self.panel.left.connect(view.setFocus)
        self.appearance.changed.connect(self._on_look)
        self.welcome.sampleChosen.connect(lambda path: self.files.open_path(path, sample=True))
        self.welcome.filesDropped.connect(self._on_dropped)
        self.welcome.pictureDropped.connect(self._on_picture_dropped)
        self.hint.dismissed.connect(self._dismiss_hint)
        workspace.fileChanged.connect(self._update_title)
        workspace.activityChanged.connect(self.status.show_file_work)
        workspace.written.connect(self._on_written)
        workspace.sessionSavingChanged.connect(self._update_actions)
        workspace.writingFailed.connect(self._stay_open)
        workspace.history.indexChanged.connect(self._update_actions)
        self.files.readingBegun.connect(self.banner.dismiss)
        self.files.documentTaken.connect(self._on_document)
        job.runningChanged.connect(self._update_actions)
        job.activeChanged.connect(self._update_actions)
        job.candidatesChanged.connect(self._update_actions)
        self.erasing.begun.connect(self._on_erase_begun)
        # Who has erased something knows how.
        self.erasing.erased.connect(lambda: self.settings.set(settings.HINT_SEEN, True))
        self.messages.posted.connect(self.banner.show_message)
        self.messages.begin_showing()

    def start(self, picture: Path | None = None, model: str = "", device: str = "auto", recover: str = "") -> None:
        """Begin what would have held up the first sight of the window: samples, model, picture, unsaved work."""
        if picture is not None:
            self.files.open_path(picture)
        self.safety.start(recover)
        for sample in self.welcome.samples:
            self._load_thumbnail(sample)
        self.engine_panel.start(model, device)

    # -- answers ---------------------------------------------------------------------------

    @Slot(object)
    def _on_document(self, opened: Opened) -> None:
        self.erasing.forget()
        document = opened.document
        self.actions_.before.setChecked(False)
        self.stack.setCurrentWidget(self.view)
        self.view.set_document(document, opened.pixels)
        height, width = document.mask.shape
        self.state.begin(height, width)
        self.safety.put_back(opened)
        self.status.show_size((width, height))
        self.view.setFocus()
        self.hint.setVisible(False)
        if not self.settings.get(settings.HINT_SEEN):
            self.hint.pop_up()
        note = opened.loaded.note if opened.loaded is not None else ""
        if note or document.picture.note:
            self.messages.info(note or document.picture.note)
        self._update_actions()

    @Slot()
    def _on_erase_begun(self) -> None:
        self.banner.dismiss()
        self.hint.hide()
        self.actions_.before.setChecked(False)

    @Slot(object)
    def _on_dropped(self, paths: list[str]) -> None:
        # Where the files came from waits until the drop is answered: no question may be asked within it.
        QTimer.singleShot(0, self, lambda: self._open_dropped(Path(paths[0]), len(paths)))

    @Slot(object)
    def _on_picture_dropped(self, data: bytes) -> None:
        QTimer.singleShot(0, self, lambda: self.files.open_data(lambda: data, PASTED))

    def _open_dropped(self, path: Path, count: int) -> None:
        self.files.open_path(path)
        if count > 1:
            self.messages.info(f"One picture at a time: only {path.name} is opened.")

    @Slot(object)
    def _on_written(self, path: Path) -> None:
        self.status.show_file_work(f"Saved {path.name}")
        QTimer.singleShot(4000, self, self._forget_written)
        self._update_title()
        if self._close_when_written:
            self._close_when_written = False
            self.close()

    @Slot()
    def _stay_open(self) -> None:
        self._close_when_written = False

    @Slot()
    def _forget_written(self) -> None:
        if not self.workspace.saving:
            self.status.show_file_work("")

    @Slot()
    def _cancel(self) -> None:
        if self.safety.cancel():
            return
        if self.mask_jobs.busy:
            self.mask_jobs.cancel()
        else:
            self.erasing.cancel()

    @Slot()
    def _dismiss_hint(self) -> None:
        self.settings.set(settings.HINT_SEEN, True)
        self.hint.hide()
        self.view.setFocus()

    @Slot()
    def _on_look(self) -> None:
        self.view.set_background(theme.colour("canvas"))
        self.history.renew()
        self.welcome.fit_samples()

    @Slot()
    def _switch_focus(self) -> None:
        if self.view.hasFocus():
            self.actions_.panel.setChecked(True)
            self.panel.take_focus()
        else:
            self.view.setFocus()

    @Slot(bool)
    def _show_panel(self, on: bool) -> None:
        self.settings.set(settings.PANEL_SHOWN, on)
        self.panel.setVisible(on)

    @Slot()
    def _show_models(self) -> None:
        known = self.findChild(ModelsDialog)
        dialog = known or ModelsDialog(self, self.library, self.settings)
        dialog.show()
        dialog.raise_()
        dialog.activateWindow()

    def _show_page(self, index: int) -> None:
        self.actions_.panel.setChecked(True)
        self.panel.show_page(index)

    def _load_thumbnail(self, sample: Path) -> None:
        ratio = self.devicePixelRatioF() * theme.SCALES[1]  # sharp at every UI scale

        def make() -> Callable[[], None]:
            pixels = read_picture(sample).pixels
            image = thumbnail(pixels, round(THUMBNAIL[0] * ratio), round(THUMBNAIL[1] * ratio))
            return lambda: self.welcome.set_thumbnail(sample, image)

        self._background.run(make, lambda show: show(), lambda _error: None)

    # -- state -----------------------------------------------------------------------------

    @Slot()
    def _update_actions(self) -> None:
        do, history, job = self.actions_, self.workspace.history, self.job
        has_picture = self.workspace.document is not None
        for action in do.need_picture():
            action.setEnabled(has_picture)
        busy = self.mask_jobs.busy
        do.erase.setEnabled(has_picture and not job.running and not busy)
        do.again.setEnabled(has_picture and not job.active and not busy)
        do.cancel.setEnabled(job.active or busy or self.workspace.session_saving)
        for action in (do.next, do.previous, do.keep):
            action.setEnabled(job.choosing)
        do.undo.setEnabled(self.stepping.can_undo)
        do.redo.setEnabled(self.stepping.can_redo)
        do.name_steps(history.undoText(), history.redoText())
        self.panel.erase_bar.button.setEnabled(has_picture)
        self._update_title()

    @Slot()
    def _update_title(self) -> None:
        document = self.workspace.document
        self.setWindowTitle("Moebius" if document is None else f"{self.workspace.name}[*] – Moebius")
        self.setWindowModified(self.workspace.history.unsaved)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.erasing.settle()
        history = self.workspace.history
        version = history.pixel_version
        if self.workspace.saving:
            self._close_when_written = True
            event.ignore()
            return
        if history.unsaved and self._given_up != version:
            event.ignore()
            self.files.unless_unsaved(lambda: self._close_without(version))
            return
        if self.library.busy:  # downloads are kept as far as they are
            self._close_when_idle()
            event.ignore()
            return
        self.library.close()
        self.settings.set(settings.GEOMETRY, self.saveGeometry())
        self.mask_jobs.cancel()
        self.hide()  # what the threads are at now may take seconds to end
        self.job.cancel()
        self.safety.end()
        self._background.wait()
        self._drawing.wait()
        self.mask_jobs.wait()
        self.drag_out.close()
        self.workspace.history.close()
        self._engine.shutdown()
        event.accept()

    def _close_when_idle(self) -> None:
        if not self.library.closed:
            self.library.idle.connect(self.close, Qt.ConnectionType.QueuedConnection)
            self.library.finish()

    def _close_without(self, version: int) -> None:
        self._given_up = version  # saved meanwhile, or not wanted
        QTimer.singleShot(0, self, self.close)  # not inside the close event that asked
