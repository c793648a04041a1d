"""What an output cannot hold is told before the work, on stderr and under --json."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from app.cli import main
from app.document.formats import write_picture
from app.document.pixels import Picture
from tests.cli.conftest import HOLE, photograph


def _deep(path: Path) -> None:
    write_picture(Picture(np.asarray(photograph().convert("RGB")).astype(np.uint16) * 257), path)


def _alpha(path: Path) -> None:
    image = photograph().convert("RGBA")
    image.paste((0, 0, 0, 0), (0, 0, 20, 20))
    image.save(path)


def _text(path: Path) -> None:
    text = PngImagePlugin.PngInfo()
    text.add_text("Author", "Ada Example")
    photograph().save(path, pnginfo=text)


@pytest.mark.parametrize(
    ("make", "ending", "told"),
    [
        (_deep, "jpg", "16 bits per channel become 8"),
        (_alpha, "jpg", "transparent parts become white"),
        (_text, "tif", "text"),
    ],
)
def test_what_is_lost_is_told(
    make: Callable[[Path], None], ending: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make(tmp_path / "a.png")
    mask = np.zeros((100, 140), np.uint8)
    mask[HOLE] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    arguments = [str(tmp_path / name) for name in ("a.png", "mask.png")]
    output = str(tmp_path / f"out.{ending}")
    assert main(["erase", *arguments, "-o", output, "--model", "patch-fill", "--json"]) == 0
    printed = capsys.readouterr()
    assert told in json.loads(printed.out)["note"]
    assert told in printed.err


def test_a_scan_of_one_bit_stays_one(tmp_path: Path) -> None:
    lines = np.zeros((100, 140), bool)
    lines[::7] = True
    Image.fromarray(lines).save(tmp_path / "scan.tif", compression="group4")
    mask = np.zeros((100, 140), np.uint8)
    mask[HOLE] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    arguments = [str(tmp_path / name) for name in ("scan.tif", "mask.png")]
    output = tmp_path / "out.tif"
    assert main(["erase", *arguments, "-o", str(output), "--model", "patch-fill", "--json"]) == 0
    with Image.open(output) as image:
        assert image.mode == "1"
        assert image.info["compression"] == "group4"
        assert np.array_equal(np.asarray(image)[:20], lines[:20])


def test_the_noise_of_a_jpeg_mask_erases_nothing(tmp_path: Path) -> None:
    photograph().save(tmp_path / "a.png")
    random = np.random.default_rng(2)
    mask = random.integers(1, 4, (100, 140)).astype(np.uint8)
    mask[HOLE] = 255
    Image.fromarray(mask).save(tmp_path / "mask.jpg", quality=98)
    with Image.open(tmp_path / "mask.jpg") as image:
        assert (np.asarray(image)[:20] > 0).any()
    arguments = [str(tmp_path / name) for name in ("a.png", "mask.jpg")]
    output = tmp_path / "out.png"
    assert main(["erase", *arguments, "-o", str(output), "--model", "patch-fill", "--json"]) == 0
    with Image.open(output) as image:
        changed = (np.asarray(image) != np.asarray(photograph())).any(axis=2)
    assert not changed[:20].any() and changed[45:55, 65:85].mean() > 0.9
