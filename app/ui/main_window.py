"""The window: puts the parts together and passes on what they say to each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QSettings, Qt, QTimer, Slot
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

import resources
from app.canvas.images import thumbnail
from app.canvas.tools import Tool
from app.canvas.view import CanvasView
from app.document.brush import MAX_SIZE, MIN_SIZE, Brush, default_brush_size
from app.document.edits import Edit
from app.document.formats import read_picture
from app.engine.protocol import EngineState, EraseProgress
from app.ui import settings
from app.ui.actions import Actions
from app.ui.background import Background
from app.ui.banner import MessageBanner
from app.ui.commands import EditCommand
from app.ui.engine_panel import EnginePanel
from app.ui.erase_bar import progress_text
from app.ui.erase_job import Engine, EraseJob
from app.ui.file_actions import FileActions
from app.ui.help_dialogs import shortcuts_dialog, show_about
from app.ui.hint import FIRST_HINT, Hint
from app.ui.messages import Messages
from app.ui.options_panel import OptionsPanel
from app.ui.settings import Settings
from app.ui.status_line import StatusLine
from app.ui.tool_strip import ToolStrip
from app.ui.welcome import THUMBNAIL, Welcome
from app.ui.workspace import Opened, Workspace


class MainWindow(QMainWindow):
    """Everything the user sees. The engine, the settings and the messages are given to it."""

    def __init__(self, engine: Engine, store: Settings | None = None, messages: Messages | None = None) -> None:
        super().__init__()
        self._engine = engine
        self.settings = store or Settings(QSettings())
        self.messages = messages or Messages(self)
        self._background = Background(self)
        self.workspace = Workspace(self._background, self.messages, self)
        self.actions_ = Actions(self)
        self.view = CanvasView()
        self.panel = OptionsPanel()
        self.status = StatusLine(self.actions_.fit, self.actions_.actual)
        self.banner = MessageBanner()
        self.welcome = Welcome(sorted(resources.path("samples").glob("*.jpg")))
        self.badge = QLabel("Before", self.view)
        self.badge.setObjectName("badge")
        self.badge.move(14, 14)
        self.badge.hide()
        self.hint = Hint(FIRST_HINT, self.view)
        self.job = EraseJob(engine, self.view, self.messages, self)
        self.files = FileActions(self, self.actions_, self.workspace, self.settings)
        self.engine_panel = EnginePanel(self, engine, self.panel, self.status, self.messages, self.settings)
        self._brush_default = 40.0  # px, for the picture that is open
        self._erase_began = 0  # where the history was then
        self._given_up: int | None = None  # pixel version that may be lost at closing
        self._close_when_written = False
        self._build()
        self._connect()
        self._restore()
        self._update_actions()
        self._update_title()

    # -- building --------------------------------------------------------------------------

    def _build(self) -> None:
        do = self.actions_
        strip = ToolStrip(
            [
                list(do.tools.values()),
                [do.undo, do.redo, do.clear_mask, do.invert_mask],
                [do.zoom_in, do.zoom_out, do.fit, do.before],
            ]
        )
        self.stack = QStackedWidget()
        self.stack.addWidget(self.welcome)
        self.stack.addWidget(self.view)
        middle, row = QGridLayout(), QHBoxLayout()
        for layout in (middle, row):
            layout.setContentsMargins(0, 0, 0, 0)
            layout.setSpacing(0)
        # The banner lies over the canvas: were it beside it, a message would move the picture under the brush.
        middle.addWidget(self.stack, 0, 0)
        middle.addWidget(self.banner, 0, 0, Qt.AlignmentFlag.AlignTop)
        self.banner.raise_()
        row.addWidget(strip)
        row.addLayout(middle, 1)
        row.addWidget(self.panel)
        root = QWidget()
        outer = QVBoxLayout(root)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addLayout(row, 1)
        outer.addWidget(self.status)
        self.setCentralWidget(root)
        self.setMinimumSize(900, 600)

    def _connect(self) -> None:
        do, view, workspace, job = self.actions_, self.view, self.workspace, self.job
        do.quit.triggered.connect(self.close)
        do.undo.triggered.connect(self.undo)
        do.redo.triggered.connect(self.redo)
        do.clear_mask.triggered.connect(self.clear_mask)
        do.invert_mask.triggered.connect(self.invert_mask)
        do.erase.triggered.connect(self.erase)
        do.cancel.triggered.connect(self.cancel)
        do.smaller.triggered.connect(lambda: view.change_brush_size(-1))
        do.larger.triggered.connect(lambda: view.change_brush_size(1))
        do.zoom_in.triggered.connect(lambda: view.zoom_step(1))
        do.zoom_out.triggered.connect(lambda: view.zoom_step(-1))
        do.fit.triggered.connect(view.fit)
        do.actual.triggered.connect(lambda: view.set_zoom(1.0))
        do.before.toggled.connect(view.set_show_before)
        view.beforeChanged.connect(do.before.setChecked)
        view.beforeChanged.connect(self.badge.setVisible)
        do.focus.triggered.connect(self._switch_focus)
        do.shortcuts.triggered.connect(lambda: shortcuts_dialog(self, do).show())
        do.about.triggered.connect(lambda: show_about(self))
        for tool, action in do.tools.items():
            action.triggered.connect(lambda _checked=False, tool=tool: self._choose_tool(tool))

        view.zoomChanged.connect(self.status.show_zoom)
        view.strokeFinished.connect(self._push)
        view.filesDropped.connect(self._on_dropped)
        view.brushChanged.connect(self._on_brush)
        self.panel.brushEdited.connect(view.set_brush)
        self.panel.overlayEdited.connect(self._on_overlay)
        self.panel.left.connect(view.setFocus)
        self.panel.erase_bar.eraseRequested.connect(self.erase)
        self.panel.erase_bar.cancelRequested.connect(self.cancel)
        self.panel.new_seed.toggled.connect(lambda on: self.settings.set(settings.NEW_SEED, on))
        self.welcome.openRequested.connect(self.files.open)
        self.welcome.sampleChosen.connect(lambda path: self.files.open_path(path, sample=True))
        self.welcome.filesDropped.connect(self._on_dropped)
        self.hint.dismissed.connect(self._dismiss_hint)

        workspace.fileChanged.connect(self._update_title)
        workspace.activityChanged.connect(self.status.show_file_work)
        workspace.written.connect(self._on_written)
        workspace.writingFailed.connect(self._stay_open)
        workspace.history.indexChanged.connect(self._update_actions)
        self.files.readingBegun.connect(self.banner.dismiss)
        self.files.documentTaken.connect(self._on_document)
        job.runningChanged.connect(self._on_running)
        self._engine.statusChanged.connect(self._say_what_it_waits_for)
        job.progressed.connect(self._on_progress)
        job.done.connect(self._on_done)
        self.messages.posted.connect(self.banner.show_message)
        self.messages.begin_showing()

    def _restore(self) -> None:
        geometry = self.settings.get(settings.GEOMETRY)
        if geometry.isEmpty() or not self.restoreGeometry(geometry):
            self.resize(1360, 860)
        self.panel.new_seed.setChecked(self.settings.get(settings.NEW_SEED))
        self.view.set_brush(self._start_brush(512, 512))
        self.panel.set_brush(self.view.brush)
        self.panel.overlay.set_value(self.settings.get(settings.OVERLAY_OPACITY) * 100)
        self.view.set_overlay_opacity(self.settings.get(settings.OVERLAY_OPACITY))
        self.status.show_size(None)

    def start(self, picture: Path | None = None, model: str = "", device: str = "auto") -> None:
        """Begin what would have held up the first sight of the window: samples, model, picture."""
        if picture is not None:
            self.files.open_path(picture)
        for sample in self.welcome.samples:
            self._load_thumbnail(sample)
        self.engine_panel.start(model, device)

    # -- editing ---------------------------------------------------------------------------

    @Slot()
    def undo(self) -> None:
        """One step back; a stroke being painted is given up instead."""
        if self.view.stroking:
            self.view.cancel_stroke()
        elif self.actions_.undo.isEnabled():
            self.workspace.history.undo()

    @Slot()
    def redo(self) -> None:
        """One step forward again."""
        if not self.view.stroking and self.actions_.redo.isEnabled():
            self.workspace.history.redo()

    @Slot()
    def clear_mask(self) -> None:
        """Take the whole mask away."""
        if self.workspace.document is not None and not self.view.stroking:
            self._apply(self.workspace.document.clear_mask())

    @Slot()
    def invert_mask(self) -> None:
        """Mask what is not masked."""
        if self.workspace.document is not None and not self.view.stroking:
            self._apply(self.workspace.document.invert_mask())

    @Slot()
    def erase(self) -> None:
        """Erase what the mask covers."""
        if self.workspace.document is not None and not self.job.running:
            self.banner.dismiss()
            self.actions_.before.setChecked(False)
            self.job.start(self.workspace.document, self.panel.options)

    @Slot()
    def cancel(self) -> None:
        """Give the erase up."""
        self.job.cancel()

    def _apply(self, edit: Edit | None) -> None:
        if edit is not None:
            self.view.refresh(part.box for part in edit.parts)
            self._push(edit)

    @Slot(object)
    def _push(self, edit: Edit) -> None:
        document, history = self.workspace.document, self.workspace.history
        if document is not None:
            history.push(EditCommand(history, document, edit, self.view.refresh))
            self.hint.hide()

    # -- answers ---------------------------------------------------------------------------

    @Slot(object)
    def _on_document(self, opened: Opened) -> None:
        self.job.cancel()
        document = opened.document
        self.actions_.before.setChecked(False)
        self.stack.setCurrentWidget(self.view)
        self.view.set_document(document, opened.pixels)
        height, width = document.mask.shape
        self.view.set_brush(self._start_brush(height, width))
        self.status.show_size((width, height))
        self.view.setFocus()
        self.hint.setVisible(False)
        if not self.settings.get(settings.HINT_SEEN):
            self.hint.pop_up()
        if document.picture.note:
            self.messages.info(document.picture.note)
        self._update_actions()

    @Slot(bool)
    def _on_running(self, running: bool) -> None:
        self._erase_began = self.workspace.history.index()
        self.panel.set_running(running)
        self.status.show_erase("")
        self._say_what_it_waits_for()
        self._update_actions()

    @Slot()
    def _say_what_it_waits_for(self) -> None:
        if self.job.running:
            loading = self._engine.status().state is EngineState.LOADING
            text = "Waiting for the model…" if loading else "Preparing…"
            self.panel.erase_bar.label.setText(text)
            self.status.show_erase(f"Erasing: {text}")

    @Slot(object)
    def _on_done(self, edit: Edit) -> None:
        self._push(edit)
        self.settings.set(settings.HINT_SEEN, True)  # who has erased something knows how

    @Slot(object)
    def _on_progress(self, progress: EraseProgress) -> None:
        self.panel.erase_bar.show_progress(progress)
        self.status.show_erase(f"Erasing: {progress_text(progress)}")

    @Slot(object)
    def _on_brush(self, brush: Brush) -> None:
        self.panel.set_brush(brush)
        self.settings.set(settings.BRUSH_SCALE, brush.size / self._brush_default)
        self.settings.set(settings.BRUSH_HARDNESS, brush.hardness)

    @Slot(float)
    def _on_overlay(self, opacity: float) -> None:
        self.view.set_overlay_opacity(opacity)
        self.settings.set(settings.OVERLAY_OPACITY, opacity)

    @Slot(object)
    def _on_dropped(self, paths: list[str]) -> None:
        # Where the files came from waits until the drop is answered: no question may be asked within it.
        QTimer.singleShot(0, self, lambda: self._open_dropped(Path(paths[0]), len(paths)))

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
    def _dismiss_hint(self) -> None:
        self.settings.set(settings.HINT_SEEN, True)
        self.hint.hide()
        self.view.setFocus()

    @Slot()
    def _switch_focus(self) -> None:
        (self.panel.brush_size.spin if self.view.hasFocus() else self.view).setFocus()

    def _choose_tool(self, tool: Tool) -> None:
        self.view.set_tool(tool)
        self.actions_.tools[tool].setChecked(True)

    def _start_brush(self, height: int, width: int) -> Brush:
        self._brush_default = default_brush_size(height, width)
        size = self._brush_default * self.settings.get(settings.BRUSH_SCALE)
        hardness = self.settings.get(settings.BRUSH_HARDNESS)
        return replace(self.view.brush, size=float(round(min(max(size, MIN_SIZE), MAX_SIZE))), hardness=hardness)

    def _load_thumbnail(self, sample: Path) -> None:
        ratio = self.devicePixelRatioF()

        def make() -> Callable[[], None]:
            pixels = read_picture(sample).pixels
            image = thumbnail(pixels, round(THUMBNAIL[0] * ratio), round(THUMBNAIL[1] * ratio))
            return lambda: self.welcome.set_thumbnail(sample, image)

        self._background.run(make, lambda show: show(), lambda _error: None)

    # -- state -----------------------------------------------------------------------------

    @Slot()
    def _update_actions(self) -> None:
        do, history, running = self.actions_, self.workspace.history, self.job.running
        has_picture = self.workspace.document is not None
        for action in do.need_picture():
            action.setEnabled(has_picture)
        do.erase.setEnabled(has_picture and not running)
        do.cancel.setEnabled(running)
        # The result on its way is made from these pixels and this mask: only what came since can be undone.
        do.undo.setEnabled(history.canUndo() and not (running and history.index() <= self._erase_began))
        do.redo.setEnabled(history.canRedo() and not (running and history.redo_changes_pixels()))
        do.name_steps(history.undoText(), history.redoText())
        self.panel.erase_bar.button.setEnabled(has_picture or running)
        self._update_title()

    @Slot()
    def _update_title(self) -> None:
        document = self.workspace.document
        self.setWindowTitle("Moebius" if document is None else f"{self.workspace.name}[*] – Moebius")
        self.setWindowModified(self.workspace.history.unsaved)

    def closeEvent(self, event: QCloseEvent) -> None:
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
        self.settings.set(settings.GEOMETRY, self.saveGeometry())
        self.hide()  # what the threads are at now may take seconds to end
        self.job.cancel()
        self._background.wait()
        self._engine.shutdown()
        event.accept()

    def _close_without(self, version: int) -> None:
        self._given_up = version  # saved meanwhile, or not wanted
        QTimer.singleShot(0, self, self.close)  # not inside the close event that asked
