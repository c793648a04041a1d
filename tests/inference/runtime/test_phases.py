"""The clock of an erase's phases, over times that a test makes up, and over real erases."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from inference import ErasePipeline
from inference.runtime import PhaseClock


class Times:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def times() -> Times:
    return Times()


def told(clock: PhaseClock, times: Times, *events: tuple[float, str | tuple[int, int]]) -> None:
    for seconds, event in events:
        times.now += seconds
        clock.on_stage(event) if isinstance(event, str) else clock.on_step(*event)


def test_each_phase_of_a_model_that_names_them(times: Times) -> None:
    clock = PhaseClock(("two", "two", "one"), times)
    told(clock, times, (0.5, (0, 3)), (0.1, "encoding"), (4, "denoising"))
    told(clock, times, (3, (1, 3)), (2, (2, 3)), (1, (3, 3)), (0, "decoding"))
    times.now += 5
    assert clock.finish() == pytest.approx({"draft": 0.6, "encoding": 4, "two": 2.5, "one": 1, "decoding": 5})


def test_a_model_that_names_none(times: Times) -> None:
    clock = PhaseClock(("one", "one"), times)
    told(clock, times, (0.5, (0, 2)), (0.7, (0, 2)), (1, (1, 2)), (2, (2, 2)))
    times.now += 0.25
    assert clock.finish() == pytest.approx({"draft": 1.2, "one": 1.5, "decoding": 0.25})


def test_a_result_shown_with_the_number_of_the_last_step_is_decoding(times: Times) -> None:
    clock = PhaseClock(("one", "one"), times)
    told(clock, times, (2, "encoding"), (1, "denoising"), (1, (1, 2)), (3, (2, 2)), (0, "decoding"), (0.5, (2, 2)))
    times.now += 0.25
    assert clock.finish() == pytest.approx({"draft": 2, "encoding": 1, "one": 2, "decoding": 0.75})


ALL = ((0.5, (0, 2)), (0, "encoding"), (1, "denoising"), (1, (1, 2)), (1, (2, 2)), (0, "decoding"))


def test_what_tells_nothing_of_one_hole_is_not_counted(times: Times) -> None:
    several = PhaseClock(("two", "one"), times)
    told(several, times, *ALL)
    assert several.finish(parts=2) is None
    again = PhaseClock(("two", "one"), times)
    told(again, times, *ALL[:4], *ALL[1:])
    assert again.finish() is None, "begun anew where memory ran out"
    tiled = PhaseClock(("two", "one"), times)
    told(tiled, times, (0.5, (0, 5)), (0, "encoding"), (1, "denoising"), *((1, (step, 5)) for step in range(1, 6)))
    assert tiled.finish() is None
    silent = PhaseClock(("two", "one"), times)
    told(silent, times, (0.5, (0, 5)), *((1, (step, 5)) for step in range(1, 6)))
    assert silent.finish() is None, "tiled, by a model that names no phases"
    short = PhaseClock(("two", "one"), times)
    told(short, times, *ALL[:3])
    assert short.finish() is None, "filled without the model"
    spoilt = PhaseClock(("two", "one"), times)
    told(spoilt, times, *ALL)
    spoilt.spoil()
    assert spoilt.finish() is None


@pytest.mark.parametrize("name", ["published", "bundled"])
def test_real_erases_have_the_phases_of_their_kind(name: str, published_folder: Path) -> None:
    pipeline = ErasePipeline.load(published_folder if name == "published" else "moebius-nano", "cpu")
    image = np.full((96, 96, 3), 90, np.uint8)
    image[::2] = 120
    mask = np.zeros((96, 96), np.uint8)
    mask[40:60, 40:60] = 255
    clock = PhaseClock(("two", "one"))
    parts = pipeline.erase_parts(
        image, mask, steps=2, guidance_until=0.5, on_stage=clock.on_stage, on_step=lambda i, n, _: clock.on_step(i, n)
    )
    found = clock.finish(len(parts)) or {}
    assert set(found) == {"draft", "encoding", "two", "one", "decoding"}
    assert all(seconds > 0 for seconds in found.values())
