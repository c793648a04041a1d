from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
from numpy.typing import NDArray

from app.canvas.drawing.frame import Frame
from app.canvas.drawing.layers import BACKGROUND, OVERLAY, CanvasLayers
from app.canvas.drawing.viewport import Viewport
from app.document.editing.document import Document
from app.document.mask.brush import Brush
from app.document.pixels.picture import Picture

SIZE = (240, 180)  # of the canvas
ZOOMS = [0.11, 0.3, 0.5, 0.77, 1.0, 1.9, 4.0, 5.3, 16.0, 20.0]


def picture(width: int, height: int, channels: int = 3) -> NDArray[np.uint8]:
    return np.random.default_rng(3).integers(0, 256, (height, width, channels), dtype=np.uint8)


def show(
    pixels: NDArray[np.uint8], zoom: float, at: tuple[float, float] = (120.0, 90.0)
) -> tuple[CanvasLayers, Viewport, Document]:
    document = Document(Picture(pixels))
    layers, view = CanvasLayers(), Viewport()
    layers.set_document(document, None)
    view.picture = document.size
    view.resize(*SIZE, 10)
    view.zoom_to(zoom, *at)
    return layers, view, document


def draw(layers: CanvasLayers, view: Viewport) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    out, edges = np.zeros((SIZE[1], SIZE[0], 4), np.uint8), np.zeros((SIZE[1], SIZE[0]), np.uint8)
    layers.draw(view, (0, 0, *SIZE), out, edges)
    return out[..., 2::-1], edges


def paint(document: Document, x0: float, y0: float, x1: float, y1: float, size: float = 20) -> None:
    document.begin_stroke(Brush(size), x0, y0)
    document.stroke_to(x1, y1)
    document.end_stroke()


def test_at_100_percent_every_pixel_is_the_pictures() -> None:
    pixels = picture(100, 80)
    layers, view, _ = show(pixels, 1.0)
    rgb, _ = draw(layers, view)
    left, top, right, bottom = view.picture_box()
    assert np.array_equal(rgb[top:bottom, left:right], pixels)
    assert np.all(rgb[: top - 1] == BACKGROUND)


def test_from_400_percent_pixels_are_squares() -> None:
    pixels = picture(30, 20)
    layers, view, _ = show(pixels, 4.0)
    rgb, _ = draw(layers, view)
    left, top, right, bottom = view.picture_box()
    assert np.array_equal(rgb[top:bottom, left:right], pixels.repeat(4, axis=0).repeat(4, axis=1))


def test_a_grid_between_the_pixels_from_1600_percent() -> None:
    layers, view, _ = show(np.full((5, 6, 3), 200, np.uint8), 16.0)
    rgb, _ = draw(layers, view)
    left, top, _, _ = view.picture_box()
    assert np.all(rgb[top + 8, left + 16] < 200)
    assert np.all(rgb[top + 8, left + 17 : left + 32] == 200)


@pytest.mark.parametrize("zoom", ZOOMS)
@pytest.mark.parametrize("channels", [3, 4])
def test_drawing_a_part_gives_what_drawing_all_gives(zoom: float, channels: int) -> None:
    layers, view, document = show(picture(701, 403, channels), zoom)
    paint(document, 300, 150, 420, 260, 60)
    layers.update_mask((0, 0, 701, 403))
    rgb, edges = draw(layers, view)
    for box in ((0, 0, 50, 180), (50, 31, 173, 99), (101, 60, 102, 61)):
        part = np.zeros((box[3] - box[1], box[2] - box[0], 4), np.uint8)
        part_edges = np.zeros(part.shape[:2], np.uint8)
        layers.draw(view, box, part, part_edges)
        expected = rgb[box[1] : box[3], box[0] : box[2]].astype(int)
        assert np.abs(part[..., 2::-1] - expected).max() <= 2
        assert np.mean(part_edges != edges[box[1] : box[3], box[0] : box[2]]) < 0.01


def test_the_mask_tints_and_has_an_outline() -> None:
    layers, view, document = show(np.full((100, 100, 3), 100, np.uint8), 1.0)
    paint(document, 50, 50, 50, 50, 30)
    layers.update_mask((0, 0, 100, 100))
    rgb, edges = draw(layers, view)
    left, top = view.corner
    expected = [100 * 0.3 + channel * 0.7 for channel in OVERLAY]
    assert rgb[top + 50, left + 50] == pytest.approx(expected, abs=1)
    assert edges[top + 50, left + 50] == 0
    assert edges[top + 50, left + 35 : left + 38].any()
    assert tuple(rgb[top + 10, left + 10]) == (100, 100, 100)


def test_the_preview_takes_the_place_of_the_holes_overlay_but_not_of_new_strokes() -> None:
    layers, view, document = show(np.full((100, 100, 3), 100, np.uint8), 1.0)
    paint(document, 30, 30, 30, 30)
    layers.update_mask((0, 0, 100, 100))
    layers.set_hole(document.mask.copy())
    left, top = view.corner
    assert draw(layers, view)[0][top + 30, left + 30][2] < 60, "the overlay stays until there is a preview"
    layers.set_preview((20, 20, 40, 40), np.full((20, 20, 3), 7, np.uint8))
    layers.set_preview((20, 20, 40, 40), np.full((20, 20, 3), 8, np.uint8))
    paint(document, 70, 70, 70, 70)
    layers.update_mask((55, 55, 85, 85))
    rgb, edges = draw(layers, view)
    assert tuple(rgb[top + 30, left + 30]) == (8, 8, 8)
    assert edges[top + 30, left + 20 : left + 23].any(), "the hole keeps its outline"
    assert rgb[top + 70, left + 70][0] > 190, "a stroke painted since is shown"
    layers.set_hole(None)
    rgb, _ = draw(layers, view)
    assert rgb[top + 30, left + 30][0] > 190


def test_of_holes_erased_one_after_the_other_each_shows_how_far_it_is() -> None:
    layers, view, document = show(np.full((100, 100, 3), 100, np.uint8), 1.0)
    for at in (30, 70):
        paint(document, at, at, at, at)
    layers.update_mask((0, 0, 100, 100))
    layers.set_hole(document.mask.copy())
    left, top = view.corner
    layers.set_preview((10, 10, 45, 45), np.full((35, 35, 3), 7, np.uint8))
    rgb, _ = draw(layers, view)
    assert tuple(rgb[top + 30, left + 30]) == (7, 7, 7)
    assert rgb[top + 70, left + 70][0] > 190, "the hole whose turn has not come keeps its overlay"
    layers.set_preview((55, 55, 95, 95), np.full((40, 40, 3), 9, np.uint8))
    rgb, edges = draw(layers, view)
    assert tuple(rgb[top + 30, left + 30]) == (7, 7, 7), "and the first one does not come back"
    assert tuple(rgb[top + 70, left + 70]) == (9, 9, 9)
    for at in (30, 70):
        assert edges[top + at, left + at - 12 : left + at].any()


@pytest.mark.parametrize(("opacity", "red"), [(0.0, 100), (0.4, 162), (1.0, 255)])
def test_the_overlay_is_as_strong_as_wanted(opacity: float, red: int) -> None:
    layers, view, document = show(np.full((100, 100, 3), 100, np.uint8), 1.0)
    paint(document, 50, 50, 50, 50)
    layers.update_mask((0, 0, 100, 100))
    layers.overlay_opacity = opacity
    rgb, edges = draw(layers, view)
    left, top = view.corner
    assert abs(int(rgb[top + 50, left + 50][0]) - red) <= 1
    assert edges.any(), "the outline is there however faint the overlay"


def test_before_shows_neither_mask_nor_preview() -> None:
    layers, view, document = show(np.full((100, 100, 3), 100, np.uint8), 1.0)
    layers.set_before(np.full((100, 100, 3), 33, np.uint8))
    paint(document, 50, 50, 50, 50)
    layers.update_mask((0, 0, 100, 100))
    layers.set_preview((20, 20, 40, 40), np.full((20, 20, 3), 7, np.uint8))
    layers.showing_before = True
    rgb, edges = draw(layers, view)
    left, top, right, bottom = view.picture_box()
    assert np.all(rgb[top:bottom, left:right] == 33)
    assert not edges.any()


def test_transparent_pixels_show_checks() -> None:
    pixels = np.zeros((100, 100, 4), np.uint8)
    pixels[:50] = (10, 20, 30, 255)
    layers, view, _ = show(pixels, 1.0)
    rgb, _ = draw(layers, view)
    left, top = view.corner
    assert tuple(rgb[top + 10, left + 10]) == (10, 20, 30)
    assert {tuple(colour) for colour in rgb[top + 60 : top + 90, left + 5 : left + 90].reshape(-1, 3)} == {
        (0x99,) * 3,
        (0x66,) * 3,
    }


@pytest.mark.parametrize("zoom", [0.3, 1.0, 1.9, 5.3])
def test_scrolling_gives_what_drawing_all_gives(zoom: float) -> None:
    layers, view, document = show(picture(701, 403, 4), zoom)
    paint(document, 300, 150, 420, 260, 60)
    layers.update_mask((0, 0, 701, 403))
    frame = Frame()
    frame.resize(*SIZE)
    frame.flush(layers, view)
    for dx, dy in ((7, -3), (-31, 12), (0, 5), (3, 0)):
        before = view.corner
        view.pan(dx, dy)
        frame.scroll(view.corner[0] - before[0], view.corner[1] - before[1])
    frame.flush(layers, view)
    fresh = Frame()
    fresh.resize(*SIZE)
    fresh.flush(layers, view)
    assert np.mean(np.abs(frame.pixels.astype(int) - fresh.pixels).max(axis=2) > 2) < 0.005


def test_the_outline_moves_and_stops_with_the_mask() -> None:
    layers, view, document = show(np.full((100, 100, 3), 100, np.uint8), 1.0)
    frame = Frame()
    frame.resize(*SIZE)
    frame.flush(layers, view)
    assert frame.march() is None
    paint(document, 50, 50, 50, 50, 30)
    layers.update_mask((0, 0, 100, 100))
    frame.invalidate()
    frame.flush(layers, view)
    before = frame.pixels.copy()
    box = frame.march()
    assert box is not None
    changed = np.argwhere((frame.pixels != before).any(axis=2))
    assert len(changed)
    assert box[0] <= changed[:, 1].min()
    assert changed[:, 1].max() < box[2]
    assert box[1] <= changed[:, 0].min()
    assert changed[:, 0].max() < box[3]


def test_another_document_takes_the_memory_of_the_one_before() -> None:
    def document() -> Document:
        return Document(Picture(np.full((1100, 1500, 3), 90, np.uint8)))

    layers, first = CanvasLayers(), document()
    layers.set_document(first, None)
    layers.keep_before([(0, 0, 500, 400)])
    layers.set_hole(first.mask.copy())
    layers.set_preview((10, 10, 400, 300), np.zeros((290, 390, 3), np.uint8))
    pixels = weakref.ref(first.pixels)
    gc.disable()
    try:
        del first
        layers.set_document(document(), None)
        assert pixels() is None
    finally:
        gc.enable()
