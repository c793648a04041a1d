"""Cards that the system has and this torch has not."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch

from inference.models import available_devices, devices, unused_card, why_unused
from inference.runtime import nvidia_cards

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the driver is asked otherwise there")


def test_the_driver_tells_its_cards(tmp_path: Path) -> None:
    assert nvidia_cards(tmp_path / "none") == []
    for number, text in enumerate(("Model: \t NVIDIA GeForce RTX 3060\nIRQ: 1\n", "no such line\n")):
        folder = tmp_path / f"0000:0{number}:00.0"
        folder.mkdir()
        (folder / "information").write_text(text)
    assert nvidia_cards(tmp_path) == ["NVIDIA GeForce RTX 3060", "NVIDIA card"]


@pytest.mark.parametrize(("usable", "expected"), [(False, "A card"), (True, "")])
def test_a_card_is_unused_where_torch_has_none(monkeypatch: pytest.MonkeyPatch, usable: bool, expected: str) -> None:
    monkeypatch.setattr(devices, "nvidia_cards", lambda: ["A card"])
    monkeypatch.setattr(devices, "_present", lambda name: usable)
    assert unused_card() == expected


@pytest.mark.parametrize(
    ("made_for", "card", "runs"),
    [
        ("sm_86", (8, 6), True),
        ("sm_86", (8, 9), True),
        ("sm_86", (8, 0), False),
        ("sm_86", (9, 0), False),
        ("sm_120", (12, 0), True),
        ("sm_75", (6, 1), False),
        ("sm_90a", (9, 0), True),
        ("sm_100a", (10, 3), False),
        ("sm_100f", (10, 3), True),
        ("compute_75", (12, 1), True),
        ("compute_120", (8, 6), False),
        ("gfx90a", (9, 0), False),
    ],
)
def test_code_runs_on_cards_as_new_as_it_was_made_for(made_for: str, card: tuple[int, int], runs: bool) -> None:
    assert devices._runs(made_for, card) is runs


def test_a_card_this_torch_has_no_code_for_is_no_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_arch_list", lambda: ["sm_75", "sm_86", "compute_86"])
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    monkeypatch.setattr(devices, "nvidia_cards", lambda: ["A card"])
    for card, device in {(6, 1): "cpu", (8, 6): "cuda", (12, 0): "cuda"}.items():
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda card=card: card)
        assert available_devices()[0] == device
        assert unused_card() == ("A card" if device == "cpu" else "")
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: (6, 1))
    assert why_unused() == "age"

    def fails() -> None:
        raise RuntimeError("CUDA error: initialization error")

    monkeypatch.setattr(torch.cuda, "get_device_capability", fails)
    assert (available_devices(), unused_card(), why_unused()) == (["cpu"], "A card", "driver")


@pytest.mark.parametrize(("made_for", "expected"), [(None, "build"), ("13.0", "driver")])
def test_it_is_known_why_a_card_is_not_used(
    monkeypatch: pytest.MonkeyPatch, made_for: str | None, expected: str
) -> None:
    monkeypatch.setattr(torch.version, "cuda", made_for)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert why_unused() == expected
