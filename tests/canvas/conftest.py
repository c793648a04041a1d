"""A canvas with a small grey picture, and a hand."""

from __future__ import annotations

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app.canvas.view import CanvasView
from app.document.editing.document import Document
from app.document.mask.brush import Brush
from app.document.pixels.picture import Picture
from tests.canvas.input_driver import Hand


@pytest.fixture
def document() -> Document:
    return Document(Picture(np.full((200, 300, 3), 90, np.uint8)))


@pytest.fixture
def view(qtbot: QtBot, document: Document) -> CanvasView:
    view = CanvasView()
    qtbot.addWidget(view)
    view.resize(500, 400)
    view.set_document(document)
    view.set_brush(Brush(20.0))
    view.show()
    qtbot.waitExposed(view)
    return view


@pytest.fixture
def hand(view: CanvasView) -> Hand:
    return Hand(view)
