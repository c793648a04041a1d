"""Whole batches: what is written, skipped, refused and reported."""

from __future__ import annotations

import errno
import json
import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms

from app.batch.journal import NAME, Journal
from app.cli import main
from app.document.formats.files import read_picture
from tests.cli.conftest import HOLE, SIZE, Folders, mask, photograph

Capture = pytest.CaptureFixture[str]


def report(folders: Folders, capsys: Capture, *more: str) -> dict[str, Any]:
    """The report of a batch, with its exit status as ``status``."""
    capsys.readouterr()
    status = folders.run("--json", *more)
    values: dict[str, Any] = json.loads(capsys.readouterr().out)
    return {**values, "status": status, "states": {file["name"]: file["state"] for file in values["files"]}}


def test_each_file_keeps_its_own_format(folders: Folders, capsys: Capture) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[0x010E] = "a description"
    folders.add("a.jpg", quality=61, subsampling="4:2:0", dpi=(240, 240), exif=exif)
    folders.add("b.png", masked="b.bmp", icc_profile=profile)
    folders.add("c.webp", masked="c.tif", lossless=True)
    folders.add("d.tiff", masked="d.jpg")
    folders.add("e.bmp")
    Image.fromarray(np.asarray(photograph())).save(folders.pictures / "really-a-jpeg.png", format="JPEG")
    mask().save(folders.masks / "really-a-jpeg.png")
    given = {path.name: path.read_bytes() for path in folders.pictures.iterdir()}
    assert report(folders, capsys)["status"] == 0
    assert {path.name: path.read_bytes() for path in folders.pictures.iterdir()} == given
    for name, kind in (
        ("a.jpg", "JPEG"),
        ("b.png", "PNG"),
        ("c.webp", "WEBP"),
        ("d.tiff", "TIFF"),
        ("e.bmp", "BMP"),
        ("really-a-jpeg.png", "JPEG"),
    ):
        before, after = read_picture(folders.pictures / name), read_picture(folders.results / name)
        assert after.format == kind, name
        assert after.icc_profile == before.icc_profile
        inside = np.abs(after.pixels[HOLE].astype(int) - before.pixels[HOLE])
        assert inside.mean() > 40, name
        outside = (before.pixels == after.pixels)[:20]
        assert outside.all() if kind not in ("JPEG", "WEBP") else outside.mean() > 0.5
    with Image.open(folders.pictures / "a.jpg") as one, Image.open(folders.results / "a.jpg") as other:
        assert other.info["dpi"] == (240, 240) and other.getexif()[0x010E] == "a description"
        assert other.quantization == one.quantization  # type: ignore[attr-defined]
    assert sorted(path.name for path in folders.results.iterdir()) == sorted([*given, NAME])


def test_sixteen_bits_stay(folders: Folders, capsys: Capture) -> None:
    rng = np.random.default_rng(3)
    width, height = SIZE
    pixels = rng.integers(0, 65536, (height, width, 3), dtype=np.uint16)
    for name in ("a.png", "b.tif"):
        assert cv2.imwrite(str(folders.pictures / name), pixels)
        mask().save(folders.masks / f"{name[0]}.png")
    assert report(folders, capsys)["done"] == 2
    for name in ("a.png", "b.tif"):
        back = cv2.imread(str(folders.results / name), cv2.IMREAD_UNCHANGED)
        assert back is not None and back.dtype == np.uint16
        assert np.array_equal(back[:30], pixels[:30]) and not np.array_equal(back[HOLE], pixels[HOLE])


def test_a_wide_gamut_is_erased_in_its_own_colours(folders: Folders, capsys: Capture) -> None:
    """A red of another space, put back as it was seen: not as numbers of sRGB."""
    width, height = SIZE
    pixels = np.full((height, width, 3), (180, 60, 60), np.uint8)
    profile = _adobe_like()
    Image.fromarray(pixels).save(folders.pictures / "a.png", icc_profile=profile)
    mask().save(folders.masks / "a.png")
    assert report(folders, capsys)["status"] == 0
    after = read_picture(folders.results / "a.png")
    assert after.icc_profile == profile
    assert np.abs(after.pixels[HOLE].astype(int) - (180, 60, 60)).max() <= 3
    assert (after.pixels[:20] == pixels[:20]).all()


def _adobe_like() -> bytes:
    """sRGB's profile with the green of Adobe RGB: a space of matrix and curves that is not sRGB."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    at = data.index(b"gXYZ")
    offset = int.from_bytes(data[at + 4 : at + 8], "big")
    for i, value in enumerate((0.20528, 0.62567, 0.06087)):
        data[offset + 8 + 4 * i : offset + 12 + 4 * i] = round(value * 65536).to_bytes(4, "big")
    return bytes(data)


def test_failures_are_listed_and_the_rest_is_done(folders: Folders, capsys: Capture) -> None:
    folders.add("good.png")
    folders.add("small.png")
    mask((70, 80)).save(folders.masks / "small.png")
    (folders.add("broken.png")).write_bytes(folders.add("good.png").read_bytes()[:200])
    folders.add("empty.png").write_bytes(b"")
    folders.add("black.png")
    Image.new("L", SIZE).save(folders.masks / "black.png")
    (folders.masks / "nomask.png").unlink(missing_ok=True)
    photograph().save(folders.pictures / "nomask.jpg")
    assert folders.run() == 1
    printed = capsys.readouterr()
    assert "1 done, 5 failed of 6 pictures" in printed.out
    listed = printed.out.partition("Failed:\n")[2].splitlines()
    assert [line.split(":")[0].strip() for line in listed] == [
        "black.png",
        "broken.png",
        "empty.png",
        "nomask.jpg",
        "small.png",
    ]
    assert all(line.endswith(".") for line in listed), listed
    assert "same size" in printed.out and "Nothing to erase" in printed.out and "no mask" in printed.out
    assert len(printed.err.splitlines()) == 6  # a line for each picture
    assert sorted(path.name for path in folders.results.iterdir()) == [NAME, "good.png"]


def test_masks_of_another_size_are_fitted_when_asked(folders: Folders, capsys: Capture) -> None:
    folders.add("a.png")
    mask().resize((SIZE[0] // 2, SIZE[1] // 2)).save(folders.masks / "a.png")
    assert report(folders, capsys)["status"] == 1
    assert report(folders, capsys, "--resize-masks")["status"] == 0


def test_resume_skips_what_is_done_and_the_same(folders: Folders, capsys: Capture) -> None:
    for name in ("a.png", "b.png", "sub/c.png"):
        folders.add(name)
    assert report(folders, capsys, "-r")["done"] == 3
    kept = (folders.results / "a.png").stat().st_mtime_ns
    again = report(folders, capsys, "-r", "--resume")
    assert (again["skipped"], again["done"], again["status"]) == (3, 0, 0)
    assert again["model"] == "patch-fill" and "load_seconds" not in again  # nothing was loaded
    folders.add("b.png")
    photograph(77).save(folders.pictures / "b.png")  # changed
    hole = np.asarray(mask()).copy()
    hole[70:80, 10:20] = 255
    Image.fromarray(hole).save(folders.masks / "sub/c.png")
    again = report(folders, capsys, "-r", "--resume")
    assert again["states"] == {"a.png": "skipped", "b.png": "done", "sub/c.png": "done"}
    assert (folders.results / "a.png").stat().st_mtime_ns == kept
    again = report(folders, capsys, "-r", "--resume", "--seed", "4")
    assert again["done"] == 3
    (folders.results / "b.png").unlink()
    assert report(folders, capsys, "-r", "--resume", "--seed", "4")["states"]["b.png"] == "done"
    assert report(folders, capsys, "-r")["done"] == 3  # without it everything is done anew


def test_a_result_cut_short_is_made_again(folders: Folders, capsys: Capture) -> None:
    folders.add("a.png")
    report(folders, capsys)
    whole = (folders.results / "a.png").read_bytes()
    (folders.results / "a.png").write_bytes(whole[: len(whole) // 2])
    assert report(folders, capsys, "--resume")["done"] == 1
    assert (folders.results / "a.png").read_bytes() == whole


def test_files_of_others_are_not_replaced(folders: Folders, capsys: Capture) -> None:
    folders.add("a.png")
    folders.add("b.png")
    folders.results.mkdir()
    photograph(50).save(folders.results / "a.png")
    theirs = (folders.results / "a.png").read_bytes()
    found = report(folders, capsys)
    assert found["states"] == {"a.png": "failed", "b.png": "done"} and found["status"] == 1
    assert (folders.results / "a.png").read_bytes() == theirs
    photograph(51).save(folders.results / "b.png")  # touched up by hand afterwards
    found = report(folders, capsys, "--resume")
    assert "changed since it was written" in next(f["message"] for f in found["files"] if f["name"] == "b.png")
    assert report(folders, capsys, "--overwrite")["done"] == 2
    assert (folders.results / "a.png").read_bytes() != theirs


def test_inputs_are_never_replaced_by_way_of_a_link(folders: Folders, capsys: Capture) -> None:
    path = folders.add("a.png")
    covering = folders.masks / "b.png"
    folders.add("b.png")
    folders.results.mkdir()
    (folders.results / "a.png").symlink_to(path)
    (folders.results / "b.png").symlink_to(covering)
    before = path.read_bytes(), covering.read_bytes()
    assert report(folders, capsys, "--overwrite")["failed"] == 2
    assert (path.read_bytes(), covering.read_bytes()) == before


def test_a_full_disk_ends_it_with_nothing_half_written(
    folders: Folders, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.png", "b.png", "c.png"):
        folders.add(name)
    replace = Path.replace

    def full(self: Path, target: Path) -> Path:
        if Path(target).name == "b.png":
            raise OSError(errno.ENOSPC, "No space left on device")
        return replace(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", full)
        found = report(folders, capsys)
    assert found["states"] == {"a.png": "done", "b.png": "failed", "c.png": "left"}
    assert found["status"] == 1 and "--resume" in found["stopped"]
    assert sorted(path.name for path in folders.results.iterdir()) == [NAME, "a.png"]
    assert report(folders, capsys, "--resume")["states"] == {"a.png": "skipped", "b.png": "done", "c.png": "done"}


def test_a_torn_journal_and_leavings_of_a_crash(folders: Folders, capsys: Capture) -> None:
    for name in ("a.png", "b.png", "c.png"):
        folders.add(name)
    report(folders, capsys)
    journal = folders.results / NAME
    lines = journal.read_bytes().splitlines(keepends=True)
    # As killed after b.png got its name, before that was noted; and half a line of something else.
    journal.write_bytes(b"".join(lines[:3]) + b'{"file": "zz')
    (folders.results / ".0123456789abcdef.part").write_bytes(b"half")
    (folders.results / "c.png").unlink()
    found = report(folders, capsys, "--resume")
    assert found["states"] == {"a.png": "skipped", "b.png": "done", "c.png": "done"}
    assert sorted(path.name for path in folders.results.iterdir()) == [NAME, "a.png", "b.png", "c.png"]
    assert report(folders, capsys, "--resume")["skipped"] == 3


def test_one_batch_at_a_time(folders: Folders, capsys: Capture) -> None:
    folders.add("a.png")
    with Journal(folders.results):
        assert folders.run() == 2
    assert "Another batch" in capsys.readouterr().err
    assert folders.run() == 0


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--steps", "0"), "Steps must be"),
        (("--model", "nothing-of-that-name"), "There is no model"),
        (("--model", "moebius-nano", "--device", "abacus"), "abacus"),
    ],
)
def test_what_can_not_work_is_said_once(folders: Folders, capsys: Capture, more: tuple[str, ...], words: str) -> None:
    folders.add("a.png")
    folders.add("b.png")
    assert folders.run(*more) == 2
    printed = capsys.readouterr()
    assert words in printed.err and printed.out == ""


def test_no_pictures(folders: Folders, capsys: Capture) -> None:
    folders.add("sub/a.png")
    assert folders.run() == 2
    assert "no pictures" in (said := capsys.readouterr().err) and "--recursive" in said
    shutil.rmtree(folders.pictures)
    assert folders.run() == 2
    assert "does not exist" in capsys.readouterr().err


def test_the_bundled_model_is_loaded_once(folders: Folders, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    from inference.models import loading

    loads = []
    load = loading.load_model

    def counted(*arguments: Any, **options: Any) -> Any:
        loads.append(arguments[0])
        return load(*arguments, **options)

    monkeypatch.setattr("inference.models.load_model", counted, raising=False)
    for name in ("a.png", "b.png"):
        folders.add(name)
    folders_arguments = ["--model", "moebius-nano", "--steps", "1", "--context", "256"]
    found = report(folders, capsys, *folders_arguments)
    assert (found["done"], loads) == (2, ["moebius-nano"])
    assert (found["model"], found["device"], found["precision"]) == ("moebius-nano", "cpu", "fp32")
    assert main(["erase", *_one(folders), "--steps", "1", "--context", "256"]) == 0
    alone, batched = read_picture(folders.root / "alone.png"), read_picture(folders.results / "a.png")
    assert np.array_equal(alone.pixels, batched.pixels)


def _one(folders: Folders) -> list[str]:
    names = folders.pictures / "a.png", folders.masks / "a.png"
    return [*map(str, names), "-o", str(folders.root / "alone.png")]
