"""Several results to choose from, and erasing as you paint."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt

from app.engine.protocol import EraseDone, Patch
from app.ui.dialogs.questions import Unsaved
from app.ui.panels.erase_bar import BarState
from app.ui.support import settings
from app.ui.support.settings import Settings
from tests.ui.conftest import Answers, Driver
from tests.ui.fake_engine import RESULT, hole_box

COLOURS = ((200, 0, 0), (0, 200, 0), (0, 0, 200), (200, 200, 0))


def answer(driver: Driver, colour: tuple[int, int, int]) -> None:
    """End the run under way with a result in that colour."""
    engine = driver.engine
    rgb, mask, _ = engine.requests[-1]
    box = hole_box(mask)
    part = rgb[box[1] : box[3], box[0] : box[2]].copy()
    part[mask[box[1] : box[3], box[0] : box[2]] > 127] = colour
    number = engine.current_id
    engine.end_quietly()
    engine.finished.emit(EraseDone(number, (Patch(box, part),), 1.0))


def choose_from(driver: Driver, count: int) -> None:
    driver.window.settings.set(settings.CANDIDATES, count)
    driver.window.actions_.erase.trigger()


def shown_at(driver: Driver, x: int, y: int) -> tuple[int, int, int]:
    view = driver.window.view
    at = view.to_widget(x + 0.5, y + 0.5).toPoint()
    colour = view.grab().toImage().pixelColor(at)
    return colour.red(), colour.green(), colour.blue()


# -- candidates ----------------------------------------------------------------------------


def test_results_come_one_after_the_other_with_other_seeds(ready: Driver) -> None:
    choose_from(ready, 3)
    assert ready.window.panel.erase.candidates.value == 3
    for number in range(3):
        assert ready.engine.busy
        ready.engine.step()
        label = ready.window.panel.erase_bar.label.text()
        assert label.startswith(f"Result {number + 1} of 3: ")
        answer(ready, COLOURS[number])
    assert not ready.engine.busy
    asked = [request[2] for request in ready.engine.requests]
    assert len({options.seed for options in asked}) == 3
    assert [options.variant for options in asked] == [0, 1, 2], "each is filled in another way"
    assert all(request[0] is ready.engine.requests[0][0] for request in ready.engine.requests), "one copy is enough"
    assert ready.window.panel.erase_bar.state is BarState.CHOOSING
    assert len(ready.window.erasing.strip.buttons) == 3
    assert ready.window.erasing.strip.isVisible()


def test_the_choice_is_one_step_of_pixels_and_mask(ready: Driver) -> None:
    document, window = ready.document, ready.window
    pixels, mask, revision = document.pixels.copy(), document.mask.copy(), document.revision
    choose_from(ready, 3)
    for colour in COLOURS[:3]:
        answer(ready, colour)
    assert document.revision == revision, "nothing is decided yet"
    assert shown_at(ready, 75, 55) == COLOURS[0]
    ready.qtbot.keyClick(window.view, Qt.Key.Key_Period)
    assert shown_at(ready, 75, 55) == COLOURS[1]
    ready.qtbot.keyClick(window.view, Qt.Key.Key_Comma)
    ready.qtbot.keyClick(window.view, Qt.Key.Key_Comma)
    assert shown_at(ready, 75, 55) == COLOURS[2], "round and round"
    assert window.erasing.strip.buttons[2].isChecked()
    ready.qtbot.keyClick(window.view, Qt.Key.Key_Return)
    assert tuple(document.pixels[55, 75]) == COLOURS[2]
    assert not document.mask.any()
    assert window.workspace.history.count() == 2
    assert not window.erasing.strip.isVisible()
    assert window.panel.erase_bar.state is BarState.IDLE
    window.actions_.undo.trigger()
    assert np.array_equal(document.pixels, pixels)
    assert np.array_equal(document.mask, mask)
    window.actions_.redo.trigger()
    assert tuple(document.pixels[55, 75]) == COLOURS[2]


def test_escape_keeps_none(ready: Driver) -> None:
    document = ready.document
    pixels, mask = document.pixels.copy(), document.mask.copy()
    choose_from(ready, 2)
    answer(ready, COLOURS[0])
    answer(ready, COLOURS[1])
    ready.qtbot.keyClick(ready.window.view, Qt.Key.Key_Escape)
    assert not ready.window.erasing.job.active
    assert np.array_equal(document.pixels, pixels)
    assert np.array_equal(document.mask, mask)
    assert ready.window.workspace.history.count() == 1
    ready.window.settings.set(settings.CANDIDATES, 1)
    ready.window.actions_.erase.trigger()
    ready.engine.finish()
    assert tuple(document.pixels[55, 75]) == RESULT


@pytest.mark.parametrize("finished", [0, 1, 2])
def test_cancelling_in_the_middle_leaves_nothing(ready: Driver, finished: int) -> None:
    pixels = ready.document.pixels.copy()
    choose_from(ready, 3)
    for colour in COLOURS[:finished]:
        answer(ready, colour)
    ready.engine.step()
    ready.window.actions_.cancel.trigger()
    assert not ready.engine.busy
    assert not ready.window.erasing.job.active
    assert not ready.window.erasing.job.candidates
    assert np.array_equal(ready.document.pixels, pixels)


def test_one_may_be_kept_before_all_are_there(ready: Driver) -> None:
    choose_from(ready, 4)
    answer(ready, COLOURS[0])
    answer(ready, COLOURS[1])
    ready.window.erasing.strip.buttons[1].click()
    assert shown_at(ready, 75, 55) == COLOURS[1], "the run under way shows its previews no more"
    ready.engine.step()
    ready.engine.step()
    assert shown_at(ready, 75, 55) == COLOURS[1]
    ready.window.erasing.strip.keep_button.click()
    assert tuple(ready.document.pixels[55, 75]) == COLOURS[1]
    assert not ready.engine.busy


def test_after_a_failure_the_others_can_be_chosen(ready: Driver) -> None:
    choose_from(ready, 3)
    answer(ready, COLOURS[0])
    ready.engine.fail("There is not enough memory.")
    assert ready.texts() == ["There is not enough memory."]
    assert ready.window.erasing.job.choosing
    assert not ready.window.erasing.job.running
    ready.window.actions_.keep.trigger()
    assert tuple(ready.document.pixels[55, 75]) == COLOURS[0]


def test_when_the_first_fails_all_is_over(ready: Driver) -> None:
    choose_from(ready, 3)
    ready.engine.fail("There is not enough memory.")
    assert not ready.window.erasing.job.active
    assert ready.window.panel.erase_bar.state is BarState.IDLE


def test_erase_while_choosing_keeps_what_is_shown(ready: Driver) -> None:
    choose_from(ready, 2)
    answer(ready, COLOURS[0])
    answer(ready, COLOURS[1])
    ready.window.actions_.next.trigger()
    ready.stroke((20, 100), (40, 100))
    ready.window.actions_.erase.trigger()
    assert tuple(ready.document.pixels[55, 75]) == COLOURS[1]
    assert ready.window.erasing.job.running, "and the stroke painted since is erased"
    assert ready.engine.requests[-1][1][100, 30] == 255


def test_what_is_seen_is_saved(ready: Driver, answers: Answers, tmp_path: Path) -> None:
    choose_from(ready, 2)
    answer(ready, COLOURS[0])
    answer(ready, COLOURS[1])
    ready.window.actions_.next.trigger()
    answers.path = tmp_path / "saved.png"
    with ready.qtbot.waitSignal(ready.window.workspace.written):
        ready.window.actions_.save_as.trigger()
    assert tuple(ready.document.pixels[55, 75]) == COLOURS[1]


def test_closing_with_a_choice_open_asks(ready: Driver, answers: Answers) -> None:
    choose_from(ready, 2)
    answer(ready, COLOURS[0])
    answer(ready, COLOURS[1])
    answers.unsaved = Unsaved.CANCEL
    ready.window.close()
    assert ready.window.isVisible()
    assert answers.asked == ["unsaved"]
    assert tuple(ready.document.pixels[55, 75]) == COLOURS[0]


def test_another_picture_ends_the_choice(ready: Driver, answers: Answers, photo: Path) -> None:
    choose_from(ready, 2)
    answer(ready, COLOURS[0])
    answers.unsaved = Unsaved.DISCARD
    ready.open(photo)
    assert not ready.window.erasing.job.active
    assert not ready.engine.busy
    assert not ready.window.erasing.strip.isVisible()


def test_what_the_results_are_made_from_cannot_be_undone_while_choosing(ready: Driver) -> None:
    choose_from(ready, 2)
    answer(ready, COLOURS[0])
    answer(ready, COLOURS[1])
    assert not ready.window.actions_.undo.isEnabled()
    ready.window.actions_.cancel.trigger()
    assert ready.window.actions_.undo.isEnabled()


def test_each_result_gets_a_small_picture(ready: Driver) -> None:
    choose_from(ready, 2)
    answer(ready, COLOURS[0])
    answer(ready, COLOURS[1])
    buttons = ready.window.erasing.strip.buttons

    def centre(index: int) -> tuple[int, int, int]:
        image = buttons[index].icon().pixmap(92, 69).toImage()
        if image.isNull():
            return 0, 0, 0
        colour = image.pixelColor(image.width() // 2, image.height() // 2)
        return colour.red(), colour.green(), colour.blue()

    ready.qtbot.waitUntil(lambda: (centre(0), centre(1)) == COLOURS[:2])


# -- erase as you paint --------------------------------------------------------------------


@pytest.fixture
def live(driver: Driver, photo: Path) -> Driver:
    driver.open(photo)
    driver.window.actions_.live.trigger()
    return driver


def test_letting_go_of_a_stroke_erases(live: Driver, store: Settings) -> None:
    assert store.get(settings.LIVE)
    assert live.window.panel.erase_bar.live.isChecked()
    live.stroke((60, 50), (90, 60))
    assert live.engine.busy
    live.engine.finish()
    assert tuple(live.document.pixels[55, 75]) == RESULT
    live.window.panel.erase_bar.live.click()
    live.stroke((20, 100), (40, 100))
    assert not live.engine.busy


def test_an_eraser_stroke_and_undo_start_nothing(live: Driver) -> None:
    live.window.actions_.live.trigger()
    live.stroke((60, 50), (90, 60))
    live.window.actions_.live.trigger()
    live.window.actions_.tools[next(tool for tool in live.window.actions_.tools if tool.name == "ERASER")].trigger()
    live.stroke((60, 50), (62, 50))
    assert not live.engine.busy
    live.window.actions_.undo.trigger()
    assert not live.engine.busy


def test_a_stroke_painted_meanwhile_waits_for_its_turn(live: Driver) -> None:
    live.stroke((60, 50), (90, 60))
    live.stroke((20, 100), (40, 100))
    live.stroke((20, 30), (40, 30))
    assert len(live.engine.requests) == 1
    live.engine.finish()
    assert len(live.engine.requests) == 2, "both strokes in one"
    second = live.engine.requests[1][1]
    assert second[100, 30] == 255
    assert second[30, 30] == 255
    assert second[55, 75] == 0
    assert tuple(live.engine.requests[1][0][55, 75]) == RESULT, "made from the result before"
    live.engine.finish()
    assert not live.engine.busy
    assert tuple(live.document.pixels[100, 30]) == RESULT
    assert not live.document.mask.any()
    for _ in range(live.window.workspace.history.count()):
        live.window.actions_.undo.trigger()
    assert not live.document.mask.any()
    assert not live.window.isWindowModified()


def test_or_begins_the_erase_anew_with_both(live: Driver, store: Settings) -> None:
    store.set(settings.LIVE_JOINS, True)
    live.stroke((60, 50), (90, 60))
    live.engine.step()
    live.stroke((20, 100), (40, 100))
    assert len(live.engine.requests) == 2
    assert live.engine.requests[1][1][55, 75] == 255
    assert live.engine.requests[1][1][100, 30] == 255
    live.engine.finish()
    assert not live.document.mask.any()


def test_cancelling_forgets_what_waited(live: Driver) -> None:
    live.stroke((60, 50), (90, 60))
    live.stroke((20, 100), (40, 100))
    live.window.actions_.cancel.trigger()
    assert not live.engine.busy
    assert live.document.mask[100, 30] == 255, "the strokes stay"
    assert not live.texts()


def test_a_failure_forgets_what_waited(live: Driver) -> None:
    live.stroke((60, 50), (90, 60))
    live.stroke((20, 100), (40, 100))
    live.engine.fail("Not enough memory.")
    assert not live.engine.busy
    assert live.texts() == ["Not enough memory."]


def test_the_part_of_a_stroke_handed_over_is_no_stroke_let_go(live: Driver) -> None:
    view = live.window.view
    live.stroke((60, 50), (90, 60))
    live.qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=view.to_widget(20, 100).toPoint())
    live.drag(view.to_widget(40, 100))
    live.engine.finish()
    assert len(live.engine.requests) == 1, "the hand still paints"
    live.drag(view.to_widget(60, 100))
    live.qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=view.to_widget(60, 100).toPoint())
    assert live.engine.busy
    assert live.engine.requests[1][1][100, 30] == 255


def test_every_place_may_have_another_result(ready: Driver, store: Settings) -> None:
    window, job = ready.window, ready.window.erasing.job
    store.set(settings.CANDIDATES, 2)
    ready.stroke((20, 100), (30, 100))
    window.actions_.erase.trigger()
    mask = ready.engine.requests[0][1]
    boxes = ((55, 45, 95, 65), (15, 95, 35, 105))
    for colour in COLOURS[:2]:
        patches = []
        for x0, y0, x1, y1 in boxes:
            part = ready.document.pixels[y0:y1, x0:x1].copy()
            part[mask[y0:y1, x0:x1] > 127] = colour
            patches.append(Patch((x0, y0, x1, y1), part))
        number = ready.engine.current_id
        ready.engine.end_quietly()
        ready.engine.finished.emit(EraseDone(number, tuple(patches), 1.0))
    button = window.erasing.strip.region_button
    assert job.regions == boxes
    assert button.isVisible()
    assert button.text() == "All places"
    button.click()
    button.click()
    assert button.text().startswith("Place 2")
    assert window.view._framed == boxes[1]
    window.actions_.next.trigger()
    assert (job.shown, job.choice) == (0, 1)
    window.actions_.next_region.trigger()
    assert button.text().startswith("All")
    window.actions_.keep.trigger()
    assert tuple(ready.document.pixels[55, 75]) == COLOURS[0]
    assert tuple(ready.document.pixels[100, 25]) == COLOURS[1]
    assert window.workspace.history.undoText() == "Erase"
    window.view.set_frame(None)
