"""Which mask is for which picture, and what is refused before anything is begun."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from app.batch.plan import Plan, make_plan
from app.document.errors import DocumentError


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("in", "masks"):
        (tmp_path / name).mkdir()
    return tmp_path


def plan(root: Path, *, recursive: bool = False) -> Plan:
    return make_plan(root / "in", root / "masks", root / "out", recursive=recursive)


def pairs(found: Plan) -> dict[str, str]:
    return {job.name: job.mask.name for job in found.jobs}


def test_masks_are_matched_by_stem_whatever_their_format(root: Path) -> None:
    touch(root / "in/a.JPG", root / "in/b.tif", root / "masks/a.png", root / "masks/b.BMP", root / "in/notes.txt")
    found = plan(root)
    assert pairs(found) == {"a.JPG": "a.png", "b.tif": "b.BMP"}
    assert [job.target for job in found.jobs] == [root / "out/a.JPG", root / "out/b.tif"]
    assert (found.refused, found.others, found.unused) == ((), 1, ())


def test_a_mask_called_as_the_whole_picture_comes_first(root: Path) -> None:
    touch(root / "in/a.jpg", root / "in/a.png", root / "masks/a.jpg.png", root / "masks/a.png")
    assert pairs(plan(root)) == {"a.jpg": "a.jpg.png", "a.png": "a.png"}


def test_dots_in_names_are_no_endings(root: Path) -> None:
    touch(root / "in/a.b.jpg", root / "in/a.c.jpg", root / "masks/a.b.png", root / "masks/a.c.png")
    assert pairs(plan(root)) == {"a.b.jpg": "a.b.png", "a.c.jpg": "a.c.png"}


def test_two_masks_and_none_are_refused(root: Path) -> None:
    touch(root / "in/a.jpg", root / "in/b.jpg", root / "masks/a.png", root / "masks/a.tif", root / "masks/c.png")
    found = plan(root)
    assert found.jobs == () and found.total == 2
    two, none = found.refused
    assert two.name == "a.jpg" and "several masks" in two.reason and "a.png, a.tif" in two.reason
    assert none.name == "b.jpg" and 'is called "b"' in none.reason
    assert found.unused == ("c.png",)


def test_a_file_with_a_mask_is_meant_whatever_its_ending(root: Path) -> None:
    touch(root / "in/a.gif", root / "masks/a.png")
    assert pairs(plan(root)) == {"a.gif": "a.png"}


def test_hidden_files_are_left_alone(root: Path) -> None:
    touch(root / "in/._a.jpg", root / "masks/._a.png", root / "in/.trash/b.jpg")
    assert plan(root, recursive=True).total == 0


def test_folders_inside_keep_the_tree(root: Path) -> None:
    touch(root / "in/a.jpg", root / "in/x/y/a.jpg", root / "masks/a.png", root / "masks/x/y/a.tif")
    assert pairs(plan(root)) == {"a.jpg": "a.png"}
    found = plan(root, recursive=True)
    assert pairs(found) == {"a.jpg": "a.png", "x/y/a.jpg": "a.tif"}
    assert found.jobs[1].target == root / "out/x/y/a.jpg"


def test_masks_and_results_among_the_pictures_are_no_pictures(root: Path) -> None:
    touch(root / "in/a.jpg", root / "in/masks/a.png", root / "in/out/a.jpg")
    found = make_plan(root / "in", root / "in/masks", root / "in/out", recursive=True)
    assert pairs(found) == {"a.jpg": "a.png"}


def test_a_link_in_a_circle_is_not_followed(root: Path) -> None:
    touch(root / "in/a.jpg", root / "masks/a.png")
    (root / "in/loop").symlink_to(root / "in", target_is_directory=True)
    assert plan(root, recursive=True).total == 1


def test_accents_are_the_same_in_both_forms(root: Path) -> None:
    touch(root / "in" / unicodedata.normalize("NFD", "é.jpg"), root / "masks" / unicodedata.normalize("NFC", "é.png"))
    assert len(plan(root).jobs) == 1


@pytest.mark.parametrize(
    ("pictures", "masks", "results", "words"),
    [
        ("nowhere", "masks", "out", "pictures .* does not exist"),
        ("in", "nowhere", "out", "masks .* does not exist"),
        ("in/a.jpg", "masks", "out", "is not a folder"),
        ("in", "masks", "in/a.jpg", "is a file"),
        ("in", "masks", "in", "folder of their own"),
        ("in", "masks", "out/../in", "folder of their own"),
        ("in", "masks", "masks", "folder of their own"),
        ("in", "in", "out", "a folder each"),
    ],
)
def test_folders_that_can_not_be(root: Path, pictures: str, masks: str, results: str, words: str) -> None:
    touch(root / "in/a.jpg", root / "masks/a.png", root / "out/.keep")
    with pytest.raises(DocumentError, match=words):
        make_plan(root / pictures, root / masks, root / results)
