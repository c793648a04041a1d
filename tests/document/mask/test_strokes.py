"""Strokes of a pen: pressure, spacing and smoothing."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.document.editing.document import Document
from app.document.mask.brush import Brush, blend, rasterise
from app.document.pixels.boxes import EMPTY, Point
from app.document.pixels.picture import Picture

_WIDTH, _HEIGHT = 150, 110
_points = st.tuples(st.floats(-40, _WIDTH + 40), st.floats(-40, _HEIGHT + 40))
_pressures = st.floats(0, 1)


def _document() -> Document:
    return Document(Picture(np.zeros((_HEIGHT, _WIDTH, 3), np.uint8)))


def _stroke(brush: Brush, *hand: tuple[float, float, float]) -> NDArray[np.uint8]:
    doc = _document()
    doc.begin_stroke(brush, *hand[0])
    for at in hand[1:]:
        doc.stroke_to(*at)
    doc.end_stroke()
    return doc.mask


def _dabs(*dabs: tuple[Brush, Point]) -> NDArray[np.uint8]:
    mask = np.zeros((_HEIGHT, _WIDTH), np.uint8)
    for brush, at in dabs:
        for (x0, y0, x1, y1), coverage in rasterise(brush, at, at, (_WIDTH, _HEIGHT)):
            blend(mask[y0:y1, x0:x1], coverage, erase=False)
    return mask


@pytest.mark.parametrize("wrong", [{"spacing": -0.1}, {"spacing": 4.1}, {"smoothing": -0.1}, {"smoothing": 1.1}])
def test_a_brush_has_options_in_range(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="is not within"):
        Brush(10, **wrong)  # type: ignore[arg-type]


# -- pressure ----------------------------------------------------------------------------


@given(
    size=st.floats(2, 60),
    hardness=st.floats(0, 1),
    which=st.sampled_from([(True, False), (False, True), (True, True)]),
    start=_points,
    end=_points,
    first=_pressures,
    last=_pressures,
)
@settings(max_examples=80, deadline=None)
def test_a_line_of_changing_pressure_covers_what_its_dabs_cover(
    size: float, hardness: float, which: tuple[bool, bool], start: Point, end: Point, first: float, last: float
) -> None:
    brush = Brush(size, hardness, pressure_size=which[0], pressure_hardness=which[1])
    line = _stroke(brush, (*start, first), (*end, last)).astype(int)
    shares = np.linspace(0, 1, 400)
    one, other = brush.pressed(first), brush.pressed(last)
    # What changes steadily is where the edge begins and ends; that is the size, and for a hard edge both.
    dabs = _dabs(
        *(
            (
                Brush(one.size + (other.size - one.size) * t, _hardness(one, other, t)),
                (start[0] + t * (end[0] - start[0]), start[1] + t * (end[1] - start[1])),
            )
            for t in shares
        )
    )
    assert (line - dabs).min() >= -2
    steepest = 1.5 * 255 / min(one.reach - one.core, other.reach - other.core)  # levels a pixel
    assert (line - dabs).max() <= 3 + steepest * 0.5 * math.dist(start, end) / 399


def _hardness(one: Brush, other: Brush, share: float) -> float:
    core = one.core + (other.core - one.core) * share
    size = one.size + (other.size - one.size) * share
    return min(max(2 * core / size, 0.0), 1.0)


def test_pressure_does_nothing_to_a_brush_that_does_not_follow_it() -> None:
    hand = [(20.0, 20.0), (100.0, 30.0), (60.0, 90.0)]
    plain = _stroke(Brush(25, 0.5), *((*at, 1.0) for at in hand))
    np.testing.assert_array_equal(_stroke(Brush(25, 0.5), *((*at, 0.3) for at in hand)), plain)


@pytest.mark.parametrize("pressure", [0.25, 1.0])
def test_a_pressure_that_stays_is_a_brush_of_that_size(pressure: float) -> None:
    brush = Brush(40, 0.8, pressure_size=True, pressure_hardness=True)
    hand = [(20.0, 20.0), (100.0, 30.0), (60.0, 90.0)]
    plain = _stroke(Brush(40 * pressure, 0.8 * pressure), *((*at, 1.0) for at in hand))
    np.testing.assert_array_equal(_stroke(brush, *((*at, pressure) for at in hand)), plain)


def test_no_pressure_paints_a_thin_line_and_too_much_the_full_one() -> None:
    brush = Brush(40, pressure_size=True)
    assert _stroke(brush, (20.5, 50.5, -1.0), (100.5, 50.5, 0.0))[50, 20:101].min() == 255
    np.testing.assert_array_equal(_stroke(brush, (50, 50, 7.0)), _stroke(brush, (50, 50, 1.0)))


@given(st.lists(st.tuples(_points, _pressures), min_size=2, max_size=6))
@settings(max_examples=40, deadline=None)
def test_the_width_of_a_stroke_has_no_jumps(hand: list[tuple[Point, float]]) -> None:
    brush = Brush(50, pressure_size=True)
    mask = _stroke(brush, *((*at, pressure) for at, pressure in hand))
    for at, pressure in hand:  # at every corner there is the dab of its pressure
        assert (mask.astype(int) - _dabs((brush.pressed(pressure), at))).min() >= -2


# -- spacing -----------------------------------------------------------------------------


def test_dabs_are_spaced_along_the_path_however_often_the_hand_tells() -> None:
    brush = Brush(10, spacing=1.5)
    expected = _dabs(*((Brush(10), (20.0 + 15 * i, 50.0)) for i in range(6)))
    for positions in ([100.0], [33.0, 34.0, 51.0, 100.0], list(np.arange(20.25, 100.25, 0.25))):
        hand = [(20.0, 50.0, 1.0), *((float(x), 50.0, 1.0) for x in positions)]
        assert np.abs(_stroke(brush, *hand).astype(int) - expected).max() <= 1


def test_dabs_far_outside_are_not_painted_one_by_one() -> None:
    doc = _document()
    brush = Brush(10, spacing=0.1)
    doc.begin_stroke(brush, -1e7, 50)
    assert doc.stroke_to(1e7, 50) != EMPTY
    assert doc.stroke_to(1e7, 1e7) == EMPTY
    doc.end_stroke()
    assert (doc.mask[48:52] == 255).all()


@given(size=st.floats(1, 40), spacing=st.floats(0.01, 4), start=_points, end=_points, pressure=_pressures)
@settings(max_examples=40, deadline=None)
def test_dabs_cover_no_more_than_the_line(
    size: float, spacing: float, start: Point, end: Point, pressure: float
) -> None:
    line = _stroke(Brush(size, pressure_size=True), (*start, 1.0), (*end, pressure)).astype(int)
    dabs = _stroke(Brush(size, spacing=spacing, pressure_size=True), (*start, 1.0), (*end, pressure))
    assert (line - dabs).min() >= -2


# -- smoothing ---------------------------------------------------------------------------


def test_a_smooth_stroke_hangs_behind_and_catches_up() -> None:
    doc = _document()
    doc.begin_stroke(Brush(10, smoothing=1.0), 20, 50)
    assert doc.stroke_to(40, 50) == EMPTY  # the string is not taut
    assert doc.stroke_to(110, 50) != EMPTY
    assert not doc.mask[50, 90:].any()
    assert doc.mask[50, 75] == 255
    edit = doc.end_stroke()
    assert edit is not None
    assert doc.mask[50, 110] == 255
    x1 = max(part.box[2] for part in edit.parts)
    assert x1 >= 115
    edit.undo(doc)
    assert not doc.mask.any()


def test_smoothing_takes_the_trembling_out() -> None:
    rng = np.random.default_rng(2)
    hand = [(float(x), 55 + float(rng.normal(0, 2)), 1.0) for x in range(10, 140)]

    def roughness(smoothing: float) -> float:
        mask = _stroke(Brush(12, smoothing=smoothing), *hand)[:, 30:100]
        centre = (mask * np.arange(_HEIGHT)[:, None]).sum(axis=0) / mask.sum(axis=0)
        return float(centre.std())

    assert roughness(1.0) < roughness(0.4) < roughness(0.0)


def test_smoothing_carries_pressure_along() -> None:
    brush = Brush(40, smoothing=0.5, pressure_size=True)
    mask = _stroke(brush, (20, 55, 0.1), (130, 55, 1.0))
    widths = (mask > 127).sum(axis=0)[20:131]
    assert (np.diff(widths) >= 0).all()
    assert np.diff(widths).max() <= 2
    assert widths[-1] >= 39


def test_smoothing_of_one_point_is_a_dab() -> None:
    np.testing.assert_array_equal(_stroke(Brush(30, smoothing=1), (50, 50, 1.0)), _stroke(Brush(30), (50, 50, 1.0)))


def test_what_is_no_number_changes_nothing() -> None:
    doc = _document()
    with pytest.raises(ValueError, match="pressure"):
        doc.begin_stroke(Brush(10), 5, 5, math.nan)
    assert not doc.stroking
    doc.begin_stroke(Brush(10, smoothing=0.5), 5, 5)
    before = doc.mask.copy()
    for wrong in ((math.nan, 5.0, 1.0), (90.0, 90.0, math.inf)):
        with pytest.raises(ValueError, match="is not a"):
            doc.stroke_to(*wrong)
    np.testing.assert_array_equal(doc.mask, before)
    doc.end_stroke()
    np.testing.assert_array_equal(doc.mask, before)
