"""Drag and drop onto the window, and pictures on the clipboard, from other programs."""

from __future__ import annotations

import base64
import binascii
import html
import re
from urllib.parse import unquote_to_bytes

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMimeData, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage
from PySide6.QtWidgets import QWidget

# The most faithful first.
_TYPES = ("image/png", "image/tiff", "image/webp", "image/avif", "image/jpeg", "image/gif", "image/bmp")
_ADDRESS = re.compile(r"(?i)https?://\S+")
_DATA = re.compile(r"(?i)data:image/[-+.\w]+((?:;[-=.\w]+)*),([^\"'\s>)]+)")
_IMAGE = re.compile(r"(?i)<img\b[^>]*?\bsrc\s*=\s*[\"']?([^\"'\s>]+)")

FROM_THE_WEB = (
    "This is the address of a picture, not the picture: nothing is fetched from the internet here. "
    "Save it in the browser, or use its Copy Image and paste it."
)
NO_PICTURE = "There is no picture in what was dropped: drop a file, or a picture out of another program."


class DropWidget(QWidget):
    """A widget that takes files of this computer, and pictures that are no files."""

    filesDropped = Signal(object)  # list[str], never empty
    pictureDropped = Signal(object)  # bytes of a picture file
    dropRefused = Signal(str)  # why there is nothing to open in it

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        # From this window nothing needs to come back.
        mime = event.mimeData()
        if event.source() is None and (_has_picture(mime) or mime.hasUrls() or mime.hasHtml() or mime.hasText()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        mime = event.mimeData()
        event.acceptProposedAction()
        if files := local_files(mime):
            self.filesDropped.emit(files)
        elif data := picture_data(mime):
            self.pictureDropped.emit(data)
        else:
            self.dropRefused.emit(why_no_picture(mime))


def local_files(mime: QMimeData) -> list[str]:
    """The files of this computer among what is dropped or on the clipboard."""
    return [url.toLocalFile() for url in mime.urls() if url.isLocalFile()]


def picture_data(mime: QMimeData) -> bytes | None:
    """The bytes of a picture that is no file, in the most faithful form there is; None without one.

    As image data, as a data: address, or inside of HTML, as browsers give them.
    """
    kind = _picture_type(mime)
    if kind is not None and (data := bytes(mime.data(kind).data())):
        return data
    for text in _texts(mime):
        if (found := _of_data_address(text)) is not None:
            return found
    return _of_image(mime.imageData()) if mime.hasImage() else None


def why_no_picture(mime: QMimeData) -> str:
    """What to say of something dropped without a picture in it."""
    texts = _texts(mime)
    linked = any(_IMAGE.search(text) or _ADDRESS.search(text) for text in texts)
    return FROM_THE_WEB if linked else NO_PICTURE


def _texts(mime: QMimeData) -> list[str]:
    texts = [url.toString() for url in mime.urls()]
    texts += [html.unescape(mime.html())] if mime.hasHtml() else []
    return [*texts, mime.text()] if mime.hasText() else texts


def _of_data_address(text: str) -> bytes | None:
    """The picture of the first data: address in a text (RFC 2397)."""
    found = _DATA.search(text)
    if found is None:
        return None
    data = unquote_to_bytes(found[2])
    if "base64" not in found[1].lower():
        return data
    try:
        return base64.b64decode(data + b"=" * (-len(data) % 4)) or None
    except (binascii.Error, ValueError):
        return None


def _of_image(image: object) -> bytes | None:
    """A picture of Qt's own as a PNG."""
    if not isinstance(image, QImage) or image.isNull():
        return None
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]  # as documented
    return bytes(data.data()) or None


def _has_picture(mime: QMimeData) -> bool:
    return bool(local_files(mime)) or _picture_type(mime) is not None or mime.hasImage()


def _picture_type(mime: QMimeData) -> str | None:
    return next((kind for kind in _TYPES if mime.hasFormat(kind)), None)
