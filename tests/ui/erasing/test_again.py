"""Erasing the last hole again, in another way."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.ui.dialogs.questions import Unsaved
from app.ui.erasing.commands import NOTHING_AGAIN
from app.ui.erasing.job import NOTHING_TO_ERASE
from app.ui.support import settings
from tests.ui.conftest import Answers, Driver
from tests.ui.erasing.test_candidates import COLOURS, answer


def test_again_takes_the_place_of_the_last_result(ready: Driver) -> None:
    document, window = ready.document, ready.window
    window.panel.erase.new_seed.setChecked(False)
    pixels, mask = document.pixels.copy(), document.mask.copy()
    window.actions_.erase.trigger()
    answer(ready, COLOURS[0])
    window.actions_.again.trigger()
    rgb, again_mask, options = ready.engine.requests[1]
    assert np.array_equal(rgb, pixels), "from the picture before the last result"
    assert np.array_equal(again_mask, mask)
    assert options.seed != ready.engine.requests[0][2].seed
    assert tuple(document.pixels[55, 75]) == COLOURS[0], "nothing is lost while it runs"
    answer(ready, COLOURS[1])
    assert tuple(document.pixels[55, 75]) == COLOURS[1]
    history = window.workspace.history
    assert (history.count(), history.index()) == (2, 2)
    window.actions_.again.trigger()
    answer(ready, COLOURS[2])
    assert history.count() == 2
    window.actions_.undo.trigger()
    assert np.array_equal(document.pixels, pixels)
    assert np.array_equal(document.mask, mask)
    window.actions_.redo.trigger()
    assert tuple(document.pixels[55, 75]) == COLOURS[2]


def test_again_fills_in_the_next_way_until_something_is_chosen_anew(ready: Driver) -> None:
    window = ready.window
    window.actions_.erase.trigger()
    for number in range(3):
        answer(ready, COLOURS[number])
        window.actions_.again.trigger()
    answer(ready, COLOURS[3])
    window.panel.erase.edges.setChecked(not window.panel.erase.edges.isChecked())
    window.actions_.again.trigger()
    assert [request[2].variant for request in ready.engine.requests] == [0, 1, 2, 3, 0]


@pytest.mark.parametrize("way", ["cancel", "fail"])
def test_again_given_up_keeps_the_last_result(ready: Driver, way: str) -> None:
    window = ready.window
    window.actions_.erase.trigger()
    answer(ready, COLOURS[0])
    result = ready.document.pixels.copy()
    window.actions_.again.trigger()
    ready.engine.step()
    if way == "cancel":
        window.actions_.cancel.trigger()
    else:
        ready.engine.fail("Not enough memory.")
    assert np.array_equal(ready.document.pixels, result)
    assert window.workspace.history.count() == 2
    window.actions_.again.trigger()
    answer(ready, COLOURS[1])
    assert tuple(ready.document.pixels[55, 75]) == COLOURS[1]
    assert window.workspace.history.count() == 2


def test_again_with_strokes_painted_since(ready: Driver) -> None:
    document, window = ready.document, ready.window
    pixels = document.pixels.copy()
    window.actions_.erase.trigger()
    answer(ready, COLOURS[0])
    window.actions_.again.trigger()
    ready.stroke((20, 100), (40, 100))
    answer(ready, COLOURS[1])
    assert tuple(document.pixels[55, 75]) == COLOURS[1]
    assert document.mask[100, 30] == 255
    history = window.workspace.history
    assert history.count() == 4
    while history.index():
        window.actions_.undo.trigger()
    assert np.array_equal(document.pixels, pixels)
    assert not document.mask.any()
    while history.canRedo():
        window.actions_.redo.trigger()
    assert tuple(document.pixels[55, 75]) == COLOURS[1]


def test_again_after_an_undo_erases_the_mask_that_is_there(ready: Driver) -> None:
    window = ready.window
    window.actions_.erase.trigger()
    answer(ready, COLOURS[0])
    window.actions_.undo.trigger()
    window.actions_.again.trigger()
    answer(ready, COLOURS[1])
    assert tuple(ready.document.pixels[55, 75]) == COLOURS[1]
    assert window.workspace.history.count() == 2


def test_again_without_anything_erased_is_explained(driver: Driver, photo: Path) -> None:
    driver.open(photo)
    driver.window.actions_.again.trigger()
    assert driver.texts() == [NOTHING_AGAIN]
    driver.window.actions_.erase.trigger()
    assert driver.texts()[1:] == [NOTHING_TO_ERASE]


def test_again_with_several_results(ready: Driver) -> None:
    window = ready.window
    window.actions_.erase.trigger()
    answer(ready, COLOURS[0])
    window.settings.set(settings.CANDIDATES, 2)
    window.actions_.again.trigger()
    answer(ready, COLOURS[1])
    answer(ready, COLOURS[2])
    window.actions_.next.trigger()
    window.actions_.keep.trigger()
    assert tuple(ready.document.pixels[55, 75]) == COLOURS[2]
    assert window.workspace.history.count() == 2


def test_again_is_forgotten_with_the_picture(ready: Driver, answers: Answers, photo: Path) -> None:
    ready.window.actions_.erase.trigger()
    ready.engine.finish()
    answers.unsaved = Unsaved.DISCARD
    ready.open(photo)
    ready.window.actions_.again.trigger()
    assert ready.texts() == [NOTHING_AGAIN]


def test_again_with_a_part_brushed_over_erases_that_part_only(ready: Driver) -> None:
    document, window = ready.document, ready.window
    pixels = document.pixels.copy()
    window.actions_.erase.trigger()
    answer(ready, COLOURS[0])
    result = document.pixels.copy()
    ready.stroke((86, 59), (90, 60))  # its right end
    ready.stroke((20, 20), (30, 20))  # what is to be erased next, apart from it
    mask = document.mask.copy()
    window.actions_.again.trigger()
    rgb, part, options = ready.engine.requests[1]
    assert np.array_equal(rgb, result), "from the result, not from the picture before it"
    assert np.array_equal(part[:, 60:], mask[:, 60:])
    assert not part[:, :60].any()
    assert options.seed != ready.engine.requests[0][2].seed
    answer(ready, COLOURS[1])
    assert tuple(document.pixels[59, 88]) == COLOURS[1]
    assert tuple(document.pixels[52, 65]) == COLOURS[0]
    assert np.array_equal(document.mask[:, :60], mask[:, :60]), "what was brushed elsewhere waits"
    assert not document.mask[:, 60:].any()
    window.actions_.again.trigger()  # that part once more, in its place
    assert np.array_equal(ready.engine.requests[2][1], part)
    answer(ready, COLOURS[2])
    assert window.workspace.history.count() == 5
    window.actions_.undo.trigger()
    assert np.array_equal(document.pixels, result)
    for _ in range(3):
        window.actions_.undo.trigger()
    assert window.workspace.history.index() == 1
    assert np.array_equal(document.pixels, pixels)
