from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt

from app.document.editing.document import Document
from app.document.pixels.boxes import Box
from app.document.pixels.picture import Picture
from app.engine.protocol import Patch
from app.ui.editing.undo import NOT_NOW
from app.ui.support import settings
from app.ui.support.settings import Settings
from app.ui.support.thumbnails import draw_result, draw_sample, frame_around, sample
from tests.ui.conftest import Driver


@pytest.fixture
def painted(driver: Driver, photo: Path) -> Driver:
    """Three strokes, the history's page shown."""
    driver.open(photo)
    driver.window.actions_.history.trigger()
    for y in (20, 60, 100):
        driver.stroke((40, y), (80, y))
    return driver


def names(driver: Driver) -> list[str]:
    found = driver.window.contents.history.list
    return [found.item(row).text() for row in range(found.count())]


def test_every_step_is_listed_and_the_present_one_marked(painted: Driver) -> None:
    history = painted.window.contents.history
    assert names(painted) == ["Opened", *["Brush stroke"] * 3]
    assert history.list.currentRow() == 3
    painted.window.actions_.undo.trigger()
    assert history.list.currentRow() == 2
    assert history.list.item(3).foreground().color() != history.list.item(2).foreground().color()
    painted.window.actions_.clear_mask.trigger()
    assert names(painted)[-1] == "Clear mask"
    assert len(names(painted)) == 4


def test_a_click_goes_there(painted: Driver) -> None:
    found, document = painted.window.contents.history.list, painted.document
    assert document.mask[100, 60] == 255
    for row, (first, last) in ((1, (255, 0)), (0, (0, 0)), (3, (255, 255))):
        at = found.visualItemRect(found.item(row)).center()
        painted.qtbot.mouseClick(found.viewport(), Qt.MouseButton.LeftButton, pos=at)
        assert (document.mask[20, 60], document.mask[100, 60]) == (first, last)
        assert found.currentRow() == row


def test_by_keyboard_too(painted: Driver) -> None:
    found = painted.window.contents.history.list
    found.setFocus()
    painted.qtbot.keyClick(found, Qt.Key.Key_Up)
    painted.qtbot.keyClick(found, Qt.Key.Key_Up)
    assert painted.window.workspace.history.index() == 3, "looking about changes nothing"
    painted.qtbot.keyClick(found, Qt.Key.Key_Return)
    assert painted.window.workspace.history.index() == 1


def test_during_an_erase_only_what_came_since(painted: Driver) -> None:
    painted.window.actions_.erase.trigger()
    painted.stroke((120, 20), (130, 20))
    painted.window.contents.history.chosen.emit(1)
    assert painted.window.workspace.history.index() == 3
    assert painted.texts() == [NOT_NOW]
    painted.engine.finish()


def test_steps_show_what_they_changed(painted: Driver) -> None:
    found = painted.window.contents.history.list

    def yellow(row: int) -> bool:
        image = found.item(row).icon().pixmap(48, 36).toImage()
        colours = [image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height())]
        return sum(colour.red() - colour.blue() for colour in colours) / len(colours) > 10

    painted.qtbot.waitUntil(lambda: all(yellow(row) for row in (1, 2, 3)))
    assert not yellow(0)


def test_another_picture_begins_another_list(painted: Driver, photo: Path) -> None:
    painted.open(photo)
    painted.qtbot.waitUntil(lambda: painted.window.contents.history.empty.isVisible())
    assert not painted.window.contents.history.list.isVisible()


def test_a_list_nobody_sees_is_filled_when_it_is_shown(driver: Driver, photo: Path) -> None:
    driver.open(photo)
    driver.stroke((40, 20), (80, 20))
    driver.stroke((40, 60), (80, 60))
    assert driver.window.contents.history.list.count() <= 1
    driver.window.actions_.history.trigger()
    assert len(names(driver)) == 3


def test_the_budget_is_a_setting(painted: Driver, store: Settings) -> None:
    assert painted.window.workspace.history.budget == 1000 * 10**6
    assert "of 1000 MB used" in painted.window.contents.history.memory.text()
    store.set(settings.HISTORY_BUDGET, 200)
    assert painted.window.workspace.history.budget == 200 * 10**6
    assert "of 200 MB used" in painted.window.contents.history.memory.text()


# -- small pictures ------------------------------------------------------------------------


@st.composite
def boxes(draw: st.DrawFn) -> tuple[Box, tuple[int, int]]:
    width, height = draw(st.integers(1, 5000)), draw(st.integers(1, 5000))
    x0, y0 = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
    return (x0, y0, draw(st.integers(x0 + 1, width)), draw(st.integers(y0 + 1, height))), (width, height)


@given(boxes(), st.sampled_from([0.5, 4 / 3, 2.0]))
def test_the_part_shown_is_inside_and_holds_the_change(case: tuple[Box, tuple[int, int]], aspect: float) -> None:
    box, (width, height) = case
    x0, y0, x1, y1 = frame_around(box, (width, height), aspect)
    assert 0 <= x0 <= box[0] < box[2] <= x1 <= width
    assert 0 <= y0 <= box[1] < box[3] <= y1 <= height


def test_little_is_read_of_a_large_picture() -> None:
    document = Document(Picture(np.zeros((3000, 4000, 3), np.uint8)))
    part = sample(document, (0, 0, 4000, 3000), 4 / 3)
    assert part.pixels.size < 400 * 400 * 3
    assert not np.shares_memory(part.pixels, document.pixels)


def test_a_sample_is_drawn_with_its_mask(qapp: object) -> None:
    document = Document(Picture(np.full((90, 120, 4), 100, np.uint8)))
    document.fill_box((40, 30, 80, 60))
    image = draw_sample(sample(document, (40, 30, 80, 60), 4 / 3), 48, 36, (255, 0, 0))
    assert (image.width(), image.height()) == (48, 36)
    assert image.pixelColor(24, 18).red() > 150
    assert image.pixelColor(1, 1).red() == 100


def test_a_result_is_drawn_in_its_surroundings(qapp: object) -> None:
    rgb = np.zeros((100, 100, 3), np.uint8)
    patch = Patch((40, 40, 60, 60), np.full((20, 20, 3), 255, np.uint8))
    image = draw_result(rgb, (patch,), 80, 60)
    assert image.pixelColor(40, 30).red() == 255
    assert image.pixelColor(1, 1).red() == 0
    assert not rgb.any()
