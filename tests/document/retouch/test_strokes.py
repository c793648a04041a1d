"""Clone and heal on a document: what they copy, what they leave, and undo."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.document.editing import Document
from app.document.history import Edit
from app.document.mask import Brush
from app.document.pixels import Picture
from app.document.retouch import RetouchBrush
from app.document.retouch.membrane import membrane

SIZE = 90, 140


def noise(dtype: type = np.uint8, channels: int = 3, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.integers(0, np.iinfo(dtype).max, (*SIZE, channels), dtype=dtype, endpoint=True)


def paint(
    document: Document, retouch: RetouchBrush, *points: tuple[float, float], pressure: float = 1.0
) -> Edit | None:
    document.begin_retouch(retouch, *points[0], pressure)
    for point in points[1:]:
        document.retouch_to(*point, pressure)
    stroke = document.end_retouch()
    edit = stroke.edit()
    document.changing = False
    if edit is not None:
        edit.redo(document)
    return edit


def covered(retouch: RetouchBrush, *points: tuple[float, float]) -> np.ndarray:
    """What a mask brush covers on the same way."""
    sheet = Document(Picture(noise()))
    sheet.begin_stroke(retouch.brush, *points[0])
    for point in points[1:]:
        sheet.stroke_to(*point)
    sheet.end_stroke()
    return sheet.mask.copy()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_clone_copies_bit_by_bit(dtype: type) -> None:
    before = noise(dtype)
    document = Document(Picture(before.copy()))
    retouch = RetouchBrush(Brush(20.0), (40, -12))
    way = ((40, 50), (70, 60))
    edit = paint(document, retouch, *way)
    mask = covered(retouch, *way)
    copied = np.roll(before, (12, -40), (0, 1))
    assert np.array_equal(document.pixels[mask == 255], copied[mask == 255])
    assert np.array_equal(document.pixels[mask == 0], before[mask == 0])
    assert edit is not None
    assert edit.name == "Clone stroke"
    edit.undo(document)
    assert np.array_equal(document.pixels, before)


def test_a_stroke_over_its_own_source_copies_what_was_there_before() -> None:
    before = noise()
    document = Document(Picture(before.copy()))
    paint(document, RetouchBrush(Brush(30.0), (10, 0)), (30, 40), (90, 40))
    assert np.array_equal(document.pixels[40, 35:85], before[40, 45:95])


def test_opacity_and_pressure_do_not_build_up_within_a_stroke() -> None:
    before = np.zeros((*SIZE, 3), np.uint8)
    before[:, 70:] = 200
    for retouch, pressure in (
        (RetouchBrush(Brush(20.0), (60, 0), opacity=0.5), 1.0),
        (RetouchBrush(Brush(20.0), (60, 0), pressure_opacity=True), 0.5),
    ):
        document = Document(Picture(before.copy()))
        paint(document, retouch, (30, 40), (40, 40), (30, 40), (40, 40), pressure=pressure)
        assert np.abs(document.pixels[40, 30:40].astype(int) - 100).max() <= 1


def test_what_has_no_source_in_the_picture_stays() -> None:
    before = noise()
    document = Document(Picture(before.copy()))
    paint(document, RetouchBrush(Brush(40.0), (-50, 0)), (50, 40))
    assert np.array_equal(document.pixels[:, :50], before[:, :50])
    assert np.array_equal(document.pixels[40, 51:65], before[40, 1:15])
    assert paint(document, RetouchBrush(Brush(40.0), (1000, 0)), (50, 40)) is None


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_heal_keeps_texture_and_takes_the_colours_of_its_place(dtype: type) -> None:
    top = np.iinfo(dtype).max
    rng = np.random.default_rng(5)
    texture = rng.normal(0, 0.02, SIZE)
    slope = np.linspace(0.2, 0.7, SIZE[1])[None] + texture
    before: np.ndarray = (np.clip(np.stack([slope, 0.9 - slope, slope * 0.5], -1), 0, 1) * top).astype(dtype)
    document = Document(Picture(before.copy()))
    retouch = RetouchBrush(Brush(30.0), (60, 5), heal=True)
    way = ((40, 40), (50, 45))
    edit = paint(document, retouch, *way)
    mask = covered(retouch, *way) > 0
    difference = before.astype(np.float32)
    difference -= np.roll(before, (-5, -60), (0, 1))
    expected = np.roll(before, (-5, -60), (0, 1)).astype(np.float32) + membrane(difference, mask, 1e-5 * top)
    error = np.abs(document.pixels[mask].astype(np.float32) - np.clip(expected, 0, top)[mask])
    core = covered(retouch, *way)[mask] == 255
    assert error[core].max() <= 1 + 2e-4 * top
    assert np.array_equal(document.pixels[~mask], before[~mask])
    # The slope goes on across the stroke; copied plainly it would be brighter by a fifth.
    assert abs(float(document.pixels[mask].mean()) - float(before[mask].mean())) < 0.02 * top
    assert edit is not None
    assert edit.name == "Heal stroke"
    edit.undo(document)
    assert np.array_equal(document.pixels, before)
    edit.redo(document)
    assert not np.array_equal(document.pixels, before)


def test_heal_is_nearly_right_while_it_is_painted() -> None:
    smooth = cv2.GaussianBlur(np.random.default_rng(2).normal(128, 900, (*SIZE, 3)), (0, 0), 14)
    document = Document(Picture(np.clip(smooth, 0, 255).astype(np.uint8)))
    document.begin_retouch(RetouchBrush(Brush(34.0), (50, 10), heal=True), 50, 45, 1.0)
    document.retouch_to(56, 45)
    shown = document.pixels.astype(int)
    stroke = document.end_retouch()
    edit = stroke.edit()
    document.changing = False
    assert edit is not None
    edit.redo(document)
    assert np.abs(document.pixels - shown).max() < 16


def test_alpha_covers_as_much_as_it_says() -> None:
    before = noise(channels=4)
    before[..., 3] = 255
    before[:, 60:80, 3], before[:, 80:, 3] = 0, 128
    document = Document(Picture(before.copy()))
    paint(document, RetouchBrush(Brush(10.0), (40, 0)), (30, 40))  # copies what is transparent
    assert np.array_equal(document.pixels, before)
    paint(document, RetouchBrush(Brush(10.0), (-40, 0)), (70, 40))  # onto what is transparent
    assert np.array_equal(document.pixels[40, 68:72], before[40, 28:32])
    paint(document, RetouchBrush(Brush(10.0), (60, 0)), (30, 40))  # half of each
    half = before[40, 28:32, :3] + (before[40, 88:92, :3].astype(float) - before[40, 28:32, :3]) * 128 / 255
    assert np.abs(document.pixels[40, 28:32, :3] - half).max() <= 1
    assert (document.pixels[40, 28:32, 3] == 255).all()
    paint(document, RetouchBrush(Brush(10.0), (-60, 0), heal=True), (90, 60))
    assert np.array_equal(document.pixels[..., 3][50:], before[..., 3][50:])


def test_grey_stays_grey() -> None:
    before = np.repeat(noise(channels=1), 3, 2)
    document = Document(Picture(before, grey=True))
    for heal in (False, True):
        paint(document, RetouchBrush(Brush(24.0, hardness=0.3), (50, 9), heal, 0.7), (40, 40), (50, 42))
    assert (document.pixels == document.pixels[..., :1]).all()


def test_one_stroke_at_a_time_and_a_stroke_given_up_leaves_nothing() -> None:
    before = noise()
    document = Document(Picture(before.copy()))
    retouch = RetouchBrush(Brush(30.0), (40, 0), heal=True)
    told: list[tuple[int, int, int, int]] = []
    box = document.begin_retouch(retouch, 40, 40, 1.0, told.append)
    assert told == [box]
    assert (document.stroking, document.changing) == (True, True)
    for call in (lambda: document.begin_stroke(retouch.brush, 1, 1), document.mark_changed):
        with pytest.raises(RuntimeError):
            call()
    document.retouch_to(60, 50)
    assert not np.array_equal(document.pixels, before)
    document.cancel_retouch()
    assert np.array_equal(document.pixels, before)
    assert (document.stroking, document.changing) == (False, False)
    with pytest.raises(RuntimeError):
        document.end_retouch()
    with pytest.raises(RuntimeError):
        document.retouch_to(1, 1)
    with pytest.raises(ValueError, match="opacity"):
        RetouchBrush(Brush(3.0), (1, 1), opacity=1.2)


POINT = st.tuples(st.floats(-30, 170), st.floats(-30, 120))


@settings(max_examples=40, deadline=None)
@given(
    size=st.floats(1, 80),
    hardness=st.floats(0, 1),
    offset=st.tuples(st.integers(-150, 150), st.integers(-100, 100)),
    heal=st.booleans(),
    opacity=st.floats(0, 1),
    points=st.lists(POINT, min_size=1, max_size=4),
    channels=st.sampled_from([3, 4]),
    dtype=st.sampled_from([np.uint8, np.uint16]),
)
def test_any_stroke_changes_what_it_covers_only_and_can_be_undone(
    size: float,
    hardness: float,
    offset: tuple[int, int],
    heal: bool,
    opacity: float,
    points: list[tuple[float, float]],
    channels: int,
    dtype: type,
) -> None:
    before = noise(dtype, channels)
    document = Document(Picture(before.copy()))
    retouch = RetouchBrush(Brush(size, hardness), offset, heal, opacity)
    edit = paint(document, retouch, *points)
    mask = covered(retouch, *points)
    after = document.pixels.copy()
    assert np.array_equal(after[mask == 0], before[mask == 0])
    if edit is None:
        assert np.array_equal(after, before)
        return
    assert all(part.target == "pixels" for part in edit.parts)
    edit.undo(document)
    assert np.array_equal(document.pixels, before)
    edit.redo(document)
    assert np.array_equal(document.pixels, after)
