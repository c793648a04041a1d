from __future__ import annotations

import gc
import weakref
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.engine.protocol import EngineNote, EngineState, EngineStatus, EraseDone, ErasePreview, EraseProgress, Patch
from app.ui.erasing.job import NOTHING_TO_ERASE
from app.ui.panels.erase_bar import progress_text, time_text
from app.ui.support import settings
from app.ui.support.settings import Settings
from tests.ui.conftest import Driver
from tests.ui.fake_engine import RESULT, FakeEngine

STEPS = FakeEngine().total + 2  # the draft, the steps, and the one before the answer


def test_open_brush_erase_undo_redo(ready: Driver) -> None:
    document, window = ready.document, ready.window
    pixels, mask = document.pixels.copy(), document.mask.copy()
    assert mask[55, 75] == 255
    ready.qtbot.mouseClick(window.panel.erase_bar.button, Qt.MouseButton.LeftButton)
    assert ready.engine.busy
    assert window.panel.erase_bar.button.accessibleName() == "Cancel"
    ready.engine.step()
    ready.engine.step()
    assert window.panel.erase_bar.label.text() == "Step 1 of 6, about 5 s left"
    assert np.array_equal(document.pixels, pixels), "a preview is not the picture"
    ready.engine.finish()
    assert not window.erasing.job.running
    assert tuple(document.pixels[55, 75]) == RESULT
    assert not document.mask.any()
    assert window.windowTitle() == "photo.png[*] – Moebius"
    assert window.isWindowModified()
    result = document.pixels.copy()
    window.actions_.undo.trigger()
    assert np.array_equal(document.pixels, pixels)
    assert np.array_equal(document.mask, mask), "one step back brings pixels and mask"
    assert not window.isWindowModified()
    window.actions_.redo.trigger()
    assert np.array_equal(document.pixels, result)
    assert not document.mask.any()
    window.actions_.undo.trigger()
    window.actions_.undo.trigger()
    assert not document.mask.any()
    assert not window.actions_.undo.isEnabled()


@pytest.mark.parametrize("way", ["escape", "button", "menu"])
@pytest.mark.parametrize("steps", range(STEPS))
def test_cancelling_at_any_step_leaves_everything_as_it_was(ready: Driver, steps: int, way: str) -> None:
    document, window = ready.document, ready.window
    pixels, mask, revision = document.pixels.copy(), document.mask.copy(), document.revision
    screen = window.view.grab().toImage().size()
    window.actions_.erase.trigger()
    for _ in range(steps):
        if not ready.engine.step():
            pytest.fail("the erase ended before it was cancelled")
    if way == "escape":
        ready.qtbot.keyClick(window.view, Qt.Key.Key_Escape)
    elif way == "button":
        ready.qtbot.mouseClick(window.panel.erase_bar.button, Qt.MouseButton.LeftButton)
    else:
        window.actions_.cancel.trigger()
    assert not window.erasing.job.running
    assert not ready.engine.busy
    assert np.array_equal(document.pixels, pixels)
    assert np.array_equal(document.mask, mask)
    assert document.revision == revision
    assert window.workspace.history.count() == 1
    assert window.panel.erase_bar.button.accessibleName() == "Erase"
    assert window.view.grab().toImage().size() == screen
    assert not ready.texts()
    window.actions_.erase.trigger()
    ready.engine.finish()
    assert tuple(document.pixels[55, 75]) == RESULT, "the next erase works"


def test_answers_that_come_after_the_cancel_are_dropped(ready: Driver) -> None:
    document = ready.document
    pixels = document.pixels.copy()
    ready.window.actions_.erase.trigger()
    ready.engine.step()
    number = ready.engine.current_id
    ready.window.actions_.cancel.trigger()
    rgb = np.zeros((10, 10, 3), np.uint8)
    ready.engine.progressed.emit(EraseProgress(number, 3, 6, 1.0))
    ready.engine.previewed.emit(ErasePreview(number, 3, 6, (0, 0, 10, 10), rgb))
    ready.engine.finished.emit(EraseDone(number, (Patch((0, 0, 10, 10), rgb),), 1.0))
    assert np.array_equal(document.pixels, pixels)
    assert ready.window.workspace.history.count() == 1
    ready.window.actions_.erase.trigger()
    ready.engine.finished.emit(EraseDone(number, (Patch((0, 0, 10, 10), rgb),), 1.0))
    assert ready.window.erasing.job.running, "an answer to the one before does not end this one"


def test_strokes_painted_meanwhile_stay(ready: Driver) -> None:
    document = ready.document
    ready.window.actions_.erase.trigger()
    ready.engine.step()
    ready.engine.step()
    ready.stroke((20, 100), (40, 100))
    ready.window.view.zoom_step(1)
    ready.engine.finish()
    assert document.mask[100, 30] == 255
    assert document.mask[55, 75] == 0
    assert tuple(document.pixels[55, 75]) == RESULT


def test_a_stroke_being_painted_goes_on_when_the_result_comes(ready: Driver) -> None:
    document, view = ready.document, ready.window.view
    ready.window.actions_.erase.trigger()
    start = view.to_widget(20, 100)
    ready.qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=start.toPoint())
    ready.drag(view.to_widget(40, 100))
    ready.engine.finish()
    assert tuple(document.pixels[55, 75]) == RESULT
    ready.drag(view.to_widget(60, 100))
    ready.qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=view.to_widget(60, 100).toPoint())
    assert np.all(document.mask[100, 20:60] == 255)
    texts = [ready.window.workspace.history.text(i) for i in range(4)]
    assert len(set(texts)) == 2, texts
    for _ in range(4):
        ready.window.actions_.undo.trigger()
    assert not document.mask.any()


def test_what_the_result_is_made_from_cannot_be_undone_meanwhile(ready: Driver) -> None:
    do = ready.window.actions_
    do.erase.trigger()
    ready.engine.step()
    assert not do.undo.isEnabled(), "the stroke is being erased"
    ready.stroke((20, 100), (40, 100))
    assert do.undo.isEnabled(), "this one came since"
    do.undo.trigger()
    assert not do.undo.isEnabled()
    ready.engine.finish()
    assert do.undo.isEnabled()
    do.undo.trigger()
    ready.stroke((120, 20), (130, 20))
    do.undo.trigger()
    do.erase.trigger()
    assert not do.undo.isEnabled()
    do.cancel.trigger()
    assert do.undo.isEnabled()


def test_a_result_undone_is_not_redone_under_an_erase(ready: Driver) -> None:
    do = ready.window.actions_
    do.erase.trigger()
    ready.engine.finish()
    do.undo.trigger()
    assert do.redo.isEnabled()
    do.erase.trigger()
    assert not do.redo.isEnabled()
    do.cancel.trigger()
    assert do.redo.isEnabled()


def test_undo_while_painting_gives_up_the_stroke(ready: Driver) -> None:
    view = ready.window.view
    before = ready.document.mask.copy()
    ready.qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=view.to_widget(20, 100).toPoint())
    ready.window.actions_.undo.trigger()
    assert np.array_equal(ready.document.mask, before)
    ready.qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=view.to_widget(20, 100).toPoint())
    assert ready.window.workspace.history.index() == 1


def test_an_empty_mask_is_explained(driver: Driver, photo: Path) -> None:
    driver.open(photo)
    driver.window.actions_.erase.trigger()
    assert driver.texts() == [NOTHING_TO_ERASE]
    assert driver.window.contents.banner.isVisible()
    assert not driver.engine.requests


def test_a_failure_is_a_sentence_with_details(ready: Driver) -> None:
    window, document = ready.window, ready.document
    pixels, mask = document.pixels.copy(), document.mask.copy()
    window.actions_.erase.trigger()
    ready.engine.step()
    ready.engine.step()
    ready.engine.fail("There is not enough memory for this model.", "Traceback ...")
    assert ready.texts() == ["There is not enough memory for this model."]
    assert window.contents.banner.details.isVisible()
    assert not window.erasing.job.running
    assert np.array_equal(document.pixels, pixels)
    assert np.array_equal(document.mask, mask)
    window.actions_.erase.trigger()
    assert not window.contents.banner.isVisible(), "trying again sends the message away"


def test_what_the_engine_notes_is_told(ready: Driver) -> None:
    ready.window.actions_.erase.trigger()
    ready.engine.noted.emit(EngineNote(ready.engine.current_id + 1, "Of another erase."))
    ready.engine.noted.emit(EngineNote(ready.engine.current_id, "There was too little memory: it goes on in parts."))
    assert ready.texts() == ["There was too little memory: it goes on in parts."]
    assert ready.window.erasing.job.running


def test_a_model_unloaded_is_loaded_by_the_next_erase(ready: Driver) -> None:
    ready.engine.set_status(EngineStatus(EngineState.IDLE, title="Big model"))
    ready.window.actions_.erase.trigger()
    ready.engine.finish()
    assert tuple(ready.document.pixels[55, 75]) == RESULT


def test_without_a_model_there_is_a_sentence(ready: Driver) -> None:
    ready.engine.set_status(EngineStatus(EngineState.FAILED, message="The model is damaged.", details="why"))
    assert ready.window.status.activity.text() == "The model could not be loaded"
    ready.engine.set_status(EngineStatus(EngineState.EMPTY))
    ready.window.actions_.erase.trigger()
    assert ready.texts()[0] == "The model is damaged."
    assert "No model is chosen" in ready.texts()[1]
    assert not ready.engine.requests


def test_a_model_that_failed_to_load_is_tried_again(ready: Driver) -> None:
    ready.engine.set_status(EngineStatus(EngineState.FAILED, message="Not enough memory: close other programs."))
    ready.window.actions_.erase.trigger()
    assert not ready.window.contents.banner.isVisible()
    ready.engine.finish()
    assert tuple(ready.document.pixels[55, 75]) == RESULT


def test_an_erase_may_wait_for_the_model(ready: Driver) -> None:
    ready.engine.set_status(EngineStatus(EngineState.LOADING, title="Big model"))
    ready.window.actions_.erase.trigger()
    assert ready.window.panel.erase_bar.label.text() == "Waiting for the model…"
    ready.engine.set_status(EngineStatus(EngineState.READY, title="Big model"))
    assert ready.window.panel.erase_bar.label.text() == "Preparing…"
    ready.engine.step()
    assert ready.window.panel.erase_bar.label.text() == "Making a first draft…"


def test_the_engine_gets_copies_and_the_options(ready: Driver) -> None:
    panel = ready.window.panel
    panel.erase.new_seed.setChecked(False)
    panel.erase.seed.setValue(42)
    panel.erase.steps.spin.setValue(9)
    panel.erase.guidance.spin.setValue(3.5)
    panel.erase.strength.spin.setValue(40)
    ready.window.actions_.erase.trigger()
    rgb, mask, options = ready.engine.requests[0]
    assert (options.seed, options.steps, options.guidance, options.strength) == (42, 9, 3.5, 0.4)
    assert not np.shares_memory(rgb, ready.document.pixels)
    assert not np.shares_memory(mask, ready.document.mask)
    ready.window.actions_.cancel.trigger()
    panel.erase.new_seed.setChecked(True)
    ready.window.actions_.erase.trigger()
    assert ready.engine.requests[1][2].seed == panel.erase.seed.value()


def test_before_is_the_picture_as_opened(ready: Driver) -> None:
    view = ready.window.view
    view.set_zoom(8.0)  # pixels are squares: their colours are shown as they are
    view.centre_on(75.5, 55.5)
    at = view.to_widget(75.5, 55.5).toPoint()
    opened = tuple(int(value) for value in ready.document.pixels[55, 75])
    for _ in range(2):
        ready.window.actions_.erase.trigger()
        ready.engine.finish()
        ready.stroke((60, 50), (90, 60))
    ready.qtbot.keyPress(view, Qt.Key.Key_Tab)
    assert ready.window.contents.badge.isVisible()
    shown = view.grab().toImage().pixelColor(at)
    ready.qtbot.keyRelease(view, Qt.Key.Key_Tab)
    assert not ready.window.contents.badge.isVisible()
    now = view.grab().toImage().pixelColor(at)
    column, row = (int(v) for v in (75, 55))
    expected = ready.document.pixels[row, column]
    assert tuple(expected) == RESULT
    assert (shown.red(), shown.green(), shown.blue()) == opened
    assert now != shown


def test_opening_another_picture_cancels(ready: Driver, tmp_path: Path, photo: Path) -> None:
    ready.window.actions_.erase.trigger()
    ready.engine.step()
    ready.open(photo)
    assert not ready.engine.busy
    assert not ready.window.erasing.job.running
    assert not ready.document.mask.any()


def test_a_picture_closed_is_forgotten(ready: Driver, photo: Path, qtbot: QtBot) -> None:
    ready.window.actions_.erase.trigger()
    ready.engine.finish()
    old = weakref.ref(ready.document)
    ready.window.actions_.undo.trigger()
    ready.open(photo)
    gc.collect()
    qtbot.waitUntil(lambda: old() is None)  # another thread lets go of its pixels, which takes a moment


def test_who_has_erased_needs_no_hint(ready: Driver, photo: Path, store: Settings) -> None:
    ready.open(photo)
    assert ready.window.contents.hint.isVisible()
    ready.stroke((60, 50), (90, 60))
    assert not ready.window.contents.hint.isVisible()
    assert not store.get(settings.HINT_SEEN)
    ready.window.actions_.erase.trigger()
    ready.engine.finish()
    assert store.get(settings.HINT_SEEN)


@pytest.mark.parametrize(
    ("step", "stage", "text"),
    [
        (0, "encoding", "Encoding the picture…"),
        (0, "denoising", "Denoising…"),
        (9, "decoding", "Step 9 of 18: decoding the result…"),
        (9, "encoding", "Step 9 of 18: encoding the picture…"),
        (9, "denoising", "Step 9 of 18"),
    ],
)
def test_what_a_large_model_is_at_is_named(ready: Driver, step: int, stage: str, text: str) -> None:
    ready.window.actions_.erase.trigger()
    ready.engine.progressed.emit(EraseProgress(ready.engine.current_id, step, 18, None, stage))
    bar = ready.window.panel.erase_bar
    assert bar.label.text() == text
    assert (bar.bar.minimum(), bar.bar.maximum()) == (0, 18 if step else 0)
    assert ready.window.status.activity.text() == f"Erasing: {text}"


@pytest.mark.parametrize(
    ("step", "left", "text"),
    [
        (0, None, "Making a first draft…"),
        (2, None, "Step 2 of 9"),
        (2, 0.4, "Step 2 of 9, less than 1 s left"),
        (2, 62.0, "Step 2 of 9, about 62 s left"),
        (2, 300.0, "Step 2 of 9, about 5 min left"),
    ],
)
def test_progress_in_words(step: int, left: float | None, text: str) -> None:
    assert progress_text(EraseProgress(1, step, 9, left)) == text


def test_time_in_words() -> None:
    assert time_text(89.4) == "about 89 s"
