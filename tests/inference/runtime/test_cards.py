"""Cards that the system has and this torch has not."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from inference.models import devices, unused_card
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
