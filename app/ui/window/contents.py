"""The contents of the window and their layout: tools, canvas or welcome, panel, status line, what floats over them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QStackedWidget, QVBoxLayout, QWidget

import resources
from app.canvas.drawing import thumbnail
from app.canvas.navigator import Navigator
from app.canvas.view import CanvasView
from app.document.formats import read_picture
from app.ui.commands import Actions
from app.ui.editing import Workspace
from app.ui.panels import HistoryPanel, OptionsPanel, StatusLine, ToolStrip
from app.ui.support import Services, settings, theme
from app.ui.window.banner import MessageBanner
from app.ui.window.hint import FIRST_HINT, Hint
from app.ui.window.welcome import THUMBNAIL, Welcome


class WindowContents(QWidget):
    """Tools at the left, the panel at the right, between them the picture (or the welcome), below the status."""

    def __init__(self, services: Services, actions: Actions, workspace: Workspace) -> None:
        super().__init__()
        self._services = services
        self.view = CanvasView()
        self.navigator = Navigator(self.view)
        self.history = HistoryPanel(workspace, services.settings, services.thumbnails)
        self.panel = OptionsPanel(services.settings, actions, self.navigator, self.history)
        self.status = StatusLine(actions.fit, actions.actual)
        self.banner = MessageBanner()
        self.welcome = Welcome(sorted(resources.path("samples").glob("*.jpg")), actions.open)
        self.badge = QLabel("Before", self.view)
        self.badge.setObjectName("badge")
        self.badge.move(14, 14)
        self.badge.hide()
        self.hint = Hint(FIRST_HINT, self.view)
        self.stack = QStackedWidget()
        self._lay_out(actions)
        self.status.show_size(None)
        self.view.beforeChanged.connect(self.badge.setVisible)
        self.view.zoomChanged.connect(self.status.show_zoom)
        self.panel.left.connect(self.view.setFocus)
        self.hint.dismissed.connect(self._dismiss_hint)
        workspace.activityChanged.connect(self.status.show_file_work)
        services.messages.posted.connect(self.banner.show_message)

    def show_picture(self, size: tuple[int, int]) -> None:
        """The canvas has a picture of that width and height: show it in place of the welcome."""
        self.stack.setCurrentWidget(self.view)
        self.status.show_size(size)
        self.view.setFocus()
        self.hint.setVisible(False)
        if not self._services.settings.get(settings.HINT_SEEN):
            self.hint.pop_up()

    def load_samples(self) -> None:
        """Read the sample photographs and show them small on the welcome, one after the other as they are ready."""
        ratio = self.devicePixelRatioF() * theme.SCALES[1]  # sharp at every UI scale
        width, height = round(THUMBNAIL[0] * ratio), round(THUMBNAIL[1] * ratio)

        def load(sample: Path) -> Callable[[], None]:
            image = thumbnail(read_picture(sample).pixels, width, height)
            return lambda: self.welcome.set_thumbnail(sample, image)

        for sample in self.welcome.samples:
            self._services.background.run(partial(load, sample), lambda show: show(), lambda _error: None)

    @Slot()
    def follow_theme(self) -> None:
        """Bring what paints itself up to the theme and the scale of the interface."""
        self.view.set_background(theme.colour("canvas"))
        self.history.renew()
        self.welcome.fit_samples()

    @Slot()
    def _dismiss_hint(self) -> None:
        self._services.settings.set(settings.HINT_SEEN, True)
        self.hint.hide()
        self.view.setFocus()

    def _lay_out(self, actions: Actions) -> None:
        strip = ToolStrip(
            [
                list(actions.tools.values()),
                [actions.undo, actions.redo, actions.clear_mask, actions.invert_mask],
                [actions.zoom_in, actions.zoom_out, actions.fit, actions.before, actions.split],
            ]
        )
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
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addLayout(row, 1)
        outer.addWidget(self.status)
