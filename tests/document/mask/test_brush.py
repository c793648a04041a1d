"""The brush: the shape of a dab, and strokes without gaps."""

from __future__ import annotations

import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.document.mask.brush import Brush, blend, default_brush_size, largest_brush_size, rasterise
from app.document.pixels.boxes import Point

_sizes = st.floats(1, 60)
_hardness = st.floats(0, 1)
_coordinates = st.floats(-40, 140)


def _paint(brush: Brush, start: Point, end: Point, width: int, height: int) -> NDArray[np.uint8]:
    mask = np.zeros((height, width), np.uint8)
    for (x0, y0, x1, y1), coverage in rasterise(brush, start, end, (width, height)):
        assert 0 <= x0 < x1 <= width
        assert 0 <= y0 < y1 <= height
        assert coverage.shape == (y1 - y0, x1 - x0)
        blend(mask[y0:y1, x0:x1], coverage, erase=False)
    return mask


@pytest.mark.parametrize(
    ("h", "w", "size"), [(512, 512, 40), (512, 4000, 40), (4000, 3000, 234), (1, 1, 1), (20_000, 20_000, 1562)]
)
def test_the_first_brush_follows_the_short_side(h: int, w: int, size: float) -> None:
    assert default_brush_size(h, w) == size


@pytest.mark.parametrize(("h", "w", "size"), [(100, 100, 600), (8000, 12_000, 4000), (40_000, 40_000, 8000)])
def test_the_largest_brush_is_a_share_of_the_picture(h: int, w: int, size: float) -> None:
    assert largest_brush_size(h, w) == size


@pytest.mark.parametrize("size", [0.99, 0.0, -1.0, 8000.5, math.nan])
def test_a_brush_has_a_size_in_range(size: float) -> None:
    with pytest.raises(ValueError, match="size"):
        Brush(size)


@pytest.mark.parametrize("hardness", [-0.1, 1.1, math.nan])
def test_a_brush_has_a_hardness_in_range(hardness: float) -> None:
    with pytest.raises(ValueError, match="hardness"):
        Brush(10, hardness)


@given(size=_sizes, hardness=_hardness, middle=st.sampled_from([50.0, 50.5]))
def test_a_dab_is_symmetrical(size: float, hardness: float, middle: float) -> None:
    side = int(2 * middle)
    dab = _paint(Brush(size, hardness), (middle, middle), (middle, middle), side, side)
    for turned in (dab[::-1], dab[:, ::-1], dab.T):
        np.testing.assert_array_equal(dab, turned)
    assert dab[side // 2, side // 2] > 0


@given(size=st.floats(4, 60), x=st.floats(45, 55), y=st.floats(45, 55))
def test_a_hard_dab_covers_the_area_of_its_circle(size: float, x: float, y: float) -> None:
    area = _paint(Brush(size), (x, y), (x, y), 100, 100).sum() / 255
    assert area == pytest.approx(math.pi * (size / 2) ** 2, abs=0.06 * math.pi * size)


@given(size=st.floats(4, 60), x=st.floats(45, 55), y=st.floats(45, 55))
def test_a_hard_dab_is_full_inside_and_soft_for_one_pixel(size: float, x: float, y: float) -> None:
    dab = _paint(Brush(size), (x, y), (x, y), 100, 100)
    centres = np.arange(100) + 0.5
    distance = np.hypot(centres[None, :] - x, centres[:, None] - y)
    assert (dab[distance < size / 2 - 0.51] == 255).all()
    assert (dab[distance > size / 2 + 0.51] == 0).all()


@given(size=st.floats(4, 60), soft=_hardness, hard=_hardness)
def test_a_harder_brush_covers_at_least_as_much(size: float, soft: float, hard: float) -> None:
    soft, hard = sorted((soft, hard))
    dabs = [_paint(Brush(size, h), (50, 50), (50, 50), 100, 100).astype(int) for h in (soft, hard)]
    assert (dabs[1] - dabs[0]).min() >= -1  # rounding


def test_coverage_falls_steadily_from_the_centre() -> None:
    dab = _paint(Brush(80, 0.0), (50.5, 50.5), (50.5, 50.5), 101, 101)
    ray = dab[50, 50:].astype(int)
    assert ray[0] == 255
    assert (np.diff(ray) <= 0).all()
    assert np.abs(np.diff(ray)).max() < 16


@given(_sizes, _hardness, *[_coordinates] * 4)
def test_a_line_covers_what_dabs_along_it_cover(
    size: float, hardness: float, ax: float, ay: float, bx: float, by: float
) -> None:
    brush = Brush(size, hardness)
    line = _paint(brush, (ax, ay), (bx, by), 100, 80).astype(int)
    dabs = np.zeros((80, 100), np.uint8)
    for t in np.linspace(0, 1, 40):
        at = (ax + t * (bx - ax), ay + t * (by - ay))
        np.maximum(dabs, _paint(brush, at, at, 100, 80), out=dabs)
    assert (line - dabs).min() >= -1


@pytest.mark.parametrize("size", [1, 2, 7.5, 60])
@pytest.mark.parametrize("to", [(1999.0, 1499.0), (1999.0, 3.0), (3.0, 1499.0)])
def test_a_fast_stroke_has_no_gaps(size: float, to: Point) -> None:
    mask = _paint(Brush(size), (3.0, 3.0), to, 2000, 1500)
    for t in np.linspace(0, 1, 5000):
        x, y = 3 + t * (to[0] - 3), 3 + t * (to[1] - 3)
        around = mask[max(int(y - 0.5), 0) : int(y + 0.5) + 1, max(int(x - 0.5), 0) : int(x + 0.5) + 1]
        assert around.max() > 127


@given(_sizes, *[st.floats(-1e300, 1e300)] * 4)
def test_strokes_far_outside_stay_cheap_and_inside(size: float, ax: float, ay: float, bx: float, by: float) -> None:
    assert len(list(rasterise(Brush(size), (ax, ay), (bx, by), (300, 200)))) < 100


def test_a_stroke_that_passes_by_paints_nothing() -> None:
    assert list(rasterise(Brush(10), (-900, -6), (900, -6), (100, 100))) == []
    assert list(rasterise(Brush(10), (150, -150), (250, 900), (100, 100))) == []


def test_a_stroke_through_from_far_away_is_where_it_should_be() -> None:
    mask = _paint(Brush(5), (-1e6, 50.5), (1e6, 50.5), 400, 100)
    assert (mask[48:53] == 255).all()
    assert not mask[:48].any()
    assert not mask[53:].any()


@pytest.mark.parametrize("at", [(math.nan, 0.0), (0.0, math.inf)])
def test_a_position_is_finite(at: Point) -> None:
    with pytest.raises(ValueError, match="position"):
        list(rasterise(Brush(5), at, (1, 1), (10, 10)))


def test_cost_follows_the_dab_and_not_the_picture() -> None:
    tracemalloc.start()
    boxes = [box for box, _ in rasterise(Brush(20), (9000, 9000), (9100, 9050), (20_000, 20_000))]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sum((x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in boxes) < 12_000
    assert peak < 1_000_000


@given(st.data())
@settings(max_examples=25)
def test_blending_twice_is_blending_once(data: st.DataObject) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    mask, coverage = rng.integers(0, 256, (2, 9, 7), dtype=np.uint8)
    for erase in (False, True):
        once = mask.copy()
        blend(once, coverage, erase)
        twice = once.copy()
        blend(twice, coverage, erase)
        np.testing.assert_array_equal(once, twice)
        expected = np.minimum(mask, 255 - coverage) if erase else np.maximum(mask, coverage)
        np.testing.assert_array_equal(once, expected)
