"""Times of erases on the engine's thread: noted after each, estimated, measured by short erases, cancelled."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app.engine import measuring
from app.engine.controller import EngineController
from app.engine.downloads import model_info
from app.engine.measuring import Measuring
from app.engine.protocol import (
    EraseChoice,
    EraseDone,
    EraseOptions,
    MeasureEnded,
    MeasureProgress,
    TimesFound,
    TimesRequest,
)
from inference import Cancelled, ErasePipeline
from inference.models import timings as of_machine
from inference.models.timings import timings_file

RGB = np.full((96, 96, 3), 90, np.uint8)
RGB[::3] = 140
MASK = np.zeros((96, 96), np.uint8)
MASK[40:60, 40:60] = 255


@pytest.fixture
def controller() -> Iterator[EngineController]:
    controller = EngineController()
    yield controller
    controller.shutdown()


def times(controller: EngineController, qtbot: QtBot, model: str, choices: list[EraseChoice]) -> TimesFound:
    with qtbot.waitSignal(controller.timesFound, timeout=60_000) as told:
        controller.ask_times(model, "cpu", choices)
    assert told.args is not None
    found: TimesFound = told.args[0]
    return found


def erase(controller: EngineController, qtbot: QtBot, options: EraseOptions) -> None:
    with qtbot.waitSignal(controller.finished, timeout=60_000) as told:
        controller.erase(RGB, MASK, options)
    assert told.args is not None and isinstance(told.args[0], EraseDone), told.args


def test_an_erase_tells_how_long_it_and_others_like_it_take(
    controller: EngineController, qtbot: QtBot, published_folder: Path
) -> None:
    model = str(published_folder)
    choice = EraseChoice(4, 2.0, 1.0, guidance_until=0.5)
    longer, guided = EraseChoice(9, 2.0, 1.0, guidance_until=0.5), EraseChoice(4, 2.0, 1.0, context=96)
    controller.load(model, "cpu")
    assert times(controller, qtbot, model, [choice, longer]).times == (None, None)
    erase(controller, qtbot, EraseOptions(4, 2.0, 1.0, guidance_until=0.5))
    known = times(controller, qtbot, model, [choice, longer, guided]).times
    assert known[0] is not None and known[1] is not None
    assert 0 < known[0] < known[1]
    assert known[2] is None, "another size"


def test_another_way_to_fill_is_not_taken_for_the_models_own(controller: EngineController, qtbot: QtBot) -> None:
    model = "moebius-nano"
    choice = model_info(model).own
    controller.load(model, "cpu")
    erase(controller, qtbot, EraseOptions(variant=1))
    assert times(controller, qtbot, model, [choice]).times == (None,)
    erase(controller, qtbot, EraseOptions(variant=0))
    assert times(controller, qtbot, model, [choice]).times != (None,)


def test_the_first_erase_after_loading_gives_way_to_the_next(
    controller: EngineController, qtbot: QtBot, published_folder: Path
) -> None:
    controller.load(str(published_folder), "cpu")
    for expected in ({"first"}, {"first", "parts"}):
        erase(controller, qtbot, EraseOptions(2, 1.0, 1.0))
        times(controller, qtbot, str(published_folder), [])  # what an erase took is written before that is answered
        (place,) = json.loads(timings_file().read_text())["places"].values()
        assert {kind for kind, kept in place.items() if kept} == expected


def test_more_steps_of_the_bundled_model_take_longer(controller: EngineController, qtbot: QtBot) -> None:
    speeds = dict(model_info("moebius-nano").speeds)
    balanced = speeds["balanced"]
    controller.load("moebius-nano", "cpu")
    erase(controller, qtbot, EraseOptions(balanced.steps, balanced.guidance, balanced.strength))
    fast, middle, best = times(controller, qtbot, "moebius-nano", [*speeds.values()]).times
    assert fast is not None and middle is not None and best is not None
    assert fast < middle < best, "one was erased with, the others are of the same parts"


def test_a_full_disk_does_not_end_an_erase(
    controller: EngineController, qtbot: QtBot, published_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(of_machine, "write_durably", full)
    model, choice = str(published_folder), EraseChoice(2, 1.0, 1.0)
    controller.load(model, "cpu")
    erase(controller, qtbot, EraseOptions(2, 1.0, 1.0))
    (known,) = times(controller, qtbot, model, [choice]).times
    assert known is not None, "known until the program ends"


@pytest.mark.parametrize(("quick", "kept"), [(1e9, "parts"), (-1.0, "first")])
def test_measuring_estimates_every_speed(
    controller: EngineController,
    qtbot: QtBot,
    published_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    quick: float,
    kept: str,
) -> None:
    """A short first erase is made again; one that takes long counts as it is."""
    monkeypatch.setattr(measuring, "QUICK", quick)
    model = str(published_folder)
    choices = [choice for _, choice in model_info(model).speeds]
    told: list[MeasureProgress | MeasureEnded] = []
    controller.measured.connect(told.append)
    with qtbot.waitSignal(controller.measured, timeout=120_000, check_params_cb=lambda m: isinstance(m, MeasureEnded)):
        controller.measure(model, "cpu", choices)
    assert told[-1] == MeasureEnded(told[-1].id), "nothing went wrong"
    steps = [progress for progress in told if isinstance(progress, MeasureProgress)]
    assert [progress.done for progress in steps] == list(range(steps[0].total))
    found = times(controller, qtbot, model, choices).times
    assert None not in found
    places = json.loads(timings_file().read_text())["places"].values()
    assert all({kind for kind, times in place.items() if times} == {kept} for place in places)


def test_each_way_of_working_is_measured_once(published_folder: Path) -> None:
    known = Measuring()
    half, all_guided = EraseChoice(8, 2.0, 1.0, guidance_until=0.5), EraseChoice(20, 2.0, 1.0)
    (short,) = known.missing(str(published_folder), "cpu", [all_guided, half])
    assert (short.steps, short.guidance_until) == (6, 0.5), "three of each kind"
    (short,) = known.missing(str(published_folder), "cpu", [all_guided])
    assert (short.steps, short.guidance_until) == (3, 1.0)
    (short,) = known.missing("moebius-nano", "cpu", [choice for _, choice in model_info("moebius-nano").speeds])
    assert short.steps == 3
    alone = model_info("moebius-nano").own
    (short,) = known.missing("moebius-nano", "cpu", [alone, replace(alone, guidance=2.0, guidance_until=0.5), alone])
    assert (short.steps, short.guidance, short.guidance_until) == (6, 2.0, 0.5), "one that guides, for its steps"
    assert known.missing("patch-fill", "cpu", [EraseChoice(1, 1.0, 1.0)]) == []
    assert known.missing("nowhere", "cpu", [half]) == []
    assert known.answer(TimesRequest("nowhere", "cpu", (half,))).times == (None,)


def test_an_erase_ends_what_is_being_measured(
    controller: EngineController, qtbot: QtBot, published_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def endless(
        _self: Measuring, _pipeline: ErasePipeline, _choice: EraseChoice, cancelled: Callable[[], bool]
    ) -> None:
        while not cancelled():
            threading.Event().wait(0.001)
        raise Cancelled

    monkeypatch.setattr(measuring.Measuring, "measure", endless)
    controller.load(str(published_folder), "cpu")
    told: list[object] = []
    controller.measured.connect(told.append)
    with qtbot.waitSignal(controller.measured, timeout=60_000):
        controller.measure(str(published_folder), "cpu", [EraseChoice(20, 2.0, 1.0)])
    erase(controller, qtbot, EraseOptions(2, 1.0, 1.0))
    assert [type(answer) for answer in told] == [MeasureProgress, MeasureEnded]


def test_what_stops_it_is_said(
    controller: EngineController, qtbot: QtBot, published_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> None:
        raise MemoryError

    monkeypatch.setattr(measuring.Measuring, "measure", fail)
    with qtbot.waitSignal(
        controller.measured, timeout=60_000, check_params_cb=lambda m: isinstance(m, MeasureEnded)
    ) as told:
        controller.measure(str(published_folder), "cpu", [EraseChoice(20, 2.0, 1.0)])
    assert told.args is not None
    assert "memory" in told.args[0].message
    assert "MemoryError" in told.args[0].details
