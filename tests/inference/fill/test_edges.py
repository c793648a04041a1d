"""Edges that a hole interrupts go on through it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from inference.errors import Cancelled
from inference.fill.edges import Continued, continue_edges
from inference.fill.edges.geometry import arc, cross, hermite, lengths, resampled, smoothed, tangents, turn
from inference.fill.structured import structured_patch_fill

SIDE = 128
ROWS, COLUMNS = np.mgrid[:SIDE, :SIDE].astype(np.float64)
DARK, LIGHT = np.array([40.0, 60, 90]), np.array([210.0, 190, 150])


def picture(inside: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Light where ``inside`` (pixels from the edge, negative outside) is positive, with a little texture."""
    share = np.clip(inside + 0.5, 0, 1)[..., None]
    grain = np.random.default_rng(0).normal(0, 2, (SIDE, SIDE, 1))
    return np.clip(np.rint(DARK + share * (LIGHT - DARK) + grain), 0, 255).astype(np.uint8)


def stroke(angle: float, width: float = 22, length: float = 84) -> NDArray[np.bool_]:
    """A straight brush stroke through the middle."""
    x, y = COLUMNS - SIDE / 2, ROWS - SIDE / 2
    along = np.clip(x * math.cos(angle) + y * math.sin(angle), -length / 2 + width / 2, length / 2 - width / 2)
    return np.asarray(np.hypot(x - along * math.cos(angle), y - along * math.sin(angle)) <= width / 2)


def hidden(truth: NDArray[np.uint8], hole: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """With noise under the hole, that nothing may be learnt from."""
    noise = np.random.default_rng(1).integers(0, 256, truth.shape, dtype=np.uint8)
    return np.where(hole[..., None], noise, truth)


def never() -> None:
    """Goes on."""


def continued(truth: NDArray[np.uint8], hole: NDArray[np.bool_], **options: object) -> Continued:
    return continue_edges(hidden(truth, hole), hole, seed=1, check=never, **options)  # type: ignore[arg-type]


def wrong(made: NDArray[np.uint8], truth: NDArray[np.uint8], where: NDArray[np.bool_]) -> float:
    """The share of pixels that differ by more than a third of the edge's height."""
    return float((np.abs(made[where].astype(int) - truth[where]).max(1) > 55).mean())


@given(angle=st.floats(0, math.pi), slant=st.floats(-0.6, 0.6), shift=st.floats(-8, 8))
@settings(max_examples=25, deadline=None)
def test_a_straight_edge_goes_on_at_any_angle(angle: float, slant: float, shift: float) -> None:
    x, y = COLUMNS - SIDE / 2, ROWS - SIDE / 2
    across = angle + math.pi / 2 + slant  # of the stroke, more or less
    truth = picture(-x * math.sin(across) + y * math.cos(across) + shift)
    hole = stroke(angle)
    made = continued(truth, hole)
    assert len(made.pairs) == 1
    filled = hole & ~made.hole
    near = hole & (np.abs(-x * math.sin(across) + y * math.cos(across) + shift) < 4) & ~made.hole
    assert near.sum() > 0.9 * (hole & (np.abs(-x * math.sin(across) + y * math.cos(across) + shift) < 4)).sum()
    assert wrong(made.rgb, truth, filled) < 0.04


@pytest.mark.parametrize("radius", [34, 45, 70])
def test_a_round_edge_is_closed(radius: float) -> None:
    truth = picture(radius - np.hypot(COLUMNS - 64 + radius, ROWS - 64))
    hole = stroke(0.0, width=26, length=60)
    made = continued(truth, hole)
    assert len(made.pairs) == 1
    assert wrong(made.rgb, truth, hole & ~made.hole) < 0.06


def test_both_edges_of_a_bar_go_on_and_what_lies_between() -> None:
    truth = picture(5 - np.abs(ROWS - 60 - 0.3 * (COLUMNS - 64)))
    hole = stroke(math.pi / 2)
    made = continued(truth, hole)
    assert len(made.pairs) == 2
    bar = hole & (np.abs(ROWS - 60 - 0.3 * (COLUMNS - 64)) < 9)
    assert not (bar & made.hole).any()
    assert wrong(made.rgb, truth, bar) < 0.04


def test_an_edge_that_ends_at_another_stays_on_its_side() -> None:
    horizon, trunk = ROWS - 70, COLUMNS - 64 - 0.1 * (ROWS - 64)
    truth = picture(horizon) // 2 + 60
    truth[trunk < 0] = (30, 140, 40)
    hole = stroke(0.9, width=24, length=70)
    made = continued(truth, hole)
    assert [pair.second is None for pair in made.pairs] == [False, True]
    behind = hole & ~made.hole & (trunk < -3)
    assert np.abs(made.rgb[behind].astype(int) - (30, 140, 40)).max() < 40
    beside = hole & ~made.hole & (trunk > 8)
    assert (np.abs(made.rgb[beside].astype(int) - truth[beside]).max(1) > 20).mean() < 0.08


def test_a_thick_hole_is_looked_at_reduced_and_filled_at_full_size() -> None:
    large = np.kron(picture(ROWS - 60 - 0.2 * COLUMNS), np.ones((4, 4, 1), np.uint8))
    y, x = np.mgrid[: 4 * SIDE, : 4 * SIDE]
    truth = np.where((y - 240 - 0.2 * x > 0)[..., None], LIGHT, DARK).astype(np.uint8)
    hole = np.hypot(y - 292, x - 256) < 60
    made = continue_edges(np.where(hole[..., None], 0, truth).astype(np.uint8), hole, seed=0, check=never)
    assert large.shape == truth.shape
    assert len(made.pairs) == 1
    assert wrong(made.rgb, truth, hole & ~made.hole) < 0.02
    assert (hole & ~made.hole).sum() > 0.15 * hole.sum()


def test_where_edges_do_not_fit_together_nothing_is_filled() -> None:
    grain = np.random.default_rng(2).integers(90, 140, (SIDE, SIDE, 3), dtype=np.uint8)
    hole = stroke(0.4)
    made = continued(grain, hole)
    assert made.pairs == ()
    assert np.array_equal(made.hole, hole)


def test_colours_on_either_side_decide_what_belongs_together() -> None:
    truth = picture(ROWS - 64)
    truth[:, 64:] = truth[::-1, 64:]  # what is light on the left is dark on the right
    assert continued(truth, stroke(math.pi / 2)).pairs == ()


def test_two_things_beside_the_hole_are_not_made_one() -> None:
    x = np.minimum(COLUMNS, SIDE - 1 - COLUMNS)  # the same from either side
    below = 84 - np.maximum(x - 28, 0) ** 2 / 50 - ROWS  # rounded like the corner of a bag
    beside = 48 - 0.2 * (84 - ROWS) - x  # along the hole, and away from it
    hole = (np.abs(COLUMNS - 63.5) < 19.5) & (np.abs(ROWS - 64) < 50)
    apart = picture(-np.minimum(np.minimum(below, beside), ROWS - 20))
    assert continued(apart, hole).pairs == ()
    assert len(continued(picture(-below), hole).pairs) == 1, "the edge of one thing goes on"


def test_known_pixels_stay_and_the_same_seed_gives_the_same_bytes() -> None:
    truth, hole = picture(ROWS - 50 - 0.4 * COLUMNS), stroke(2.0)
    given_picture = hidden(truth, hole)
    made = continue_edges(given_picture, hole, seed=5, check=never)
    again = continue_edges(given_picture, hole, seed=5, check=never)
    assert np.array_equal(made.rgb, again.rgb)
    assert np.array_equal(made.rgb[~hole], given_picture[~hole])
    assert not (made.hole & ~hole).any()


def test_what_is_hidden_changes_nothing() -> None:
    truth, hole = picture(ROWS - 50 - 0.4 * COLUMNS), stroke(2.0)
    blank = np.where(hole[..., None], 0, truth).astype(np.uint8)
    made, other = continued(truth, hole), continue_edges(blank, hole, seed=1, check=never)
    filled = hole & ~made.hole
    assert filled.any()
    assert np.array_equal(made.rgb[filled], other.rgb[filled])


def test_nothing_is_copied_from_outside_the_sample_area() -> None:
    truth, hole = picture(ROWS - 64), stroke(math.pi / 2)
    allowed = np.zeros_like(hole)
    allowed[:, :30] = True
    other = truth.copy()
    other[:, 120:] = 255 - other[:, 120:]  # beyond what edges are followed by
    made = continued(truth, hole, source=allowed)
    assert np.array_equal(made.rgb[hole], continued(other, hole, source=allowed).rgb[hole])
    nowhere = continued(truth, hole, source=np.zeros_like(hole))
    assert np.array_equal(nowhere.hole, hole)


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (24, 24)])
def test_tiny_pictures_are_left_alone(shape: tuple[int, int]) -> None:
    rgb, hole = np.full((*shape, 3), 90, np.uint8), np.zeros(shape, bool)
    hole.flat[0] = True
    made = continue_edges(rgb, hole, seed=0, check=never)
    assert np.array_equal(made.hole, hole)


def test_a_picture_without_anything_known_is_left_alone() -> None:
    whole = np.ones((SIDE, SIDE), bool)
    assert continue_edges(picture(ROWS - 64), whole, seed=0, check=never).pairs == ()


def test_it_stops_when_asked_to() -> None:
    def stop() -> None:
        raise Cancelled

    hole = stroke(math.pi / 2)
    with pytest.raises(Cancelled):
        continue_edges(picture(ROWS - 64), hole, seed=0, check=stop)


def test_the_patch_fill_fills_the_rest() -> None:
    truth, hole = picture(ROWS - 50 - 0.4 * COLUMNS), stroke(2.0)
    made = structured_patch_fill(hidden(truth, hole), hole, radius=3, seed=0, check=never)
    assert np.array_equal(made[~hole], truth[~hole])
    assert wrong(made, truth, hole) < 0.05


@given(
    first=st.floats(-3, 3),
    second=st.floats(-3, 3),
    x=st.floats(40, 200),
    y=st.floats(-200, 200),
)
@settings(deadline=None)
def test_a_cubic_begins_and_ends_as_it_should(first: float, second: float, x: float, y: float) -> None:
    start, end = np.array([3.0, 4.0]), np.array([x, y])
    leaving, coming = (np.array([math.cos(angle), math.sin(angle)]) for angle in (first, second))
    curve = hermite(start, leaving, end, coming)
    assert np.allclose(curve[0], start)
    assert np.allclose(curve[-1], end)
    assert abs(turn(curve[1] - curve[0], leaving)) < 0.4
    assert abs(turn(curve[-1] - curve[-2], coming)) < 0.4


@given(curvature=st.floats(-0.1, 0.1), length=st.floats(3, 80))
@settings(deadline=None)
def test_an_arc_is_as_long_as_asked_for_and_turns_as_much(curvature: float, length: float) -> None:
    made = arc(np.zeros(2), np.array([1.0, 0.0]), curvature, length)
    assert lengths(made)[-1] == pytest.approx(math.floor(length + 0.5), abs=1)
    assert turn(made[1] - made[0], made[-1] - made[-2]) == pytest.approx(
        math.remainder(curvature * (len(made) - 2), math.tau), abs=1e-6
    )


@given(slope=st.floats(-4, 4), sigma=st.floats(0.5, 12))
@settings(deadline=None)
def test_smoothing_keeps_straight_lines(slope: float, sigma: float) -> None:
    line = np.stack([np.arange(40.0), slope * np.arange(40.0)], 1)
    assert np.allclose(smoothed(line, sigma), line)
    assert np.allclose(np.linalg.norm(tangents(line), axis=1), 1)
    assert np.allclose(np.diff(lengths(resampled(line))), 1)


def test_curves_that_cross_are_told_from_those_that_do_not() -> None:
    line = np.stack([np.arange(40.0), np.zeros(40)], 1)
    other = np.stack([np.full(40, 20.0), np.arange(40.0) - 20], 1)
    assert cross(line, other)
    assert not cross(line, other + np.array([0, 30]))
    assert not cross(line, line + np.array([0, 1]))
