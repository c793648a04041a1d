"""The speed in the panel: presets with their times, custom numbers, measuring, what is remembered."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from app.engine.downloads import model_info
from app.engine.protocol import EraseChoice, MeasureEnded, MeasureProgress, ModelInfo
from app.ui.panels.speed_choice import CUSTOM, UNKNOWN, SpeedChoice
from app.ui.support import Level, Settings, settings
from tests.ui.conftest import Driver

FAST = EraseChoice(8, 2.0, 1.0, "dpm++", 0.5, 2, 384, "quick")
BALANCED = EraseChoice(12, 2.0, 1.0, "dpm++", 0.5, 1, 0, "quick")
BEST = EraseChoice(20, 2.0, 1.0)
FULL = ModelInfo(
    "full", "Full model", 20, 2.0, 1.0, speeds=(("fast", FAST), ("balanced", BALANCED), ("best", BEST)), choice=BEST
)


@pytest.fixture
def full(driver: Driver) -> Driver:
    """A window whose model has presets."""
    driver.engine.set_installed((FULL, model_info("patch-fill")))
    choose(driver, "full")
    return driver


def choose(driver: Driver, key: str) -> None:
    box = driver.window.panel.model.model
    box.setCurrentIndex(box.findData(key))


def speed(driver: Driver) -> SpeedChoice:
    return driver.window.panel.model.speed


def texts(driver: Driver) -> dict[str, str]:
    return {name: label.text() for name, label in speed(driver).times.items() if label.isVisibleTo(speed(driver))}


def test_a_model_begins_with_its_own_settings_and_nothing_is_invented(full: Driver) -> None:
    assert speed(full).shown == "best"
    assert texts(full) == {"fast": UNKNOWN, "balanced": UNKNOWN, "best": UNKNOWN}
    assert full.window.panel.erase.choice() == BEST
    assert full.engine.precision == "auto"


def test_a_preset_sets_the_numbers_and_loads_in_its_precision(full: Driver) -> None:
    full.qtbot.mouseClick(speed(full).choices["fast"], Qt.MouseButton.LeftButton)
    panel = full.window.panel
    assert panel.erase.choice() == FAST
    options = panel.erase.options()
    assert (options.steps, options.solver, options.guidance_until, options.context) == (8, "dpm++", 0.5, 384)
    assert options.deep_every == 2
    assert full.engine.precision == "quick"
    assert full.engine.loads[-1] == ("full", "auto")
    loads = len(full.engine.loads)
    speed(full).choices["balanced"].click()
    assert len(full.engine.loads) == loads, "it is loaded in that already"
    choose(full, "fake")
    assert full.engine.precision == "auto", "another model's"


def test_the_precision_of_the_preferences_wins(full: Driver, store: Settings) -> None:
    store.set(settings.PRECISION, "bf16")
    assert full.engine.precision == "bf16"
    loads = len(full.engine.loads)
    speed(full).choices["fast"].click()
    assert (full.engine.precision, len(full.engine.loads)) == ("bf16", loads)
    full.engine.times[replace(FAST, precision="bf16")] = 3.2
    full.window.models.times.ask()
    assert texts(full)["fast"] == "about 3 s"


@pytest.mark.parametrize("edit", ["steps", "guidance", "guided", "solver", "context"])
def test_an_edited_number_is_custom_until_it_is_a_preset_again(full: Driver, edit: str) -> None:
    speed(full).choices["fast"].click()
    erase = full.window.panel.erase
    assert not speed(full).choices[CUSTOM].isVisibleTo(speed(full))
    if edit in ("solver", "context"):
        box = getattr(erase, edit)
        box.setCurrentIndex(0)
        box.activated.emit(0)
    else:
        number = getattr(erase, edit)
        before = number.value
        number.spin.setValue(before + 5)
    assert speed(full).shown == CUSTOM
    assert set(texts(full)) == {"fast", "balanced", "best", CUSTOM}
    assert erase.choice().precision == "quick", "as the preset it comes from"
    if edit == "steps":
        erase.steps.spin.setValue(before)
        assert speed(full).shown == "fast"
        assert CUSTOM not in texts(full)
    else:
        speed(full).choices["best"].click()
        assert erase.choice() == BEST


def test_times_say_where_they_come_from(full: Driver) -> None:
    full.engine.times = {FAST: 11.6, BEST: 200.0}
    full.window.models.times.ask()
    assert texts(full) == {"fast": "about 12 s", "balanced": UNKNOWN, "best": "about 3 min"}
    labels = speed(full).times
    assert "parts of an erase as they were measured" in labels["fast"].toolTip()
    assert "Measure" in labels["balanced"].toolTip()
    assert "about 12 s" in speed(full).choices["fast"].accessibleDescription()


def test_times_are_asked_anew_after_an_erase_and_for_custom_numbers(full: Driver, photo: Path) -> None:
    full.open(photo)
    full.stroke((60, 50), (90, 60))
    full.window.actions_.erase.trigger()
    full.qtbot.waitUntil(lambda: full.engine.busy)
    assert not speed(full).isEnabled(), "the erase goes on with what it began with"
    full.engine.times[BEST] = 40.0
    full.engine.finish()
    full.qtbot.waitUntil(lambda: texts(full)["best"] == "about 40 s")
    assert speed(full).isEnabled()
    full.engine.times[replace(BEST, steps=30)] = 60.0
    full.window.panel.erase.steps.spin.setValue(30)
    full.qtbot.waitUntil(lambda: texts(full)[CUSTOM] == "about 60 s")


def test_times_are_asked_once_while_a_slider_moves(full: Driver) -> None:
    full.engine.times[replace(BEST, steps=30)] = 60.0
    full.qtbot.waitUntil(lambda: not full.window.models.times.waits)
    before = full.engine.asked
    for steps in range(21, 31):
        full.window.panel.erase.steps.spin.setValue(steps)
    assert full.window.models.times.waits and full.engine.asked == before
    full.qtbot.waitUntil(lambda: texts(full)[CUSTOM] == "about 60 s")
    assert full.engine.asked == before + 1


def test_measuring_shows_its_progress_and_can_be_cancelled(full: Driver) -> None:
    button, engine = speed(full).button, full.engine
    assert button.text() == "Measure"
    button.click()
    assert engine.measures == [("full", (FAST, BALANCED, BEST))]
    assert button.text() == "Cancel"
    engine.measured.emit(MeasureProgress(1, 1, 3))
    assert speed(full).progress.text() == "Measuring: 2 of 3…"
    assert speed(full).progress.isVisibleTo(speed(full))
    button.click()
    assert not engine.measuring
    assert button.text() == "Measure"
    assert not speed(full).progress.isVisibleTo(speed(full))
    assert engine.loads[-1] == ("full", "auto"), "what was loaded for it gives way to what is chosen"


def test_why_it_could_not_be_measured_is_said(full: Driver) -> None:
    speed(full).button.click()
    full.engine.measured.emit(MeasureEnded(1, "There was not enough memory.", "a traceback"))
    assert (full.posted[-1].level, full.posted[-1].text) == (Level.ERROR, "There was not enough memory.")
    assert speed(full).button.text() == "Measure"


def test_the_choice_is_remembered_by_its_name_and_for_each_model(full: Driver, store: Settings) -> None:
    speed(full).choices["fast"].click()
    assert json.loads(store.get(settings.OPTIONS)) == {"full": {"speed": "fast"}}
    choose(full, "fake")
    assert not speed(full).isVisibleTo(full.window), "it has no presets"
    choose(full, "full")
    assert speed(full).shown == "fast"
    later = replace(FULL, key="full", speeds=(("fast", replace(FAST, steps=6)), *FULL.speeds[1:]))
    full.engine.set_installed((later,))
    full.window.panel.show_defaults()
    assert full.window.panel.erase.choice().steps == 6, "what fast means may change with the program"
    speed(full).choices["best"].click()
    assert store.get(settings.OPTIONS) == "{}"


@pytest.mark.parametrize(
    ("kept", "expected"),
    [
        ([33, 3.0, 0.5], EraseChoice(33, 3.0, 0.5)),  # as it was kept before there were speeds
        ({"speed": "warp"}, BEST),
        ({"steps": 9, "guidance": 2, "context": 256}, replace(BEST, steps=9, context=256)),
        ({"steps": "many"}, BEST),
        ({"solver": 3}, BEST),
        (7, BEST),
    ],
)
def test_what_a_settings_file_says(full: Driver, store: Settings, kept: object, expected: EraseChoice) -> None:
    store.set(settings.OPTIONS, json.dumps({"full": kept}))
    full.window.panel.show_defaults()
    assert full.window.panel.erase.choice() == expected
    assert speed(full).shown == ("best" if expected == BEST else CUSTOM)


def test_the_patch_fill_shows_no_speed(full: Driver) -> None:
    choose(full, "patch-fill")
    assert not speed(full).isVisibleTo(full.window)
    choose(full, "full")
    assert speed(full).isVisibleTo(full.window)


def test_the_keyboard_goes_through_it_in_order(full: Driver) -> None:
    panel = full.window.panel
    panel.show_page(0)
    order: list[QWidget] = []
    here = panel.model.model.nextInFocusChain()
    while here is not None and here is not panel.model.model and len(order) < 200:
        if here.isVisibleTo(panel) and here.focusPolicy() & Qt.FocusPolicy.TabFocus:
            order.append(here)
        here = here.nextInFocusChain()
    parts = [speed(full).button, *(speed(full).choices[name] for name in ("fast", "balanced", "best"))]
    places = [order.index(part) for part in (*parts, panel.model.others.heading, panel.tool.heading)]
    assert places == sorted(places)
    assert [choice.accessibleName() for choice in parts[1:]] == ["Speed: Fast", "Speed: Balanced", "Speed: Best"]
    assert speed(full).button.accessibleName() == "Measure the speeds"
