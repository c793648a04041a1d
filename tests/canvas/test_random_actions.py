"""Whatever is done, the frame is what drawing anew gives, and every byte can be undone."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app.canvas.view import CanvasView
from app.document.editing.document import Document
from app.document.pixels.picture import Picture
from tests.canvas.random_actions import Actor


@pytest.mark.parametrize(("seed", "size", "channels"), [(1, (700, 500), 3), (2, (260, 401), 4), (3, (2750, 2101), 3)])
def test_random_actions(qtbot: QtBot, seed: int, size: tuple[int, int], channels: int) -> None:
    small = np.random.default_rng(seed).integers(0, 256, (size[1] // 20, size[0] // 20, channels), dtype=np.uint8)
    pixels = np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_LINEAR), np.uint8)
    document = Document(Picture(pixels))
    view = CanvasView()
    qtbot.addWidget(view)
    view.resize(500, 400)
    view.set_document(document)
    view.show()
    qtbot.waitExposed(view)
    actor = Actor(view, document, seed)
    for _ in range(6):
        for _ in range(30):
            actor.step()
        view.grab()
        qtbot.waitUntil(lambda: not actor.waiting())
        actor.check_frame()
    actor.check_bytes()
    assert actor.done or actor.undone
    view._loader.finish()
