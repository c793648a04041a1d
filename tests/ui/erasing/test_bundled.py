"""The whole job through the window: the real engine, the bundled model, mouse and keys."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog

import resources
from app.document.formats.files import read_picture
from app.engine.controller import EngineController
from app.engine.protocol import ErasePreview
from app.ui.dialogs.export import ExportDialog
from app.ui.files import file_menu
from tests.ui.conftest import Answers, Driver

SLOW = 120_000  # ms: the first import of torch on a cold disk


@pytest.fixture
def engine() -> EngineController:  # takes the place of the scripted one
    return EngineController()


class AgreeingDialog(ExportDialog):
    def exec(self) -> int:
        return int(QDialog.DialogCode.Accepted)


def test_open_brush_erase_preview_undo_redo_export(
    driver: Driver, engine: EngineController, answers: Answers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    qtbot, window = driver.qtbot, driver.window
    previews: list[ErasePreview] = []
    engine.previewed.connect(previews.append)
    driver.open(resources.path("samples", "rocket.jpg"))
    document = driver.document
    original = document.pixels.copy()

    driver.stroke((322, 200), (322, 260), (322, 320))
    painted = document.mask.copy()
    assert (painted > 127).sum() > 1000
    assert np.array_equal(document.pixels, original)

    qtbot.keyClick(window.view, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    with qtbot.waitSignal(engine.finished, timeout=SLOW):
        qtbot.waitUntil(lambda: len(previews) > 0, timeout=SLOW)
        preview = previews[0]
        x0, y0, x1, y1 = preview.box
        assert np.array_equal(document.pixels, original), "a preview is only shown"
        assert (preview.rgb != original[y0:y1, x0:x1]).any()
        shown = window.view.grab().toImage()
        assert not shown.isNull()
    assert driver.texts() == []
    erased = document.pixels.copy()
    changed = (erased != original).any(2)
    assert changed[painted > 127].mean() > 0.5
    assert not changed[:, :200].any()
    assert not document.mask.any(), "the mask that was used is gone"

    window.actions_.undo.trigger()
    assert np.array_equal(document.pixels, original)
    assert np.array_equal(document.mask, painted), "undo restores pixels and mask together"
    window.actions_.undo.trigger()
    assert not document.mask.any()
    window.actions_.redo.trigger()
    window.actions_.redo.trigger()
    assert np.array_equal(document.pixels, erased)
    assert not document.mask.any()

    monkeypatch.setattr(file_menu, "ExportDialog", AgreeingDialog)
    answers.path = tmp_path / "result.png"
    window.actions_.export.trigger()
    qtbot.waitUntil(lambda: answers.path is not None and answers.path.exists())
    qtbot.waitUntil(lambda: not window.workspace.saving)
    assert np.array_equal(read_picture(tmp_path / "result.png").rgb, erased)
