"""The Object tool with a model that selects: clicks and boxes go to it, strokes do not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt

from app.canvas.tools import Tool
from app.document.mask import Brush
from app.engine.protocol import EmbedDone
from tests.ui.conftest import Driver
from tests.ui.fake_engine import FakeEngine


@pytest.fixture
def plain(driver: Driver, tmp_path: Path) -> Driver:
    """A grey picture of 160 × 120: nothing in it could be found without a model."""
    path = tmp_path / "plain.png"
    Image.fromarray(np.full((120, 160, 3), 90, np.uint8)).save(path)
    driver.open(path)
    driver.window.view.set_brush(Brush(6.0))
    return driver


@pytest.fixture
def chosen(plain: Driver, engine: FakeEngine) -> Driver:
    """The tool chosen with a model, which finds the right half of the picture."""
    engine.logits = np.repeat(np.array([[-4, -4, 4, 4]], np.float32), 4, axis=0)
    plain.window.actions_.tools[Tool.OBJECT].trigger()
    plain.qtbot.waitUntil(lambda: len(engine.embeds) == 1)
    return plain


def find(driver: Driver, *points: tuple[float, float]) -> None:
    driver.stroke(*points)
    driver.qtbot.waitUntil(lambda: not driver.window.editing.jobs.busy)


def test_the_picture_is_made_ready_when_the_tool_is_chosen(chosen: Driver, engine: FakeEngine) -> None:
    key, rgb = engine.embeds[0]
    assert key == 1
    np.testing.assert_array_equal(rgb, chosen.document.pixels)


def test_a_click_is_answered_by_the_model_and_kept_by_enter(chosen: Driver, engine: FakeEngine) -> None:
    find(chosen, (120.0, 60.0))
    [(key, [(x, y)], box)] = engine.prompts
    assert key == 1 and not box
    assert (x, y) == pytest.approx((0.75, 0.5), abs=0.01)
    assert not chosen.document.masked
    chosen.qtbot.keyClick(chosen.window.view, Qt.Key.Key_Return)
    mask = chosen.document.mask
    assert mask[:, 84:].min() == 255 and not mask[:, :76].any()
    assert chosen.window.workspace.history.undoText() == "Object"


def test_a_stroke_is_left_to_the_tool_itself(chosen: Driver, engine: FakeEngine) -> None:
    find(chosen, (100.0, 40.0), (120.0, 60.0))
    assert engine.prompts == []


def test_while_the_engine_erases_the_tool_looks_by_itself(
    chosen: Driver, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeEngine, "busy", True)
    assert chosen.window.model_selection.prompt(((1.0, 1.0),), False) is None
    assert engine.prompts == []


def test_masking_keeps_the_embedding_and_changed_pixels_renew_it(chosen: Driver, engine: FakeEngine) -> None:
    find(chosen, (120.0, 60.0))
    chosen.qtbot.keyClick(chosen.window.view, Qt.Key.Key_Return)
    chosen.window.services.thumbnails.settle()
    assert len(engine.embeds) == 1
    chosen.document.pixels[:10, :10] = 0  # as an edit of the pixels does
    chosen.window.actions_.undo.trigger()
    chosen.qtbot.waitUntil(lambda: len(engine.embeds) == 2)
    assert engine.embeds[1][0] == 2


def test_without_a_model_the_tool_says_nothing_and_asks_nobody(plain: Driver, engine: FakeEngine) -> None:
    plain.window.actions_.tools[Tool.OBJECT].trigger()
    plain.qtbot.waitUntil(lambda: len(engine.embeds) == 1)
    find(plain, (120.0, 60.0))
    assert engine.prompts == [] and plain.texts() == []


def test_a_model_that_fails_says_so_once(plain: Driver, engine: FakeEngine) -> None:
    for _ in range(2):
        plain.window.model_selection._on_embedded(EmbedDone(0, False, "It is damaged."))
    assert plain.texts() == ["It is damaged. The Object tool works without it."]
