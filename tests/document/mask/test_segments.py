from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.document.mask import Segment, segment_of, stroke_segment
from app.document.pixels import crop

SIZE = (60, 40)
boxes = st.tuples(st.integers(0, 50), st.integers(0, 30), st.integers(1, 10), st.integers(1, 10))


def block(x: int, y: int, w: int, h: int, level: int = 255) -> Segment:
    return Segment((x, y, x + w, y + h), np.full((h, w), level, np.uint8))


def whole(segment: Segment | None) -> NDArray[np.uint8]:
    mask = np.zeros(SIZE[::-1], np.uint8)
    if segment is not None:
        crop(mask, segment.box)[...] = segment.coverage
    return mask


@given(boxes, boxes)
def test_joining_and_taking_away_are_those_of_masks(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> None:
    one, other = block(*a), block(*b)
    assert np.array_equal(whole(one.joined(other)), np.maximum(whole(one), whole(other)))
    assert np.array_equal(whole(one.without(other)), np.minimum(whole(one), 255 - whole(other)))


def test_nothing_is_no_segment() -> None:
    assert segment_of(np.full((4, 4), 127, np.uint8), (0, 0, 4, 4)) is None
    assert block(3, 3, 5, 5).without(block(0, 0, 20, 20)) is None
    assert stroke_segment([(-50.0, -50.0)], 8, SIZE) is None


def test_a_segment_is_cut_to_what_is_covered() -> None:
    mask = np.zeros((10, 20), np.uint8)
    mask[3:5, 7:9] = 200
    found = segment_of(mask, (100, 50, 120, 60))
    assert found is not None
    assert found.box == (107, 53, 109, 55)
    assert found.holds((107.5, 54.5))
    assert not found.holds((105.5, 54.5))
    assert found.holds((105.5, 54.5), margin=2)


def test_outlines_run_around_the_outer_edge_and_around_holes() -> None:
    coverage = np.full((12, 20), 255, np.uint8)
    coverage[4:8, 6:14] = 0
    outer, inner = sorted(Segment((30, 10, 50, 22), coverage).outlines(), key=np.ptp, reverse=True)
    assert np.abs(outer.min(axis=0) - (30.5, 10.5)).max() <= 1
    assert np.abs(outer.max(axis=0) - (49.5, 21.5)).max() <= 1
    assert inner[:, 0].min() > 34


def test_strokes_cover_what_a_brush_does() -> None:
    found = stroke_segment([(10, 20), (40, 20)], [4.0, 8.0], SIZE)
    assert found is not None
    mask = whole(found) > 127
    assert mask[:, 12].sum() == 4
    assert 7 <= mask[:, 38].sum() <= 8
