"""The sample area: marks of where a fill may copy from, undone and kept as everything else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.document.editing import Document, Mark
from app.document.history import Edit
from app.document.mask import Brush
from app.document.pixels import Picture

SIZE = 300, 400


def document() -> Document:
    return Document(Picture(np.zeros((*SIZE, 3), np.uint8)))


def stroke(doc: Document, mark: Mark | None, *points: tuple[float, float], erase: bool = False) -> Edit | None:
    doc.begin_stroke(Brush(20.0, erase=erase), *points[0], 1.0, mark)
    for point in points[1:]:
        doc.stroke_to(*point)
    return doc.end_stroke()


def test_strokes_mark_and_take_away() -> None:
    doc = document()
    assert not doc.has_samples
    assert doc.sample_source() is None
    edit = stroke(doc, Mark.FROM, (100, 100), (200, 100))
    assert edit is not None
    assert (edit.name, edit.changes_mask, edit.changes_pixels) == ("Sample area", False, False)
    assert not doc.mask.any()
    source = doc.sample_source()
    assert source is not None
    assert (source[100, 100:200] == 255).all()
    assert not source[150].any()
    never = stroke(doc, Mark.NEVER, (150, 80), (150, 120))
    assert never is not None
    assert never.name == "Area never copied"
    source = doc.sample_source()
    assert source is not None
    assert not source[100, 142:158].any(), "never wins where it was painted over"
    assert source[100, 110]
    stroke(doc, Mark.FROM, (100, 100), (200, 100), erase=True)
    stroke(doc, Mark.NEVER, (150, 80), (150, 120), erase=True)
    assert doc.sample_source() is None


def test_with_never_alone_all_else_may_be_copied() -> None:
    doc = document()
    stroke(doc, Mark.NEVER, (50, 50))
    source = doc.sample_source()
    assert source is not None
    assert not source[50, 50]
    assert source[200, 300] == 255


@pytest.mark.parametrize("mark", [Mark.FROM, Mark.NEVER])
def test_a_mask_becomes_a_mark(mark: Mark) -> None:
    doc = document()
    assert doc.mark_masked(mark) is None
    doc.fill_box((250, 200, 270, 280))
    edit = doc.mark_masked(mark)
    assert edit is not None
    assert not doc.mask.any()
    assert (doc.samples[200:280, 250:270] == mark).all()
    assert np.count_nonzero(doc.samples) == 20 * 80
    edit.undo(doc)
    assert doc.mask[220, 260] == 255
    assert not doc.samples.any()
    edit.redo(doc)
    cleared = doc.clear_samples()
    assert cleared is not None
    assert not doc.samples.any()
    assert doc.clear_samples() is None
    cleared.undo(doc)
    assert (doc.samples[200:280, 250:270] == mark).all()


STROKE = st.tuples(
    st.sampled_from([None, Mark.FROM, Mark.NEVER]),
    st.tuples(st.floats(-20, 420), st.floats(-20, 320)),
    st.tuples(st.floats(-20, 420), st.floats(-20, 320)),
    st.booleans(),
)


@settings(max_examples=40, deadline=None)
@given(strokes=st.lists(STROKE, min_size=1, max_size=6))
def test_undo_and_redo_bring_everything_back(
    strokes: list[tuple[Mark | None, tuple[float, float], tuple[float, float], bool]],
) -> None:
    doc = document()
    states, edits = [(doc.mask.copy(), doc.samples.copy())], []
    for mark, start, end, erase in strokes:
        edit = stroke(doc, mark, start, end, erase=erase)
        if edit is not None:
            edits.append(edit)
            states.append((doc.mask.copy(), doc.samples.copy()))
    for number in reversed(range(len(edits))):
        edits[number].undo(doc)
        assert np.array_equal(doc.mask, states[number][0])
        assert np.array_equal(doc.samples, states[number][1])
    for number, edit in enumerate(edits, 1):
        edit.redo(doc)
        assert np.array_equal(doc.mask, states[number][0])
        assert np.array_equal(doc.samples, states[number][1])
