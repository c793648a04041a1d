"""What of a thing lies beside a tight mask goes with it; what only looks like it stays."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference import Cancelled, ErasePipeline
from inference.erase.geometry import grown, plan_regions, room_for_traces, with_traces
from inference.runtime import never


def background(seed: int = 0, side: int = 220) -> np.ndarray:
    """Grey-green grain, lighter to one side."""
    rng = np.random.default_rng(seed)
    shade = np.linspace(90, 150, side)[None, :, None] + rng.normal(0, 5, (side, side, 3))
    return np.clip(shade + np.array([0, 12, -8]), 0, 255).astype(np.uint8)


def disc(radius: int, side: int = 220, at: tuple[int, int] = (110, 110)) -> np.ndarray:
    return cv2.circle(np.zeros((side, side), np.uint8), at, radius, (255,), -1) > 0


def thing(radius: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """A red disc on the background, and where it is."""
    picture, where = background(), disc(radius)
    picture[where] = np.clip(np.random.default_rng(9).normal((190, 40, 40), 6, (where.sum(), 3)), 0, 255)
    return picture, where


def traced(picture: np.ndarray, hole: np.ndarray) -> np.ndarray:
    return with_traces(picture, hole, never)


def test_a_sliver_of_the_thing_is_covered() -> None:
    picture, where = thing()
    mask = disc(40, at=(105, 110))  # five pixels to the left of it
    assert (where & ~mask).sum() > 300
    found = traced(picture, mask)
    (region,) = plan_regions(found)
    assert not (where & ~grown(found, region.grow)).any()
    spared = cv2.dilate((where | mask).astype(np.uint8), np.ones((9, 9), np.uint8)) == 0
    assert not (found & spared).any(), "and little else"


@pytest.mark.parametrize("radius", [40, 44, 60])
def test_a_mask_that_covers_it_stays_as_it_is(radius: int) -> None:
    picture, _ = thing()
    hole = disc(radius)
    assert traced(picture, hole) is hole


def test_what_the_background_has_elsewhere_is_no_trace() -> None:
    picture, _ = thing()
    picture[95:125] = (190, 40, 40)  # a red band crosses what is erased and goes on on both sides
    hole = disc(44)
    assert traced(picture, hole) is hole


def test_something_else_beside_the_mask_stays() -> None:
    picture, _ = thing()
    picture[100:120, 158:164] = (40, 60, 200)  # blue, as nothing within the mask
    hole = disc(46)
    assert traced(picture, hole) is hole


def test_lines_and_specks_are_left_alone() -> None:
    picture = background()
    picture[100:106] = (200, 30, 30)
    hole = np.zeros(picture.shape[:2], bool)
    hole[100:104, 20:200] = True
    assert traced(picture, hole) is hole


def test_each_hole_is_looked_around_by_its_own_thickness() -> None:
    picture, where = thing(30)
    picture[10:18] = (200, 30, 30)
    hole = disc(30, at=(106, 110))
    hole[10:15, 20:200] = True  # in the same context as the thing, and too thin to leave traces
    found = traced(picture, hole)
    assert (found & where & ~hole).any()
    assert np.array_equal(found[:40], hole[:40])


def test_large_pictures_are_compared_at_a_smaller_size() -> None:
    picture, where = thing()
    large = cv2.resize(picture, None, fx=6, fy=6, interpolation=cv2.INTER_CUBIC)
    mask = np.repeat(np.repeat(disc(40, at=(106, 110)), 6, 0), 6, 1)
    left = np.repeat(np.repeat(where, 6, 0), 6, 1) & ~mask
    found = traced(large, mask)
    assert (left & ~found).sum() < 0.01 * left.sum()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31), st.integers(5, 60), st.integers(-12, 12), st.integers(-12, 12))
def test_it_never_reaches_farther_than_it_may(seed: int, radius: int, dx: int, dy: int) -> None:
    rng = np.random.default_rng(seed)
    picture = np.asarray(
        cv2.resize(rng.integers(0, 256, (8, 8, 3), np.uint8), (160, 160), interpolation=cv2.INTER_NEAREST), np.uint8
    )
    hole = disc(radius, 160, (80 + dx, 80 + dy))
    found = with_traces(picture, hole, never)
    assert not (hole & ~found).any()
    assert not (found & ~room_for_traces(hole)).any()


def test_an_erase_takes_the_sliver_with_it_unless_told_not_to() -> None:
    picture, where = thing()
    mask = disc(40, at=(103, 110)).astype(np.uint8) * 255
    pipeline = ErasePipeline.load("patch-fill")

    def redness(result: np.ndarray) -> float:
        return float((result[where][:, 0].astype(int) - result[where][:, 1] > 60).mean())

    covered = pipeline.erase(picture, mask, seed=1)
    assert redness(covered) == 0
    assert redness(pipeline.erase(picture, mask, seed=1, cover_traces=False)) > 0.01
    assert redness(pipeline.erase(picture, mask, seed=1, exact_mask=True)) > 0.05
    changed = (covered != picture).any(2)
    assert not (changed & ~pipeline.affected(mask, picture)).any()
    assert not (pipeline.affected(mask, picture) & ~pipeline.affected(mask)).any()


def test_a_sample_area_that_is_all_trace_is_still_copied_from() -> None:
    picture, where = thing()
    mask = disc(40, at=(103, 110))
    source = where & ~mask
    result = ErasePipeline.load("patch-fill").erase(picture, mask, source=source)
    assert result.shape == picture.shape


def test_looking_for_traces_can_be_stopped() -> None:
    picture, _ = thing()
    mask = disc(40, at=(105, 110)).astype(np.uint8) * 255
    looked = iter(range(3))
    with pytest.raises(Cancelled):
        ErasePipeline.load("patch-fill").erase(picture, mask, cancelled=lambda: next(looked, None) is None)


def test_a_soft_mask_is_as_wide_as_was_wanted() -> None:
    picture, _ = thing()
    soft = cv2.GaussianBlur(disc(36).astype(np.uint8) * 255, (0, 0), 5)
    pipeline = ErasePipeline.load("patch-fill")
    assert np.array_equal(pipeline.affected(soft, picture), pipeline.affected(soft))
