"""Dragging the picture out to another program, as a file."""

from __future__ import annotations

import tempfile
from pathlib import Path

from PySide6.QtCore import QMimeData, QObject, QPoint, Qt, QUrl, Signal, Slot
from PySide6.QtGui import QDrag, QMouseEvent
from PySide6.QtWidgets import QApplication, QToolButton

from app.document.errors import DocumentError
from app.document.formats import SAVE_FORMATS, encode_picture, lost_features_sentence, write_file
from app.document.pixels import Picture
from app.ui.editing import Workspace, format_of
from app.ui.support import Background, Messages, theme

HOW = "Drag this to another program, or to a folder, to put the picture there."
READY = "The picture is ready now: drag it once more."


class DragHandle(QToolButton):
    """Pressed, it has the file made; moved away, it drags that."""

    pressed_ = Signal()
    dragged = Signal()
    let_go = Signal(bool)  # whether it was moved

    def __init__(self) -> None:
        super().__init__()
        self.setText("Drag out")
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        theme.set_icon(self, "grip-vertical")
        theme.fix(self, icon=14)
        self.setToolTip(HOW)
        self.setAccessibleName("Drag the picture out")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self._at: QPoint | None = None
        self._moved = False

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        if event.button() == Qt.MouseButton.LeftButton and self.isEnabled():
            self._at, self._moved = event.position().toPoint(), False
            self.pressed_.emit()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        far = QApplication.startDragDistance()
        if self._at is not None and (event.position().toPoint() - self._at).manhattanLength() >= far:
            self._moved = True
            self.dragged.emit()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if self._at is not None:
            self._at = None
            self.let_go.emit(self._moved)

    @property
    def held(self) -> bool:
        """Whether the hand has pressed it and not let go."""
        return self._at is not None

    def drag(self, path: Path) -> None:
        """Drag a file; returns when it was dropped."""
        mime = QMimeData()
        mime.setUrls([QUrl.fromLocalFile(str(path))])
        drag = QDrag(self)
        drag.setMimeData(mime)
        self._at = None
        self.setDown(False)
        drag.exec(Qt.DropAction.CopyAction)


class DragOut(QObject):
    """Makes the file that is dragged: the picture's own where that holds what is seen, else a copy."""

    def __init__(
        self, handle: DragHandle, workspace: Workspace, background: Background, messages: Messages, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._handle, self._workspace = handle, workspace
        self._background, self._messages = background, messages
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._made: tuple[object, int, Path] | None = None  # document, version of its pixels, file
        self._making = False
        self._missed = False  # let go of before the file was there
        handle.pressed_.connect(self._prepare)
        handle.dragged.connect(self._drag)
        handle.let_go.connect(self._on_let_go)

    @property
    def ready(self) -> Path | None:
        """The file that holds what is seen, once there is one."""
        document, history = self._workspace.document, self._workspace.history
        if document is None:
            return None
        own = document.picture.path
        if own is not None and not history.unsaved and format_of(own) is not None:
            return own
        if self._made is not None and self._made[0] is document and self._made[1] == history.pixel_version:
            return self._made[2]
        return None

    def close(self) -> None:
        """Remove the files made; not while one is being made."""
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = self._made = None

    @Slot()
    def _prepare(self) -> None:
        self._missed = False
        if self.ready is not None or self._making or self._workspace.document is None:
            return
        document, version = self._workspace.document, self._workspace.history.pixel_version
        name = Path(self._workspace.name).stem or "picture"

        def done(path: Path) -> None:
            self._making = False
            self._made = document, version, path
            if self._missed:
                self._messages.info(READY)

        def failed(error: Exception) -> None:
            self._making = False
            said = str(error) if isinstance(error, DocumentError) else "The picture could not be made a file to drag."
            self._messages.error(said)

        def write(picture: Picture) -> None:
            self._making = True
            self._background.run(lambda: self._write(picture, name), done, failed)

        self._workspace.with_copy("Getting the picture ready to drag", write, failed)

    def _write(self, picture: Picture, name: str) -> Path:
        """Off the main thread: a file of the picture's own format, or of one that holds all of it."""
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="moebius-drag-")
        own = picture.format if picture.format in SAVE_FORMATS else "JPEG"
        format = "PNG" if lost_features_sentence(picture, "", own) else own
        folder = Path(tempfile.mkdtemp(dir=self._folder.name))
        path = folder / f"{name}-erased{SAVE_FORMATS[format][0]}"
        write_file(path, encode_picture(picture, format, path.name))
        return path

    @Slot()
    def _drag(self) -> None:
        path = self.ready
        if path is not None and self._handle.held:
            self._handle.drag(path)

    @Slot(bool)
    def _on_let_go(self, moved: bool) -> None:
        self._missed = moved and self._making
        if not moved:
            self._messages.info(HOW)
