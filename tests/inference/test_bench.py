"""What is measured is measured, what is published is marked so, what can't be run says why."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from inference.bench import (
    MEASURED,
    PUBLISHED,
    PUBLISHED_ROWS,
    Row,
    as_json,
    as_table,
    measure,
    picture_to_erase,
    tflops_per_step,
)
from inference.models.catalogue import find_model


def test_one_bundled_model() -> None:
    row = measure("moebius-nano", size=128, repeats=1, steps=2, device="cpu")
    assert row.source == MEASURED and row.parameters == 861_456
    assert row.steps == 2 and row.step_ms is not None and row.seconds is not None and row.peak_mb is not None
    assert 0 < 2 * row.step_ms / 1000 < row.seconds
    assert row.tflops == tflops_per_step(find_model("moebius-nano"), 256, 1.0)


def test_guidance_doubles_the_work_and_a_quarter_of_the_grid_is_a_quarter_of_it() -> None:
    folder = find_model("moebius-nano")
    one, two, small = (tflops_per_step(folder, *pair) for pair in ((256, 1.0), (256, 2.0), (128, 1.0)))
    assert one is not None and two is not None and small is not None
    assert two == pytest.approx(2 * one, rel=0.01)
    assert small == pytest.approx(one / 4, rel=0.05)


def test_patches_have_no_steps() -> None:
    row = measure("patch-fill", size=96, repeats=0)
    assert row.seconds is not None and row.seconds > 0
    assert (row.parameters, row.tflops, row.step_ms, row.steps) == (None, None, None, None)


def test_a_model_that_is_not_there_is_a_row_with_its_reason() -> None:
    row = measure("/nowhere/at/all")
    assert row.seconds is None and "/nowhere/at/all" in row.note


def test_the_picture_is_always_the_same() -> None:
    picture, mask = picture_to_erase(80)
    again, _ = picture_to_erase(80)
    assert (picture == again).all() and picture.shape == (80, 80, 3)
    assert 0 < (mask > 127).mean() < 0.2


def test_table_and_json_hold_every_row() -> None:
    mine = Row("Mine", MEASURED, 1_500_000, 0.25, 12.5, 4, 1.0, 300.0, "cpu")
    rows = [mine, replace(mine, model="Big", parameters=2_000_000_000, peak_mb=None), *PUBLISHED_ROWS]
    lines = as_table(rows).splitlines()
    assert lines[2].split() == ["Mine", MEASURED, "1.5", "M", "0.2500", "12.50", "4", "1.00", "300", "cpu"]
    assert "2.0 B" in lines[3]
    assert lines[4].split()[:4] == ["Moebius", PUBLISHED, "226.0", "M"]
    assert "not stated" in next(line for line in lines if line.startswith("SD3.5"))
    values = json.loads(json.dumps(as_json(rows, 512)))
    assert [row["model"] for row in values["rows"]] == [row.model for row in rows]
    assert values["machine"]["torch"]
