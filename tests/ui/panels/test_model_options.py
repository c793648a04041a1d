"""The model in the panel: first, whole, with its device; only the options it has a use for."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint

from app.engine.downloads import model_info
from app.engine.protocol import EngineState, EngineStatus, ModelInfo
from app.ui.support import Level, Settings, settings
from tests.ui.conftest import Driver

LONG = ModelInfo("long", "A model that was given a title of very many words by whoever made it", 20, 2.0, 1.0)


def test_the_model_and_its_device_lie_first(driver: Driver) -> None:
    panel = driver.window.panel
    for fold in (panel.tool, panel.overlay, panel.erase, panel.model.others):
        fold.set_unfolded(False)
    driver.engine.set_status(EngineStatus(EngineState.READY, "fake", "Fake model", "cuda"))
    assert panel.model.model.isVisible()
    assert panel.model.device.isVisible()
    assert panel.model.device.text() == "Graphics card (CUDA)"
    content = panel.tabs.currentWidget()
    tops = [part.mapTo(content, QPoint(0, 0)).y() for part in (panel.model, panel.tool, panel.overlay, panel.erase)]
    assert tops == sorted(tops)


def test_a_long_title_ends_in_an_ellipsis_and_is_told_whole(driver: Driver) -> None:
    box = driver.window.panel.model.model
    driver.engine.set_installed((LONG,))
    box.setCurrentIndex(2)
    assert LONG.title in box.toolTip()
    cut = box.grab().toImage()
    width = max(n for n in range(len(LONG.title)) if _drawn(driver, LONG.title[:n] + "…") == cut)
    assert 10 < width < len(LONG.title), "the text ends in an ellipsis within the box"


def _drawn(driver: Driver, title: str) -> object:
    box = driver.window.panel.model.model
    box.setItemText(2, title)
    return box.grab().toImage()


def test_what_a_model_has_no_use_for_is_not_shown(driver: Driver) -> None:
    panel, erase = driver.window.panel, driver.window.panel.erase
    erase.advanced.set_unfolded(True)
    driver.engine.set_installed((model_info("patch-fill"), model_info("moebius-nano")))
    numbers = (erase.steps, erase.guidance, erase.strength, erase.context)
    for key, shown in (("patch-fill", 0), ("moebius-nano", 2), ("patch-fill", 0), ("fake", 4)):
        panel.model.model.setCurrentIndex(panel.model.model.findData(key))
        assert [number.isVisibleTo(erase) for number in numbers] == [True] * shown + [False] * (4 - shown)
        assert erase.seed.isVisibleTo(erase), "every model has a use for it"
        assert erase.candidates.isVisibleTo(erase)


def test_edges_are_continued_unless_the_artist_says_no(driver: Driver) -> None:
    panel, erase = driver.window.panel, driver.window.panel.erase
    erase.advanced.set_unfolded(True)
    driver.engine.set_installed((model_info("patch-fill"), LONG))
    panel.model.model.setCurrentIndex(panel.model.model.findData("patch-fill"))
    assert erase.edges.isVisibleTo(erase)
    assert erase.options().continue_edges is None
    erase.edges.click()
    assert erase.options().continue_edges is False


def test_traces_are_covered_unless_the_artist_says_no(driver: Driver) -> None:
    erase = driver.window.panel.erase
    assert erase.options().cover_traces is None
    erase.advanced.set_unfolded(True)
    erase.traces.click()
    assert erase.options().cover_traces is False


@pytest.mark.parametrize("running", [False, True])
def test_an_installed_model_is_used_from_then_on(driver: Driver, photo: Path, store: Settings, running: bool) -> None:
    panel, library = driver.window.panel, driver.window.models.library
    driver.engine.set_installed((LONG,))
    if running:
        driver.open(photo)
        driver.stroke((60, 50), (90, 60))
        driver.window.actions_.erase.trigger()
        driver.qtbot.waitUntil(lambda: driver.engine.busy)
    library.chosen.emit("long")
    if running:
        assert panel.model.key == "fake", "the erase that runs goes on with what it began with"
        driver.engine.finish()
        driver.qtbot.waitUntil(lambda: not driver.window.erasing.job.running)
    assert panel.model.key == store.get(settings.MODEL) == "long"
    assert driver.engine.loads[-1] == ("long", "auto")
    assert library.in_use == "long"


def test_a_model_that_is_gone_is_not_used(driver: Driver) -> None:
    driver.window.models.library.chosen.emit("gone")
    assert driver.posted[-1].level is Level.ERROR
    assert driver.window.panel.model.key == "fake"
