"""What was found in a picture or its mask is told at once, on stderr and under --json; a raw file stays as it is."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.cli import main
from tests.cli.conftest import HOLE, photograph


def _mask(path: Path, low: int, high: int) -> Path:
    values = np.full((100, 140), low, np.uint8)
    values[HOLE] = high
    Image.fromarray(values).save(path)
    return path


def test_notes_of_picture_and_mask(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture, output = tmp_path / "a.png", tmp_path / "out.png"
    photograph().save(picture)
    picture.write_bytes(picture.read_bytes()[:-2000])  # slightly cut
    labels = np.zeros((100, 140), np.uint8)
    labels[HOLE] = 1
    labels[5:15, 5:15] = 2
    Image.fromarray(labels).save(tmp_path / "mask.png")
    arguments = [
        "erase",
        str(picture),
        str(tmp_path / "mask.png"),
        "-o",
        str(output),
        "--model",
        "patch-fill",
        "--json",
    ]
    assert main(arguments) == 0
    printed = capsys.readouterr()
    note = json.loads(printed.out)["note"]
    assert "of it is missing and grey" in note
    assert "2 labels beside its ground" in note
    assert note in printed.err
    with Image.open(output) as image:
        changed = (np.asarray(image) != np.asarray(photograph())).any(axis=2)
    assert changed[8:12, 8:12].any() and changed[45:55, 65:85].mean() > 0.9


def test_a_mask_of_zero_and_one_says_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    photograph().save(tmp_path / "a.png")
    mask = _mask(tmp_path / "mask.png", 0, 1)
    out = str(tmp_path / "out.png")
    assert main(["erase", str(tmp_path / "a.png"), str(mask), "-o", out, "--model", "patch-fill", "--json"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["note"] == ""
    assert printed.err == ""
