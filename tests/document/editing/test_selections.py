"""Changes to the whole mask, each against a plain and slow way to the same."""

from __future__ import annotations

import math
import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.document.editing.document import Document
from app.document.history.edits import Edit
from app.document.mask import morphology
from app.document.mask.brush import Brush
from app.document.mask.similar_colours import similar_coverage
from app.document.pixels.boxes import Box, Point, crop, intersect
from app.document.pixels.picture import Picture

Mask = NDArray[np.uint8]
_seeds = st.integers(0, 2**32 - 1)
_WIDTH, _HEIGHT = 61, 43


def _document(width: int = _WIDTH, height: int = _HEIGHT, mask: Mask | None = None, channels: int = 3) -> Document:
    doc = Document(Picture(np.random.default_rng(3).integers(0, 256, (height, width, channels), dtype=np.uint8)))
    if mask is not None:
        doc.set_mask(mask)
    return doc


def _blobs(seed: int, width: int = _WIDTH, height: int = _HEIGHT) -> Mask:
    """A few soft and hard spots."""
    rng = np.random.default_rng(seed)
    mask = np.zeros((height, width), np.uint8)
    for _ in range(rng.integers(0, 4)):
        y, x, h, w = rng.integers(0, [height, width, 12, 12])
        mask[y : y + h + 1, x : x + w + 1] = rng.choice([255, 255, 128, 127, 60])
    return mask


def _laid(mask: Mask, coverage: Mask, subtract: bool) -> Mask:
    return np.minimum(mask, 255 - coverage) if subtract else np.maximum(mask, coverage)


def _check(doc: Document, edit: Edit | None, before: Mask, expected: Mask, apart: int = 0) -> None:
    """The mask is as expected, and the edit takes it back and makes it again."""
    after = doc.mask.copy()
    assert np.abs(after.astype(int) - expected).max() <= apart
    assert (edit is None) == np.array_equal(before, after)
    if edit is not None:
        edit.undo(doc)
        np.testing.assert_array_equal(doc.mask, before)
        edit.redo(doc)
        np.testing.assert_array_equal(doc.mask, after)


# -- shapes ------------------------------------------------------------------------------


def _inside(corners: list[Point], x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether the winding number of points is not zero."""
    winding = np.zeros(x.shape, int)
    for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1], strict=True):
        left = (bx - ax) * (y - ay) - (x - ax) * (by - ay)
        winding += ((ay <= y) & (by > y) & (left > 0)).astype(int)
        winding -= ((ay > y) & (by <= y) & (left < 0)).astype(int)
    return winding != 0


_positions = st.tuples(st.floats(-30, _WIDTH + 30), st.floats(-30, _HEIGHT + 30))


@given(corners=st.lists(_positions, min_size=3, max_size=3), subtract=st.booleans(), seed=_seeds)
@settings(max_examples=30, deadline=None)
def test_a_triangle_covers_the_area_of_its_pixels(corners: list[Point], subtract: bool, seed: int) -> None:
    before = _blobs(seed)
    doc = _document(mask=before)
    edit = doc.fill_polygon(corners, subtract)
    fine = 8
    y, x = np.mgrid[0 : _HEIGHT * fine, 0 : _WIDTH * fine] / fine + 0.5 / fine
    parts = _inside(corners, x, y).reshape(_HEIGHT, fine, _WIDTH, fine).mean(axis=(1, 3))
    # 64 samples a pixel miss some of the area along the edge.
    _check(doc, edit, before, _laid(before, np.rint(parts * 255).astype(np.uint8), subtract), apart=36)


@given(corners=st.lists(_positions, min_size=3, max_size=9), seed=_seeds)
@settings(max_examples=30, deadline=None)
def test_any_polygon_holds_the_pixels_its_outline_goes_round(corners: list[Point], seed: int) -> None:
    doc = _document()
    doc.fill_polygon(corners)
    y, x = np.mgrid[0:_HEIGHT, 0:_WIDTH] + 0.5
    inside = _inside(corners, x, y)
    far = np.full(x.shape, True)  # from every edge, so that the pixel is wholly in or out
    for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1], strict=True):
        squared = max((bx - ax) ** 2 + (by - ay) ** 2, 1e-12)
        t = np.clip(((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / squared, 0, 1)
        far &= np.hypot(x - ax - t * (bx - ax), y - ay - t * (by - ay)) > 0.75
    np.testing.assert_array_equal(doc.mask[far], np.where(inside, 255, 0)[far])


def test_a_polygon_over_many_tiles() -> None:
    doc = _document(900, 700)
    assert doc.fill_polygon([(-1e9, -1e9), (1e9, -1e9), (1e9, 1e9), (-1e9, 1e9)]) is not None
    assert (doc.mask == 255).all()
    assert doc.fill_polygon([(100, 50.5), (800.25, 50.5), (800.25, 600), (100, 600)], subtract=True) is not None
    expected = np.full((700, 900), 255, np.uint8)
    expected[50, 100:800] = 127
    expected[51:600, 100:800] = 0
    expected[51:600, 800] = 191
    expected[50, 800] = 223
    assert np.abs(expected.astype(int) - doc.mask).max() <= 1


def test_a_polygon_is_named_and_needs_an_inside() -> None:
    doc = _document()
    assert doc.fill_polygon([(1, 1), (9, 9)]) is None
    assert doc.fill_polygon([(1, 1), (20, 1), (1, 1)]) is None
    assert doc.fill_polygon([(100, 1), (200, 1), (150, 60)]) is None
    edit = doc.fill_polygon([(1, 1), (20, 1), (9, 9)], name="Polygon")
    assert edit is not None
    assert edit.name == "Polygon"
    with pytest.raises(ValueError, match="position"):
        doc.fill_polygon([(1, 1), (20, math.nan), (9, 9)])


@given(box=st.tuples(*[st.integers(-20, 80)] * 4), subtract=st.booleans(), seed=_seeds)
def test_a_box(box: Box, subtract: bool, seed: int) -> None:
    before = _blobs(seed)
    doc = _document(mask=before)
    coverage = np.zeros_like(before)
    crop(coverage, intersect(box, (0, 0, _WIDTH, _HEIGHT)))[...] = 255
    _check(doc, doc.fill_box(box, subtract), before, _laid(before, coverage, subtract))


@given(seed=_seeds)
def test_all_of_the_mask(seed: int) -> None:
    before = _blobs(seed)
    changes: list[tuple[Callable[[Document], Edit | None], Mask, str]] = [
        (Document.fill_mask, np.full_like(before, 255), "Fill mask"),
        (Document.clear_mask, np.zeros_like(before), "Clear mask"),
        (Document.invert_mask, 255 - before, "Invert mask"),
    ]
    for change, expected, name in changes:
        doc = _document(mask=before)
        edit = change(doc)
        _check(doc, edit, before, expected)
        assert edit is None or edit.name == name


@given(seed=_seeds, other=_seeds)
def test_another_mask_is_taken(seed: int, other: int) -> None:
    before, taken = _blobs(seed), _blobs(other)
    for how, expected in (
        ("replace", taken),
        ("add", _laid(before, taken, False)),
        ("subtract", _laid(before, taken, True)),
    ):
        doc = _document(mask=before)
        _check(doc, doc.set_mask(taken, how), before, expected)  # type: ignore[arg-type]


def test_a_mask_that_does_not_fit_is_refused() -> None:
    doc = _document()
    for array in (np.zeros((3, 3), np.uint8), np.zeros((_HEIGHT, _WIDTH), np.uint16)):
        with pytest.raises(ValueError, match="mask"):
            doc.set_mask(array)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="multiply"):
        doc.set_mask(doc.mask, "multiply")  # type: ignore[arg-type]


# -- edges -------------------------------------------------------------------------------


def _grown(mask: Mask, px: int) -> Mask:
    """By the distance to every masked pixel, one by one."""
    y, x = np.mgrid[0 : mask.shape[0], 0 : mask.shape[1]]
    distance = np.full(mask.shape, np.inf)
    for at_y, at_x in np.argwhere(mask > 127):
        distance = np.minimum(distance, np.hypot(y - at_y, x - at_x))
    return np.maximum(mask, np.rint(np.clip(px + 1 - distance, 0, 1) * 255).astype(np.uint8))


def _blurred(mask: Mask, px: int) -> Mask:
    """Both ways by a kernel of three sigma, beyond the edge what is at the edge."""
    reach = math.ceil(1.5 * px)
    offsets = np.arange(-reach, reach + 1)
    kernel = np.exp(-(offsets**2) / (2 * (px / 2) ** 2))
    kernel /= kernel.sum()
    result = mask.astype(float)
    for axis in (0, 1):
        length = mask.shape[axis]
        picked = [result.take(np.clip(np.arange(length) + offset, 0, length - 1), axis) for offset in offsets]
        result = sum(share * part for share, part in zip(kernel, picked, strict=True))
    return np.rint(result).astype(np.uint8)


@given(seed=_seeds, px=st.integers(1, 20), side=st.sampled_from([16, 512]))
@settings(max_examples=30, deadline=None)
def test_growing_shrinking_and_feathering(seed: int, px: int, side: int) -> None:
    before = _blobs(seed)
    if seed % 3 == 0:
        before = 255 - before
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(morphology, "_SIDE", side)  # many tiles in a small picture
        doc = _document(mask=before)
        _check(doc, doc.grow_mask(px), before, _grown(before, px), apart=1)
        doc = _document(mask=before)
        _check(doc, doc.shrink_mask(px), before, 255 - _grown(255 - before, px), apart=1)
        doc = _document(mask=before)
        _check(doc, doc.feather_mask(px), before, _blurred(before, px), apart=3)


def test_an_edge_is_moved_over_many_tiles() -> None:
    mask = np.zeros((1700, 1300), np.uint8)
    mask[800, 700] = 255
    doc = _document(1300, 1700, mask)
    doc.grow_mask(500)
    y, x = np.mgrid[0:1700, 0:1300]
    distance = np.hypot(y - 800, x - 700)
    assert np.abs(doc.mask - np.clip(501 - distance, 0, 1) * 255).max() <= 1


@pytest.mark.parametrize("px", [21, 40, 90])
def test_a_wide_feather_is_nearly_a_gaussian(px: int) -> None:
    before = np.zeros((300, 330), np.uint8)
    before[100:200, 90:240] = 255
    before[:40, :60] = 255
    doc = _document(330, 300, before)
    doc.feather_mask(px)
    assert np.abs(doc.mask.astype(int) - _blurred(before, px)).max() <= 8


def test_a_full_mask_stays_full_and_an_empty_one_empty() -> None:
    for change in (Document.grow_mask, Document.shrink_mask, Document.feather_mask):
        doc = _document()
        assert change(doc, 5) is None
        doc.fill_mask()
        assert change(doc, 5) is None


@pytest.mark.parametrize("px", [0, -3, morphology.MAX_REACH + 1])
def test_an_edge_moves_by_some_pixels(px: int) -> None:
    for change in (Document.grow_mask, Document.shrink_mask, Document.feather_mask):
        with pytest.raises(ValueError, match="pixels"):
            change(_document(), px)


def test_cost_follows_what_is_masked_and_not_the_picture() -> None:
    mask = np.zeros((3000, 4000), np.uint8)
    mask[1500:1520, 2000:2020] = 255
    tracemalloc.start()
    pixels = sum(piece.size for _, piece in morphology.grow(mask, 8))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert pixels < 2000
    assert peak < 1_000_000


# -- colours -----------------------------------------------------------------------------


def _similar(pixels: NDArray[np.generic], x: int, y: int, tolerance: int, contiguous: bool) -> Mask:
    colours = pixels[..., :3].astype(int)
    alike = np.abs(colours - colours[y, x]).max(axis=2) <= tolerance
    if not contiguous:
        return np.where(alike, 255, 0).astype(np.uint8)
    found = np.zeros_like(alike)
    waiting = [(y, x)]
    while waiting:
        row, column = waiting.pop()
        if 0 <= row < alike.shape[0] and 0 <= column < alike.shape[1] and alike[row, column] and not found[row, column]:
            found[row, column] = True
            waiting += [(row + 1, column), (row - 1, column), (row, column + 1), (row, column - 1)]
    return np.where(found, 255, 0).astype(np.uint8)


@given(
    seed=_seeds,
    x=st.floats(0, _WIDTH - 0.01),
    y=st.floats(0, _HEIGHT - 0.01),
    tolerance=st.integers(0, 255),
    contiguous=st.booleans(),
    subtract=st.booleans(),
    channels=st.sampled_from([3, 4]),
)
@settings(max_examples=30, deadline=None)
def test_similar_colours(
    seed: int, x: float, y: float, tolerance: int, contiguous: bool, subtract: bool, channels: int
) -> None:
    rng = np.random.default_rng(seed)
    pixels = rng.choice(
        np.array([0, 20, 60, 200, 255], np.uint8), (_HEIGHT, _WIDTH, channels), p=[0.6, 0.1, 0.1, 0.1, 0.1]
    )
    before = _blobs(seed)
    doc = Document(Picture(pixels))
    doc.set_mask(before)
    coverage = _similar(pixels, int(x), int(y), tolerance, contiguous)
    edit = doc.select_similar(x, y, tolerance, contiguous, subtract)
    _check(doc, edit, before, _laid(before, coverage, subtract))


@pytest.mark.parametrize("contiguous", [False, True])
def test_similar_colours_at_16_bits(contiguous: bool) -> None:
    pixels = np.random.default_rng(1).integers(0, 65536, (30, 40, 4)).astype(np.uint16)
    coverage = np.zeros((30, 40), np.uint8)
    for box, piece in similar_coverage(pixels, (7, 9), 90, contiguous):
        crop(coverage, box)[...] = piece
    np.testing.assert_array_equal(coverage, _similar(pixels, 7, 9, 90 * 257, contiguous))


def test_similar_to_nothing() -> None:
    doc = _document()
    assert doc.select_similar(-0.1, 5) is None
    assert doc.select_similar(5, _HEIGHT) is None
    for tolerance in (-1, 256):
        with pytest.raises(ValueError, match="tolerance"):
            doc.select_similar(5, 5, tolerance)
    with pytest.raises(ValueError, match="position"):
        doc.select_similar(math.inf, 5)


def test_the_mask_is_left_alone_during_a_stroke() -> None:
    doc = _document()
    doc.begin_stroke(Brush(5), 10, 10)
    before = doc.mask.copy()
    changes: list[Callable[[], object]] = [
        lambda: doc.fill_polygon([(1, 1), (20, 1), (9, 9)]),
        lambda: doc.fill_box((1, 1, 5, 5)),
        doc.fill_mask,
        doc.clear_mask,
        doc.invert_mask,
        lambda: doc.grow_mask(2),
        lambda: doc.shrink_mask(2),
        lambda: doc.feather_mask(2),
        lambda: doc.select_similar(1, 1),
        lambda: doc.set_mask(before),
    ]
    for change in changes:
        with pytest.raises(RuntimeError):
            change()
    np.testing.assert_array_equal(doc.mask, before)
