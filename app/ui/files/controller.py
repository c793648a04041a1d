"""Every way in and out for pictures: the File menu, the clipboard, drops on the window, dragging out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Slot
from PySide6.QtWidgets import QWidget

from app.canvas.drops import DropWidget
from app.document.pixels import Pixels
from app.ui.commands import Actions
from app.ui.editing import MaskMenu, Workspace
from app.ui.files.clipboard import PASTED, ClipboardActions
from app.ui.files.drag_out import DragHandle, DragOut
from app.ui.files.file_menu import FileMenu
from app.ui.support import Services


class FilesController(QObject):
    """Makes the parts of this package and connects them with the File and Edit menus."""

    def __init__(
        self,
        window: QWidget,
        services: Services,
        actions: Actions,
        workspace: Workspace,
        masks: MaskMenu,
        handle: DragHandle,
        settle: Callable[[], None],
        before: Callable[[], Pixels | None],
    ) -> None:
        """``settle`` and ``before``: as of :class:`FileMenu`."""
        super().__init__(window)
        self._messages = messages = services.messages
        background = services.background
        self.menu = FileMenu(window, actions, workspace, services.settings, background, settle, before)
        self.clipboard = ClipboardActions(window, actions, workspace, self.menu, masks, background, messages)
        self.drag_out = DragOut(handle, workspace, background, messages, window)

    def take_drops(self, widget: DropWidget) -> None:
        """Open what is dropped on ``widget``."""
        widget.filesDropped.connect(self._on_files)
        widget.pictureDropped.connect(self._on_picture)
        widget.dropRefused.connect(self._messages.info)

    @Slot(object)
    def _on_files(self, paths: list[str]) -> None:
        # Where the files came from waits until the drop is answered: no question may be asked within it.
        QTimer.singleShot(0, self, lambda: self._open(Path(paths[0]), len(paths)))

    @Slot(object)
    def _on_picture(self, data: bytes) -> None:
        QTimer.singleShot(0, self, lambda: self.menu.open_data(lambda: data, PASTED))

    def _open(self, path: Path, count: int) -> None:
        self.menu.open_path(path)
        if count > 1:
            self._messages.info(f"One picture at a time: only {path.name} is opened.")
