"""The headless commands: what they write, print and answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from app.cli import main
from app.document.formats.files import read_picture
from inference.erase.settings import chosen_settings


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    rng = np.random.default_rng(1)
    pixels = np.clip(np.linspace(40, 200, 140)[None, :, None] + rng.normal(0, 6, (100, 140, 3)), 0, 255)
    mask = np.zeros((100, 140), np.uint8)
    mask[40:60, 60:90] = 255
    Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / "photo.png", dpi=(300, 300))
    Image.fromarray(mask).save(tmp_path / "mask.png")
    return tmp_path / "photo.png", tmp_path / "mask.png"


def test_erase_writes_the_picture_and_the_figures(
    files: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, previews = tmp_path / "out.png", tmp_path / "previews"
    arguments = ["erase", *map(str, files), "-o", str(out), "--json", "--steps", "5", "--strength", "0.6"]
    assert main([*arguments, "--previews", str(previews), "--device", "cpu"]) == 0
    printed = capsys.readouterr()
    (line,) = printed.out.splitlines()
    figures = json.loads(line)
    assert figures["regions"] == 1
    assert len(figures["step_seconds"]) == 5  # all that were asked for
    assert all(seconds > 0 for seconds in figures["step_seconds"])
    assert figures["seconds"] >= sum(figures["step_seconds"]) * 0.9
    assert figures["load_seconds"] > 0
    assert figures["peak_rss_mb"] > 50
    assert len(list(previews.glob("*.png"))) == 7  # the smooth draft, five steps, and the result
    before, after = read_picture(files[0]).pixels, read_picture(out).pixels
    assert after.shape == before.shape
    changed = (before != after).any(2)
    assert changed[45:55, 65:85].mean() > 0.5
    assert not changed[:20].any()
    assert not changed[-20:].any()
    assert read_picture(out).dpi == pytest.approx((300, 300), abs=0.1)


def test_the_same_seed_writes_the_same_pixels(files: tuple[Path, Path], tmp_path: Path) -> None:
    pictures = []
    for name in ("a.png", "b.png"):
        assert main(["erase", *map(str, files), "-o", str(tmp_path / name), "--seed", "3", "--steps", "2"]) == 0
        pictures.append(read_picture(tmp_path / name).pixels)
    assert np.array_equal(pictures[0], pictures[1])


def test_deep_features_serve_as_many_steps_as_asked(
    files: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[int] = []

    def watched(*arguments: Any, **options: Any) -> Any:
        settings = chosen_settings(*arguments, **options)
        asked.append(settings.deep_every)
        return settings

    monkeypatch.setattr("inference.erase.pipeline.chosen_settings", watched)
    arguments = ["erase", *map(str, files), "-o", str(tmp_path / "out.png"), "--steps", "1", "--device", "cpu"]
    for chosen, expected in (([], 1), (["--deep-every", "2"], 2)):
        assert main([*arguments, *chosen]) == 0
        assert set(asked) == {expected}
        asked.clear()
    capsys.readouterr()
    assert main([*arguments, "--deep-every", "0"]) == 2
    assert "Deep features can serve 1 to 10 steps, not 0." in capsys.readouterr().err


def test_a_mask_of_zeros_and_ones_counts(files: tuple[Path, Path], tmp_path: Path) -> None:
    ones = tmp_path / "ones.png"
    Image.fromarray(np.asarray(Image.open(files[1])) // 255).save(ones)
    pictures = []
    for mask in (files[1], ones):
        out = tmp_path / f"out-{mask.name}"
        assert main(["erase", str(files[0]), str(mask), "-o", str(out), "--steps", "1"]) == 0
        pictures.append(out.read_bytes())
    assert pictures[0] == pictures[1]


def test_far_apart_holes_count_and_show_every_step(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    photo, mask, out = tmp_path / "wide.png", tmp_path / "two.png", tmp_path / "out.png"
    Image.new("RGB", (1400, 40), (90, 120, 60)).save(photo)
    hole = np.zeros((40, 1400), np.uint8)
    hole[10:20, 40:60] = hole[10:20, 1300:1320] = 255
    Image.fromarray(hole).save(mask)
    arguments = ["erase", str(photo), str(mask), "-o", str(out), "--steps", "4"]
    assert main([*arguments, "--strength", "0.5", "--json", "--previews", str(tmp_path / "previews")]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["regions"] == 2
    assert len(figures["step_seconds"]) == 8  # four a region
    assert len(list((tmp_path / "previews").iterdir())) == 12  # a draft, four steps and the result a region


@pytest.mark.parametrize(
    ("error", "message"),
    [(MemoryError(), "memory"), (RuntimeError("DefaultCPUAllocator: can't allocate memory: 9 bytes"), "memory")],
)
def test_out_of_memory_is_a_sentence(
    files: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
    message: str,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("inference.erase.pipeline.ErasePipeline.load", fail)
    assert main(["erase", *map(str, files), "-o", str(tmp_path / "out.png")]) == 2
    printed = capsys.readouterr().err
    assert message in printed
    assert len(printed.splitlines()) == 1


def test_bad_input_is_one_line_and_exit_2(
    files: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo, mask = map(str, files)
    empty, small, broken = tmp_path / "empty.png", tmp_path / "small.png", tmp_path / "broken.png"
    Image.new("L", (140, 100)).save(empty)
    Image.new("L", (10, 10), 255).save(small)
    (tmp_path / "folder.png").mkdir()
    broken.write_bytes(Path(photo).read_bytes()[:100])
    out = str(tmp_path / "out.png")
    for arguments, message in (
        ([str(tmp_path / "no.png"), mask, "-o", out], "no.png"),
        ([str(broken), mask, "-o", out], "broken.png"),
        ([photo, str(small), "-o", out], "same size"),
        ([photo, str(empty), "-o", out], "Nothing to erase"),
        ([photo, mask, "-o", str(tmp_path / "no" / "out.png")], "no"),
        ([photo, mask, "-o", str(tmp_path / "out.xyz")], "xyz"),
        ([photo, mask, "-o", str(tmp_path / "folder.png")], "a folder has that name"),
        ([photo, mask, "-o", out, "--model", ""], "There is no model"),
        ([photo, mask, "-o", out, "--model", "~nobody-of-that-name/x"], "There is no model"),
        ([photo, mask, "-o", out, "--model", photo], "not a checkpoint"),
        ([photo, mask, "-o", out, "--model", str(tmp_path / "nowhere")], "There is no model"),
        ([photo, mask, "-o", out, "--steps", "0"], "Steps"),
        ([photo, mask, "-o", out, "--device", "abacus"], "abacus"),
    ):
        assert main(["erase", *arguments]) == 2, arguments
        printed = capsys.readouterr()
        assert message in printed.err
        assert len(printed.err.splitlines()) == 1, printed.err
        assert printed.out == ""
        assert not Path(out).exists()


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["erase"],
        ["paint"],
        ["erase", "a", "b", "-o", "c", "--steps", "x"],
        ["erase", "a", "b", "-o", "c", "--quality", "0"],
    ],
)
def test_bad_usage_is_one_line_and_exit_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_precision_the_processor_lacks_is_said_in_one_line(
    files: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["erase", *map(str, files), "-o", str(tmp_path / "out.png"), "--device", "cpu", "--precision"]
    assert main([*arguments, "fp16"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("moebius: This processor does not calculate in fp16; choose fp32")
    assert main([*arguments, "fp8"]) == 2
    assert "Precision must be one of auto, fp32" in capsys.readouterr().err
    assert main([*arguments, "fp32", "--steps", "1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["precision"] == "fp32"


def test_traces_beside_the_mask_stay_where_that_is_wanted(tmp_path: Path) -> None:
    pixels = np.full((200, 200, 3), 120, np.uint8)
    pixels[60:140, 60:140] = (200, 30, 30)
    mask = np.zeros((200, 200), np.uint8)
    mask[60:140, 60:135] = 255  # the last five columns of the thing are not covered
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    Image.fromarray(mask).save(tmp_path / "mask.png")
    names = [str(tmp_path / name) for name in ("photo.png", "mask.png")]
    red = []
    for option in ("--cover-traces", "--no-cover-traces"):
        out = tmp_path / f"{option}.png"
        assert main(["erase", *names, "-o", str(out), "--model", "patch-fill", option]) == 0
        red.append(bool((read_picture(out).pixels[..., 0] > 170).any()))
    assert red == [False, True]


def test_a_sample_area_says_where_may_be_copied_from(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pixels = np.random.default_rng(2).integers(0, 60, (120, 200, 3)).astype(np.uint8)
    pixels[:, :100, 0] += 150
    pixels[:, 100:, 1] += 150
    mask, area = np.zeros((2, 120, 200), np.uint8)
    mask[40:70, 30:60], area[:, 110:] = 255, 255
    for name, array in (("photo", pixels), ("mask", mask), ("area", area), ("small", area[:50]), ("none", 0 * area)):
        Image.fromarray(array).save(tmp_path / f"{name}.png")
    files = [str(tmp_path / name) for name in ("photo.png", "mask.png")]
    out = tmp_path / "out.png"
    arguments = ["erase", *files, "-o", str(out), "--model", "patch-fill", "--sample-area"]
    assert main([*arguments, str(tmp_path / "area.png")]) == 0
    red, green = read_picture(out).pixels[45:65, 35:55, :2].reshape(-1, 2).mean(0)
    assert green > red + 60
    capsys.readouterr()
    for name, sentence in (("small", "200 x 50 pixels"), ("none", "Nothing to copy from"), ("missing", "missing.png")):
        assert main([*arguments, str(tmp_path / f"{name}.png")]) != 0
        assert sentence in capsys.readouterr().err
