"""Boxes: what they hold, together and in common."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.document.pixels.boxes import EMPTY, Box, intersect, is_empty, tiles, union

_side = st.integers(-20, 20)
_boxes = st.tuples(_side, _side, _side, _side)


def _pixels(box: Box) -> set[tuple[int, int]]:
    return {(x, y) for x in range(box[0], box[2]) for y in range(box[1], box[3])}


@given(_boxes, _boxes)
def test_the_intersection_holds_what_both_hold(a: Box, b: Box) -> None:
    assert _pixels(intersect(a, b)) == _pixels(a) & _pixels(b)


@given(_boxes, _boxes)
def test_the_union_is_the_smallest_box_around_both(a: Box, b: Box) -> None:
    box = union(a, b)
    both = _pixels(a) | _pixels(b)
    assert both <= _pixels(box)
    if both:
        columns, rows = {x for x, _ in both}, {y for _, y in both}
        assert box == (min(columns), min(rows), max(columns) + 1, max(rows) + 1)
    else:
        assert box == EMPTY
        assert is_empty(box)


@given(_boxes, st.integers(1, 9))
def test_tiles_cover_exactly_the_box(box: Box, side: int) -> None:
    touched = list(tiles(box, side))
    assert len(touched) == len(set(touched))
    assert set(touched) == {(x // side, y // side) for x, y in _pixels(box)}
