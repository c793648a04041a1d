"""The document: strokes, results and what they leave alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from app.document.editing.document import Document
from app.document.history.edits import Edit
from app.document.mask.brush import Brush
from app.document.pixels.boxes import EMPTY, Box, bounds
from app.document.pixels.picture import Picture


@dataclass(frozen=True)
class Patch:
    box: Box
    rgb: NDArray[np.uint8]


def _document(width: int = 300, height: int = 280, channels: int = 3) -> Document:
    pixels = np.random.default_rng(1).integers(0, 256, (height, width, channels), dtype=np.uint8)
    return Document(Picture(pixels))


def _stroke(doc: Document, brush: Brush, *points: tuple[float, float]) -> Edit | None:
    doc.begin_stroke(brush, *points[0])
    for point in points[1:]:
        doc.stroke_to(*point)
    return doc.end_stroke()


def _grey(box: Box) -> Patch:
    return Patch(box, np.full((box[3] - box[1], box[2] - box[0], 3), 128, np.uint8))


def test_a_stroke_is_one_edit() -> None:
    doc = _document()
    before = doc.revision
    edit = _stroke(doc, Brush(20), (30, 30), (200, 40), (260, 270))
    assert edit is not None
    assert edit.name == "Brush stroke"
    assert doc.revision != before
    painted = doc.mask.copy()
    boxes = edit.undo(doc)
    assert not doc.mask.any()
    outside = painted.copy()
    for x0, y0, x1, y1 in boxes:
        outside[y0:y1, x0:x1] = 0
    assert not outside.any()
    assert edit.redo(doc) == boxes
    np.testing.assert_array_equal(doc.mask, painted)


def test_overlapping_dabs_do_not_add_up() -> None:
    doc = _document()
    _stroke(doc, Brush(40, 0.2), (100, 100))
    once = doc.mask.copy()
    assert _stroke(doc, Brush(40, 0.2), (100, 100)) is None
    np.testing.assert_array_equal(doc.mask, once)


def test_the_eraser_takes_away() -> None:
    doc = _document()
    _stroke(doc, Brush(60), (100, 100), (200, 100))
    edit = _stroke(doc, Brush(60, erase=True), (100, 100), (200, 100))
    assert edit is not None
    assert edit.name == "Eraser stroke"
    assert doc.mask.max() <= 128  # what is left of a soft edge


def test_a_stroke_outside_changes_nothing() -> None:
    doc = _document()
    revision = doc.revision
    assert doc.begin_stroke(Brush(50), -400, -400) == EMPTY
    assert doc.stroke_to(1e9, -400) == EMPTY
    assert doc.end_stroke() is None
    assert doc.revision == revision


def test_a_cancelled_stroke_leaves_nothing() -> None:
    doc = _document()
    _stroke(doc, Brush(30, 0.5), (50, 50), (250, 250))
    before, revision = doc.mask.copy(), doc.revision
    doc.begin_stroke(Brush(80), 60, 60)
    doc.stroke_to(280, 100)
    left, _, right, _ = doc.cancel_stroke()
    assert left <= 20
    assert right == 300
    np.testing.assert_array_equal(doc.mask, before)
    assert doc.revision == revision
    assert doc.cancel_stroke() == EMPTY


@pytest.mark.parametrize("finish", [Document.end_stroke, Document.cancel_stroke])
def test_a_document_knows_whether_it_is_painted_on(finish: Callable[[Document], object]) -> None:
    doc = _document()
    states = [doc.stroking]
    doc.begin_stroke(Brush(5), 10, 10)
    states.append(doc.stroking)
    finish(doc)
    states.append(doc.stroking)
    assert states == [False, True, False]


def test_a_stroke_is_begun_once_and_ended_once() -> None:
    doc = _document()
    with pytest.raises(RuntimeError):
        doc.stroke_to(1, 1)
    with pytest.raises(RuntimeError):
        doc.end_stroke()
    edit = doc.clear_mask() or doc.invert_mask()
    assert edit is not None
    doc.begin_stroke(Brush(5), 10, 10)
    mask = doc.mask.copy()
    with pytest.raises(RuntimeError):
        doc.begin_stroke(Brush(5), 10, 10)
    with pytest.raises(RuntimeError):
        edit.undo(doc)
    with pytest.raises(RuntimeError):
        doc.clear_mask()
    np.testing.assert_array_equal(doc.mask, mask)


@pytest.mark.parametrize("size", [1.0, 1.2, 1.5, 3.0])
@pytest.mark.parametrize("at", [(10.0, 10.0), (10.5, 10.5), (10.0, 10.5), (10.9, 10.1)])
def test_one_click_of_the_smallest_brush_masks_something(size: float, at: tuple[float, float]) -> None:
    doc = _document()
    _stroke(doc, Brush(size), at)
    assert doc.masked


def test_one_pixel_pictures() -> None:
    doc = _document(1, 1)
    assert doc.begin_stroke(Brush(1), 0.5, 0.5) == (0, 0, 1, 1)
    stroke = doc.end_stroke()
    assert stroke is not None
    assert bounds(doc.mask, 127) == (0, 0, 1, 1)
    result = doc.apply_result([_grey((0, 0, 1, 1))], doc.mask.copy())
    assert result is not None
    assert bounds(doc.mask, 127) == EMPTY
    assert doc.pixels.tolist() == [[[128, 128, 128]]]
    result.undo(doc)
    assert bounds(doc.mask, 127) == (0, 0, 1, 1)
    stroke.undo(doc)
    assert bounds(doc.mask, 127) == EMPTY


def test_the_mask_box_counts_from_the_middle_of_the_range() -> None:
    doc = _document()
    doc.mask[10:20, 30:50] = 127
    assert bounds(doc.mask, 127) == EMPTY
    doc.mask[12, 31] = doc.mask[17, 44] = 128
    assert bounds(doc.mask, 127) == (31, 12, 45, 18)


def test_clearing_an_empty_mask_is_no_edit() -> None:
    doc = _document()
    assert doc.clear_mask() is None
    edit = doc.invert_mask()
    assert edit is not None
    assert (doc.mask == 255).all()
    cleared = doc.clear_mask()
    assert cleared is not None
    assert not doc.mask.any()


def test_a_result_keeps_later_strokes_and_alpha() -> None:
    doc = _document(channels=4)
    original = doc.pixels.copy()
    _stroke(doc, Brush(20), (60, 60))
    used = doc.mask.copy()
    _stroke(doc, Brush(20), (200, 200))
    later = doc.mask.copy()
    later[used > 0] = 0
    edit = doc.apply_result([_grey((40, 40, 80, 80))], used)
    assert edit is not None
    np.testing.assert_array_equal(doc.mask, later)
    np.testing.assert_array_equal(doc.pixels[..., 3], original[..., 3])
    assert (doc.pixels[40:80, 40:80, :3] == 128).all()
    edit.undo(doc)
    np.testing.assert_array_equal(doc.pixels, original)
    np.testing.assert_array_equal(doc.mask, np.maximum(later, used))


def test_overlapping_patches_are_undone_together() -> None:
    doc = _document()
    original = doc.pixels.copy()
    patches = [Patch((10, 10, 60, 60), np.zeros((50, 50, 3), np.uint8)), _grey((40, 40, 270, 270))]
    edit = doc.apply_result(patches, doc.mask.copy())
    assert edit is not None
    assert (doc.pixels[45, 45] == 128).all()
    edit.undo(doc)
    np.testing.assert_array_equal(doc.pixels, original)


@pytest.mark.parametrize(
    "patch",
    [
        _grey((-1, 0, 5, 5)),
        _grey((290, 270, 301, 280)),
        Patch((0, 0, 5, 5), np.zeros((5, 6, 3), np.uint8)),
        Patch((0, 0, 5, 5), np.zeros((5, 5, 4), np.uint8)),
        Patch((5, 5, 5, 9), np.zeros((4, 0, 3), np.uint8)),
    ],
    ids=["left of it", "below it", "wrong width", "alpha", "empty"],
)
def test_a_result_that_does_not_fit_changes_nothing(patch: Patch) -> None:
    doc = _document()
    doc.invert_mask()
    pixels, mask = doc.pixels.copy(), doc.mask.copy()
    with pytest.raises(ValueError, match="patch"):
        doc.apply_result([_grey((0, 0, 9, 9)), patch], doc.mask.copy())
    with pytest.raises(ValueError, match="mask"):
        doc.apply_result([_grey((0, 0, 9, 9))], np.ones((300, 280), np.uint8))
    np.testing.assert_array_equal(doc.pixels, pixels)
    np.testing.assert_array_equal(doc.mask, mask)


def test_an_edit_costs_what_it_changed() -> None:
    doc = _document(3000, 2000)
    edit = _stroke(doc, Brush(20), (100, 100), (150, 150))
    assert edit is not None
    assert edit.nbytes < 5_000
    result = doc.apply_result([_grey((1000, 1000, 1040, 1040))], doc.mask.copy())
    assert result is not None
    assert result.nbytes < 10_000


def test_a_read_only_picture_is_copied() -> None:
    pixels = np.zeros((4, 4, 3), np.uint8)
    pixels.setflags(write=False)
    doc = Document(Picture(pixels))
    doc.apply_result([_grey((0, 0, 2, 2))], doc.mask.copy())
    assert not pixels.any()
    assert doc.pixels is doc.picture.pixels


@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 1), (0, 4, 3), (4, 4, 2)])
def test_a_picture_has_three_or_four_channels(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="uint8"):
        Picture(np.zeros(shape, np.uint8))


def test_a_picture_knows_its_size_and_copies_itself() -> None:
    picture = Picture(np.zeros((4, 6, 4), np.uint8))
    assert (picture.width, picture.height, picture.size) == (6, 4, (6, 4))
    assert picture.has_alpha
    picture.rgb[...] = 9
    copy = picture.copy()
    assert picture.pixels[..., :3].min() == 9
    picture.pixels[...] = 0
    assert copy.pixels.max() == 9


def test_the_edit_of_a_result_is_worked_out_beside_the_document() -> None:
    doc = _document()
    doc.fill_box((40, 40, 80, 80))
    pixels, mask, revision = doc.pixels.copy(), doc.mask.copy(), doc.revision
    patches = [_grey((30, 30, 90, 90)), _grey((80, 80, 120, 120))]
    edit = doc.result_edit(patches, mask, (40, 40, 80, 80))
    assert edit is not None
    assert np.array_equal(doc.pixels, pixels)
    assert np.array_equal(doc.mask, mask)
    assert doc.revision == revision
    edit.redo(doc)
    after = doc.pixels.copy()
    assert not doc.masked
    edit.undo(doc)
    assert np.array_equal(doc.pixels, pixels)
    assert np.array_equal(doc.mask, mask)
    doc.apply_result(patches, mask)
    assert np.array_equal(doc.pixels, after)
