"""``--speed`` on the command line: what it sets, what wins over it, what it is refused for."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from dataclasses import replace
from pathlib import Path

import pytest

from app.batch.options import Options
from app.cli import main
from app.cli.options import add_erase_options, erase_options
from inference.models import Timings, find_model, presets_of
from inference.models.catalogue import PUBLISHED, ModelFolder
from inference.models.presets import SPEEDS
from inference.networks import RELEASED_SCHEDULE, UNET_CONFIGS
from tests.cli.conftest import mask, photograph

FULL = ModelFolder("full", Path("full"), "Full", "", UNET_CONFIGS["moebius"], RELEASED_SCHEDULE, PUBLISHED, None, {})


def given(*arguments: str) -> Options:
    parser = ArgumentParser()
    add_erase_options(parser)
    return erase_options(parser.parse_args(arguments, Namespace()))


def test_the_names_are_those_there_are() -> None:
    from app.cli import options

    assert options.SPEEDS == SPEEDS


def test_a_speed_sets_what_is_left_open() -> None:
    options = given("--speed", "fast").resolved(FULL)
    fast = presets_of(FULL)["fast"]
    assert (options.steps, options.solver, options.guidance_until, options.context, options.precision) == (
        fast.steps,
        fast.solver,
        fast.guidance_until,
        fast.context,
        fast.precision,
    )
    assert options.deep_every == fast.deep_every == 2
    assert (options.guidance, options.strength) == (None, None), "what it leaves as the model has it stays open"
    best = given("--speed", "best", "--start", "published").resolved(FULL)
    assert (best.steps, best.strength, best.start) == (None, None, "published"), "as published has its own"


def test_numbers_win_over_it() -> None:
    options = given("--speed", "fast", "--steps", "5", "--context", "512", "--precision", "fp32").resolved(FULL)
    assert (options.steps, options.context, options.precision, options.solver) == (5, 512, "fp32", "unipc")


def test_without_it_nothing_changes_and_journals_of_before_go_on() -> None:
    options = given("--model", "moebius-nano")
    assert options.resolved(find_model("moebius-nano")) == options
    assert replace(options, speed="fast").fingerprint() != options.fingerprint()


def test_an_erase_takes_the_steps_it_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    photograph().save(tmp_path / "photo.png")
    mask().save(tmp_path / "mask.png")
    places = [str(tmp_path / name) for name in ("photo.png", "mask.png")]
    counts = []
    for arguments in (["--speed", "fast"], ["--speed", "best"], ["--speed", "best", "--steps", "1"]):
        assert main(["erase", *places, "-o", str(tmp_path / "out.png"), "--json", *arguments]) == 0
        counts.append(len(json.loads(capsys.readouterr().out)["step_seconds"]))
    assert counts[2] <= counts[0] < counts[1], "the number wins"


def test_a_batch_takes_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("photos", "masks"):
        (tmp_path / name).mkdir()
    photograph().save(tmp_path / "photos" / "a.png")
    mask().save(tmp_path / "masks" / "a.png")
    command = ["batch", str(tmp_path / "photos"), "--masks", str(tmp_path / "masks"), "-o", str(tmp_path / "out")]
    assert main([*command, "--model", "patch-fill", "--speed", "best", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["done"] == 1, "a model without a choice is erased with as it is"


def test_what_is_no_speed_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["erase", "a.png", "b.png", "-o", "c.png", "--speed", "warp"])
    assert "balanced" in capsys.readouterr().err


def test_bench_measures_presets_and_the_window_knows_them(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["bench", "--models", "moebius-nano", "patch-fill", "--size", "96", "--speed", "fast", "balanced"]
    assert main([*command, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    measured = [row["model"] for row in rows if row["source"] == "measured"]
    title = find_model("moebius-nano").title
    assert measured == [f"{title}, fast", f"{title}, balanced", find_model("patch-fill").title]
    from inference.models import Work

    folder = find_model("moebius-nano")
    for speed in ("fast", "balanced"):
        seconds = Timings().seconds(Work.of(folder, presets_of(folder)[speed], "cpu", "fp32"))
        assert seconds is not None and seconds > 0
