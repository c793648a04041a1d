"""The check of graphics cards goes through everything on the processor in miniature, and finds what is wrong."""

from __future__ import annotations

import json
from importlib import util
from pathlib import Path
from typing import Any

import pytest
import torch

from benchmarks import gpu_check
from benchmarks.common import card_erases
from inference import models
from inference.networks import UNetOutput


def run(out: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    status = gpu_check.main(["--out", str(out), "--miniature", *arguments])
    values: dict[str, Any] = json.loads((out / "gpu-check.json").read_text())
    return status, values


def test_without_a_card_it_says_so_and_goes_through_it_all(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(card_erases, "samples", lambda device, out, count: count)  # the bundled model has its own tests
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(gpu_check, "nvidia_cards", list)
    status, values = run(tmp_path)
    assert (status, values["wrong"]) == (0, [])
    printed = capsys.readouterr().out
    assert "There is no graphics card here" in printed and "All is right." in printed
    assert (tmp_path / "gpu-check.txt").read_text() == printed
    checks = {row["what"]: row["value"] for row in values["checks"]}
    assert set(checks) == {f"{n} {p} eager" for n in ("Moebius", "PixelHacker") for p in ("fp32", "bf16")}
    assert all(0 < error < 0.1 for error in checks.values())
    timed = {row["what"]: row for row in values["timings"]}
    for what in (
        "step, released form, fp32 eager",
        "step, evaluation form, fp32 eager",
        "encoding, fp32",
        "decoding, fp32",
    ):
        assert timed[what]["value"] > 0 and timed[what]["unit"] == "ms"
    assert "2 previews drawn" in timed["erase of 2 steps at 64 px"]["note"]


def test_a_card_that_torch_cannot_use_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    report = gpu_check.Report("processor", "2.13.0+cpu", True, [])
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(gpu_check, "nvidia_cards", lambda: ["NVIDIA RTX 3060"])
    assert "This torch can't use the NVIDIA RTX 3060 that is here" in report.text()
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert "As it was asked for" in report.text()


def test_a_wrong_result_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = models.place

    def spoilt(*arguments: Any) -> Any:
        unet = place(*arguments)
        return lambda *inputs: UNetOutput(unet(*inputs).sample * 1.2, ())

    monkeypatch.setattr(models, "place", spoilt, raising=False)
    status, values = run(tmp_path, "--seconds", "0")
    assert (status, values["wrong"]) == (0, []), "nothing was looked at, as no time was given"
    assert {row["note"] for row in values["timings"]} == {"no time was left"}
    check = gpu_check.Check(torch.device("cpu"), miniature=True, seconds=60, repeats=1)
    check._correct("Moebius", check.student)
    assert len(check.report.wrong) == 2 and "differs by 0.2" in check.report.wrong[0]


def test_what_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    find = util.find_spec
    monkeypatch.setattr(util, "find_spec", lambda name: None if name == "diffusers" else find(name))
    check = gpu_check.Check(torch.device("cpu"), miniature=True, seconds=60, repeats=1)
    check._erases(tmp_path)
    assert check.report.missing == ["diffusers"]
    assert {row.note for row in check.report.timings} == {"diffusers is not installed"}
    assert "Not installed: diffusers" in check.report.text()
    assert "not measured" in check.report.text()
