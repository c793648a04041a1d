"""Measured times: their file, and how they become the time of an erase."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inference.models import find_model, timings
from inference.models.presets import presets_of
from inference.models.timings import Timings, Work, timings_file

WORK = Work("model cpu fp32 512", steps=8, guided=4)
PARTS = {"draft": 0.1, "encoding": 2.0, "two": 3.0, "one": 2.0, "decoding": 4.0}
WHOLE = 0.1 + 2 + 4 * 3 + 4 * 2 + 4


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "timings.json"


def test_nothing_is_known_before_it_was_measured(file: Path) -> None:
    assert Timings(file).seconds(WORK) is None
    assert not file.exists()


def test_a_time_is_the_sum_of_what_was_measured(file: Path) -> None:
    known = Timings(file)
    known.add(WORK, PARTS)
    assert known.seconds(replace(WORK, steps=10, guided=2)) == pytest.approx(0.1 + 2 + 2 * 3 + 8 * 2 + 4)
    assert known.seconds(WORK) == pytest.approx(WHOLE)
    assert known.seconds(replace(WORK, place="model cpu bf16 512")) is None


def test_the_first_erase_after_loading_counts_until_there_is_another(file: Path) -> None:
    known = Timings(file)
    slow = {name: 2 * seconds for name, seconds in PARTS.items()}
    known.add(WORK, slow, first=True)
    assert known.seconds(WORK) == pytest.approx(2 * WHOLE)
    assert Timings(file).seconds(WORK) == known.seconds(WORK)
    known.add(WORK, PARTS)
    known.add(WORK, slow, first=True)
    assert known.seconds(WORK) == pytest.approx(WHOLE)


@given(
    st.lists(st.tuples(st.integers(1, 20), st.booleans(), st.floats(0.01, 100)), min_size=1, max_size=6),
    st.integers(1, 30),
    st.integers(1, 30),
)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_more_steps_never_seem_quicker(
    tmp_path: Path, erases: list[tuple[int, bool, float]], fewer: int, more: int
) -> None:
    file = tmp_path / "timings.json"
    file.unlink(missing_ok=True)
    known = Timings(file)
    for steps, first, slowness in erases:
        parts = {name: seconds * slowness for name, seconds in PARTS.items() if name != "two"}
        known.add(Work("one place", steps, 0), parts, first=first)
    times = [known.seconds(Work("one place", fewer + extra, 0)) for extra in (0, more)]
    assert times[0] is not None and times[1] is not None and times[0] < times[1]


@pytest.mark.parametrize(("guided", "parts"), [(8, {"one": 1.0}), (0, {"two": 1.0}), (4, {"two": 1.0})])
def test_no_estimate_without_a_step_of_every_kind(file: Path, guided: int, parts: dict[str, float]) -> None:
    known = Timings(file)
    known.add(WORK, {"draft": 0.1, **parts})
    assert known.seconds(replace(WORK, guided=guided)) is None


def test_a_kind_of_step_that_is_not_taken_counts_nothing(file: Path) -> None:
    known = Timings(file)
    known.add(WORK, PARTS)
    assert known.seconds(replace(WORK, guided=8)) == pytest.approx(30.1)


def test_the_median_of_the_last_three_counts_and_is_there_at_the_next_start(file: Path) -> None:
    known = Timings(file)
    for seconds in (90.0, 10.0, 14.0, 12.0):
        known.add(WORK, {"two": 0.0, "one": 0.0, "draft": seconds})
    assert known.seconds(WORK) == Timings(file).seconds(WORK) == 12.0


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[1, 2]",
        "\x00\x01",
        '{"version": 99, "places": {"model cpu fp32 512": {"parts": {"one": [3], "two": [3]}}}}',
        '{"version": 1, "places": {"model cpu fp32 512": {"parts": {"one": [3], "two": [3]}}}}',  # older
        '{"version": 2}',
        '{"version": 2, "places": [3]}',
        '{"version": 2, "places": {"model cpu fp32 512": 3}}',
        '{"version": 2, "places": {"model cpu fp32 512": {"parts": {"one": ["soon"], "two": [3]}}}}',
        '{"version": 2, "places": {"model cpu fp32 512": {"parts": {"one": [-1, NaN, true], "two": [3]}}}}',
        "[" * 100_000,
    ],
)
def test_a_file_that_makes_no_sense_is_as_none_and_is_replaced(file: Path, text: str) -> None:
    file.parent.mkdir()
    file.write_text(text, encoding="utf-8")
    known = Timings(file)
    assert known.seconds(WORK) is None
    known.add(WORK, PARTS)
    assert Timings(file).seconds(WORK) == pytest.approx(WHOLE)


def test_a_disk_that_is_full_loses_nothing_that_is_known(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = Timings(file)
    known.add(WORK, PARTS)
    before = file.read_bytes()

    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(timings, "write_durably", full)
    with pytest.raises(OSError, match="No space"):
        known.add(WORK, {"draft": 2.1})
    assert file.read_bytes() == before
    assert known.seconds(WORK) == pytest.approx(WHOLE + 1), "the median of both"


def test_the_oldest_places_go(file: Path) -> None:
    known = Timings(file)
    for number in range(timings.MOST + 1):
        known.add(replace(WORK, place=f"{number}"), PARTS)
    assert len(json.loads(file.read_text())["places"]) == timings.MOST
    assert known.seconds(replace(WORK, place="0")) is None


def test_it_lies_beside_the_users_models(tmp_path: Path) -> None:
    assert timings_file().is_relative_to(tmp_path)
    assert Timings().file == timings_file()


def test_work_is_told_by_model_device_precision_and_size(published_folder: Path) -> None:
    folder = find_model(published_folder)
    fast = presets_of(folder)["fast"]
    work = Work.of(folder, fast, "cpu", "bf16")
    assert (work.steps, work.guided, work.deep_every) == (12, 6, 2)
    assert work.kinds == ("two", "two shallow") * 3 + ("one", "one shallow") * 3
    assert replace(work, guided=5).kinds[4:7] == ("two", "one", "one"), "deep features of both branches serve no other"
    assert Work.of(folder, fast, "cuda", "fp16").deep_every == 1, "its graphs compute every step whole"
    places = {work.place}
    places |= {Work.of(folder, fast, *where).place for where in (("cuda", "bf16"), ("cpu", "fp32"))}
    places |= {Work.of(folder, replace(fast, context=256), "cpu", "bf16").place}
    assert len(places) == 4
    assert Work.of(folder, replace(fast, guidance=1.0), "cpu", "bf16").guided == 0, "one branch"
    checkpoint = folder.files["unet"]
    checkpoint.write_bytes(checkpoint.read_bytes() + b" ")
    assert Work.of(find_model(published_folder), fast, "cpu", "bf16").place not in places, "another file"
