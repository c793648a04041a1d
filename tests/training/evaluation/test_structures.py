"""The structure set: strokes across edges that go on beyond them; and what evaluation puts beside a result."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from inference import ErasePipeline
from training.config import EvaluateConfig
from training.data.photos import PictureFiles
from training.evaluation.cases import make_cases
from training.evaluation.methods import blurred, make_method
from training.evaluation.metrics import Picture, sharpness
from training.evaluation.structures import MOST, structures


def horizon(seed: int = 0) -> Picture:
    """One bent edge between two soft textures, 600 x 700."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:600, :700]
    shade = np.where(y > 300 + 0.15 * x - 40 * np.sin(x / 200), 190.0, 70.0)
    noise = cv2.GaussianBlur(rng.normal(0, 12, shade.shape), (0, 0), 1)
    return np.clip((shade + noise)[..., None] + np.array([10, 0, -10]), 0, 255).astype(np.uint8)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for name, picture in (("a", horizon(1)), ("b", horizon(2)), ("flat", np.full((600, 600, 3), 90, np.uint8))):
        cv2.imwrite(str(folder / f"{name}.png"), picture)
    return folder


def test_a_stroke_crosses_an_edge_that_goes_on() -> None:
    found = structures(horizon(), 256, np.random.default_rng(0))
    assert 1 <= len(found) <= MOST
    for one in found:
        assert one.truth.shape == (256, 256, 3) and one.hole.shape == (256, 256)
        assert 0.02 < one.hole.mean() < 0.2
        bright = one.truth[..., 1] > 130
        for part in (one.hole, ~one.hole):  # either side of the edge lies in the hole and beside it
            assert 0.1 < bright[part].mean() < 0.9
        # The edge goes on: around the stroke it leaves the hole in two places
        ring = cv2.dilate(one.hole.astype(np.uint8), np.ones((25, 25), np.uint8)) > 0
        ring &= ~one.hole
        smooth = cv2.GaussianBlur(one.truth[..., 1].astype(np.float32), (0, 0), 3)
        slope = np.hypot(
            cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=1 / 8), cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=1 / 8)
        )
        count, _, stats, _ = cv2.connectedComponentsWithStats((ring & (slope > 6)).astype(np.uint8))
        assert sum(stats[1:count, cv2.CC_STAT_AREA] > 30) == 2


def test_pictures_without_an_edge_have_no_case() -> None:
    assert structures(np.full((600, 600, 3), 90, np.uint8), 256, np.random.default_rng(0)) == []
    noise = np.random.default_rng(0).integers(0, 255, (600, 600, 3)).astype(np.uint8)
    assert structures(noise, 256, np.random.default_rng(0)) == []
    assert structures(horizon()[:200], 256, np.random.default_rng(0)) == []


def test_the_structure_set_is_the_same_every_time(photos: Path, tmp_path: Path) -> None:
    config = EvaluateConfig(photos=photos, out=tmp_path, kind="structure", count=5)
    first, second = list(make_cases(config)), list(make_cases(config))
    assert [c.truth.tobytes() + c.hole.tobytes() for c in first] == [
        c.truth.tobytes() + c.hole.tobytes() for c in second
    ]
    assert [case.name for case in first[:2]] == ["a-0", "b-0"]  # the clearest of every photograph come first
    flat = EvaluateConfig(photos=photos / "flat.png", out=tmp_path, kind="structure")
    with pytest.raises(ValueError, match=r"no photograph|readable|codec"):
        list(make_cases(flat))


def test_only_photographs_of_a_list_are_used(photos: Path, tmp_path: Path) -> None:
    names = tmp_path / "names.txt"
    names.write_text("# those kept back\nb.png\nelsewhere.jpg\n", encoding="utf-8")
    assert [path.name for path in PictureFiles(photos, names=names).paths] == ["b.png"]
    config = EvaluateConfig(photos=photos, out=tmp_path, kind="structure", count=5, held_out=names)
    assert {case.name[0] for case in make_cases(config)} == {"b"}
    with pytest.raises(ValueError, match="there is no list"):
        PictureFiles(photos, names=tmp_path / "missing.txt")


def test_the_committed_list_is_of_names() -> None:
    lines = (Path(__file__).parents[3] / "training" / "held_out.txt").read_text(encoding="utf-8").splitlines()
    names = [line for line in lines if not line.startswith("#")]
    assert len(names) == len(set(names)) >= 28 and names == sorted(names)
    assert all(Path(name).name == name and Path(name).suffix == ".jpg" for name in names)


def test_a_control_is_no_sharper_than_what_it_stands_beside() -> None:
    truth, fill = horizon(0)[250:400, 200:350], horizon(1)[250:400, 200:350]
    hole = np.zeros(truth.shape[:2], bool)
    hole[40:100, 30:120] = True
    for wanted in (0.2, 0.5):
        made = blurred(truth, fill, hole, wanted)
        assert wanted - 0.03 < sharpness(truth, made, hole) <= wanted
        assert (made[~hole] == fill[~hole]).all()
    assert blurred(truth, fill, hole, 100.0) is fill


def test_a_perfect_guide_is_better_than_no_guide(photos: Path, tmp_path: Path) -> None:
    case = next(iter(make_cases(EvaluateConfig(photos=photos, out=tmp_path, kind="structure", count=1))))

    errors = {}
    for name in ("telea", "oracle-4"):
        result = make_method(name, lambda: ErasePipeline.load("patch-fill"))(case)
        assert (result[~case.hole] == case.truth[~case.hole]).all()
        errors[name] = np.abs(result[case.hole].astype(float) - case.truth[case.hole]).mean()
    assert errors["oracle-4"] < errors["telea"]
