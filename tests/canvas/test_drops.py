"""What browsers and other programs let one drop: it opens, or is refused in a sentence."""

from __future__ import annotations

import base64
import io

import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.canvas.drops import FROM_THE_WEB, NO_PICTURE, DropWidget


def _picture(format: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (5, 4), "red").save(buffer, format)
    return buffer.getvalue()


def _mime(**given: object) -> QMimeData:
    mime = QMimeData()
    for name, value in given.items():
        if name == "urls":
            mime.setUrls([QUrl(str(value))])
        elif name == "html":
            mime.setHtml(str(value))
        elif name == "text":
            mime.setText(str(value))
        elif name == "image":
            mime.setImageData(value)
        else:
            assert isinstance(value, bytes)
            mime.setData(f"image/{name}", value)
    return mime


def _drop(widget: DropWidget, mime: QMimeData) -> tuple[list[bytes], list[str]]:
    opened: list[bytes] = []
    refused: list[str] = []
    widget.pictureDropped.connect(opened.append)
    widget.dropRefused.connect(refused.append)
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPointF(5, 5).toPoint(), Qt.DropAction.CopyAction, mime, left, none)
    QApplication.sendEvent(widget, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(widget, QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, mime, left, none))
    return opened, refused


PNG = _picture("PNG")
DATA = "data:image/png;base64," + base64.b64encode(PNG).decode()


@pytest.mark.parametrize(
    "given",
    [
        {"png": PNG},
        {"gif": _picture("GIF")},
        {"bmp": _picture("BMP"), "png": PNG},
        {"urls": DATA},
        {"text": DATA},
        {"html": f'<meta charset="utf-8"><img alt="a" src="{DATA}">'},
        {"html": f"<img src='{DATA.replace('+', '&#43;')}'>", "urls": "https://example.com/a.png"},
        {"image": QImage(5, 4, QImage.Format.Format_RGB32)},
    ],
    ids=["png", "gif", "two", "data", "data as text", "html", "html and address", "qt"],
)
def test_pictures_open(qtbot: QtBot, given: dict[str, object]) -> None:
    widget = DropWidget()
    qtbot.addWidget(widget)
    opened, refused = _drop(widget, _mime(**given))
    assert refused == []
    (data,) = opened
    assert Image.open(io.BytesIO(data)).size == (5, 4)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"urls": "https://example.com/a.png"}, FROM_THE_WEB),
        ({"text": "https://example.com/a.png"}, FROM_THE_WEB),
        ({"html": '<a href="x"><img src="https://example.com/a.png"></a>'}, FROM_THE_WEB),
        ({"text": "Hello"}, NO_PICTURE),
        ({"urls": "data:image/png;base64,"}, NO_PICTURE),
    ],
)
def test_what_is_no_picture_is_a_sentence(qtbot: QtBot, given: dict[str, object], words: str) -> None:
    widget = DropWidget()
    qtbot.addWidget(widget)
    assert _drop(widget, _mime(**given)) == ([], [words])
