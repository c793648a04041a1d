from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.document.editing import Document
from app.document.mask import FARTHEST
from app.document.pixels import Picture


def document() -> Document:
    document = Document(Picture(np.zeros((80, 100, 3), np.uint8)))
    document.fill_box((40, 30, 52, 42))
    return document


@given(st.floats(-120, 120), st.floats(-120, 120))
def test_it_covers_the_mask_the_moved_mask_and_all_between(dx: float, dy: float) -> None:
    sheet = document()
    sheet.grow_mask_towards(dx, dy)
    for share in (0.0, 0.31, 0.5, 0.77, 1.0):
        x, y = 46 + dx * share, 36 + dy * share
        if 0 <= x < 100 and 0 <= y < 80:
            assert sheet.mask[int(y), int(x)] == 255
    rows, columns = np.nonzero(sheet.mask)
    assert columns.min() >= min(40, 40 + round(dx)) and columns.max() <= max(51, 51 + round(dx))
    assert rows.min() >= min(30, 30 + round(dy)) and rows.max() <= max(41, 41 + round(dy))
    # Nothing aside of the arrow but by the mask's own size and the rounding of each doubling.
    length = np.hypot(dx, dy)
    if length > 1:
        aside = ((columns + 0.5 - 46) * dy - (rows + 0.5 - 36) * dx) / length
        assert np.abs(aside).max() <= np.hypot(6, 6) + 4


def test_it_is_one_step_that_can_be_undone() -> None:
    sheet = document()
    before = sheet.mask.copy()
    edit = sheet.grow_mask_towards(20, 0)
    assert edit is not None
    assert edit.name == "Grow mask towards"
    assert sheet.mask[36, 30] == 0, "not to the other side"
    edit.undo(sheet)
    assert np.array_equal(sheet.mask, before)


def test_soft_levels_stay_soft() -> None:
    sheet = document()
    mask = np.zeros((80, 100), np.uint8)
    mask[30:40, 40:50] = 120
    sheet.set_mask(mask)
    sheet.grow_mask_towards(0, 25)
    assert sheet.mask[60, 45] == 120


def test_what_makes_no_sense_changes_nothing() -> None:
    sheet = document()
    assert sheet.grow_mask_towards(0, 0) is None
    sheet.clear_mask()
    assert sheet.grow_mask_towards(10, 0) is None
    for wrong in (FARTHEST + 1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="arrow"):
            sheet.grow_mask_towards(wrong, 0)
