"""Files and pictures from other programs: dropped on a part of the window, or on the clipboard."""

from __future__ import annotations

from PySide6.QtCore import QMimeData, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QWidget

_TYPES = ("image/png", "image/tiff", "image/webp", "image/avif", "image/jpeg", "image/bmp")  # the most faithful first


class DropWidget(QWidget):
    """A widget that takes files of this computer, and pictures that are no files."""

    filesDropped = Signal(object)  # list[str], never empty
    pictureDropped = Signal(object)  # bytes of a picture file

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        # From this window nothing needs to come back.
        if event.source() is None and (local_files(event.mimeData()) or _picture_type(event.mimeData())):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        if files := local_files(event.mimeData()):
            event.acceptProposedAction()
            self.filesDropped.emit(files)
        elif data := picture_data(event.mimeData()):
            event.acceptProposedAction()
            self.pictureDropped.emit(data)


def local_files(mime: QMimeData) -> list[str]:
    """The files of this computer among what is dropped or on the clipboard."""
    return [url.toLocalFile() for url in mime.urls() if url.isLocalFile()]


def picture_data(mime: QMimeData) -> bytes | None:
    """The bytes of a picture that is no file, in the most faithful form there is; None without one."""
    kind = _picture_type(mime)
    return None if kind is None else bytes(mime.data(kind).data()) or None


def _picture_type(mime: QMimeData) -> str | None:
    return next((kind for kind in _TYPES if mime.hasFormat(kind)), None)
