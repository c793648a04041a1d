"""Regions cover every hole, stay apart, and lie in the picture where it is large enough."""

from __future__ import annotations

import tracemalloc

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.erase.geometry import plan_regions


@st.composite
def holes(draw: st.DrawFn) -> np.ndarray:
    height, width = draw(st.integers(1, 900)), draw(st.integers(1, 900))
    hole = np.zeros((height, width), bool)
    for _ in range(draw(st.integers(1, 6))):
        y, x = draw(st.integers(0, height - 1)), draw(st.integers(0, width - 1))
        hole[y : y + draw(st.integers(1, 300)), x : x + draw(st.integers(1, 300))] = True
    return hole


@settings(deadline=None, max_examples=60)
@given(hole=holes(), smallest=st.sampled_from([16, 128, 512]))
def test_regions_cover_every_hole_once(hole: np.ndarray, smallest: int) -> None:
    regions = plan_regions(hole, smallest=smallest)
    covered = np.zeros(hole.shape, int)
    for region in regions:
        x0, y0, x1, y1 = region.inside(hole.shape)
        assert 0 <= x0 < x1 <= hole.shape[1]
        assert 0 <= y0 < y1 <= hole.shape[0]
        covered[y0:y1, x0:x1] += 1
        hx0, hy0, hx1, hy1 = region.hole
        assert x0 <= hx0 < hx1 <= x1
        assert y0 <= hy0 < hy1 <= y1
        assert region.side >= min(smallest, 64, max(hole.shape))
        assert region.side <= max(hole.shape)
    assert (covered[hole] == 1).all()
    assert covered.max() <= 1


@settings(deadline=None, max_examples=40)
@given(hole=holes())
def test_cut_is_the_square_mirrored_at_the_edges(hole: np.ndarray) -> None:
    picture = np.arange(hole.size, dtype=np.int64).reshape(hole.shape)
    for region in plan_regions(hole, smallest=256):
        cut = region.cut(picture)
        assert cut.shape == (region.side, region.side)
        x0, y0, x1, y1 = region.inside(hole.shape)
        inner = cut[y0 - region.y : y1 - region.y, x0 - region.x : x1 - region.x]
        assert np.array_equal(inner, picture[y0:y1, x0:x1])


def test_a_small_hole_gets_the_smallest_context_shifted_inside() -> None:
    hole = np.zeros((1000, 1500), bool)
    hole[:10, -10:] = True
    (region,) = plan_regions(hole)
    assert (region.x, region.y, region.side, region.hole) == (988, 0, 512, (1490, 0, 1500, 10))


def test_a_large_hole_gets_half_its_side_around_it() -> None:
    hole = np.zeros((3000, 3000), bool)
    hole[1000:1600, 1000:1600] = True
    (region,) = plan_regions(hole)
    assert (region.x, region.y, region.side) == (700, 700, 1200)


def test_a_long_thin_stroke_is_grown_as_a_thin_one() -> None:
    hole = np.zeros((600, 3000), bool)
    hole[300:308, 100:2900] = True
    (region,) = plan_regions(hole)
    assert 6 <= region.thickness <= 9
    assert region.grow < 2.1
    assert region.fade < 4.3


def test_far_holes_are_separate_and_near_ones_together() -> None:
    hole = np.zeros((600, 3000), bool)
    hole[300:320, 100:120] = True
    hole[300:320, 2800:2820] = True
    assert len(plan_regions(hole)) == 2
    hole[300:320, 400:420] = True
    assert [region.side for region in plan_regions(hole)] == [512, 128, 128], "the far one keeps all of its own"
    hole[300:320, 400:420] = False
    hole[300:320, 170:190] = True
    assert len(plan_regions(hole)) == 2


def test_ten_thousand_specks_are_planned_quickly() -> None:
    hole = np.zeros((2000, 2000), bool)
    hole[::20, ::20] = True
    assert len(plan_regions(hole)) == 1


def test_no_hole_no_region() -> None:
    assert plan_regions(np.zeros((5, 5), bool)) == []


def test_planning_a_large_picture_takes_no_copies_of_it() -> None:
    hole = np.zeros((6000, 6000), bool)
    hole[1000:1100, 1000:1100] = hole[4000:5900, 200:5900] = True
    tracemalloc.start()
    try:
        regions = plan_regions(hole)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [region.hole for region in regions] == [(200, 1000, 5900, 5900)]
    assert regions[0].thickness > 1800
    box = 1900 * 5700
    assert peak < 8 * box, "distances within the larger hole's bounds, and nothing as large as the picture in floats"


def test_holes_far_apart_in_one_box_are_both_within_it() -> None:
    hole = np.zeros((700, 1400), bool)
    hole[300:320, 200:220] = hole[600:640, 640:700] = True
    (region,) = plan_regions(hole, least=512)
    assert region.hole == (200, 300, 700, 640)
    assert region.thickness < 45, "grown as the thickest of them, not as the box around them"


def _specks(count: int) -> np.ndarray:
    """66 of them in 6 megapixels are what dust on a scan looks like."""
    random = np.random.default_rng(3)
    hole = np.zeros((2000, 3000), bool)
    for _ in range(count):
        y, x = random.integers(10, 1970), random.integers(10, 2970)
        hole[y : y + 10, x : x + 10] = True
    return hole


def test_many_specks_have_contexts_of_their_own() -> None:
    hole = _specks(66)
    regions = plan_regions(hole)
    assert len(regions) >= 60, "few lie nearer to each other than a context"
    assert {region.side for region in regions} <= set(range(64, 201))
    assert sum(region.side >= 128 for region in regions) > 30, "as wide as there is room for"


def test_what_many_specks_have_at_least_is_a_choice() -> None:
    hole = _specks(66)
    assert len(plan_regions(hole, least=512)) == 1
    assert 1 < len(plan_regions(hole, least=96)) < len(plan_regions(hole, least=64))
    assert len(plan_regions(_specks(300))) == 1, "each costs time: so many share contexts"


def test_two_large_holes_side_by_side_stay_together() -> None:
    hole = np.zeros((1000, 2000), bool)
    hole[400:600, 500:700] = hole[400:600, 800:1000] = True
    assert len(plan_regions(hole)) == 1


def test_specks_far_from_others_keep_whole_contexts() -> None:
    hole = np.zeros((600, 3000), bool)
    hole[300:310, 100:110] = hole[300:310, 2800:2810] = True
    assert [region.side for region in plan_regions(hole)] == [512, 512]
