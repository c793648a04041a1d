"""Pictures so large that the blocks of their pyramids are made off the main thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from pytestqt.qtbot import QtBot

from app.canvas.drawing.block_loader import Loader
from app.canvas.drawing.pyramid import Pyramid
from app.canvas.view import CanvasView
from app.document.editing.document import Document
from app.document.pixels.picture import Picture


def large(channels: int = 3, dtype: type = np.uint8) -> NDArray[np.uint8]:
    small = np.random.default_rng(5).integers(0, 256, (130, 160, channels), dtype=np.uint8)
    array = np.asarray(cv2.resize(small, (2750, 2101), interpolation=cv2.INTER_CUBIC))
    return array.astype(np.uint16) * 257 if dtype is np.uint16 else array  # type: ignore[return-value]


@pytest.fixture
def big(qtbot: QtBot) -> CanvasView:
    view = CanvasView()
    qtbot.addWidget(view)
    view.resize(500, 400)
    view.set_document(Document(Picture(large())))
    view.show()
    qtbot.waitExposed(view)
    return view


def frame(view: CanvasView) -> NDArray[np.uint8]:
    view.repaint()
    return view._frame.pixels.copy()


def same(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> bool:
    """Equal up to rounding: a part drawn on its own is interpolated from another corner."""
    return bool(np.abs(a.astype(int) - b).max() <= 2)


def settle(view: CanvasView, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: view._loader.idle)


@contextmanager
def held(loader: Loader) -> Iterator[None]:
    """The loader's one thread is kept busy: what is asked for meanwhile waits."""
    loader._pool.waitForDone()
    go_on = threading.Event()

    def wait() -> None:
        assert go_on.wait(60)

    loader._pool.start(wait)
    try:
        yield
    finally:
        go_on.set()


def test_a_stand_in_is_shown_until_the_blocks_arrive(qtbot: QtBot) -> None:
    loader, pixels = Loader(), large()
    pyramid = Pyramid(pixels)
    pyramid.want = loader.request
    first = pyramid.part(2, (0, 0, 400, 300)).copy()
    exact = Pyramid(pixels).level(2)
    assert first.any()
    assert np.abs(first.astype(int) - exact[:300, :400]).mean() < 12, "coarse, but the same picture"
    qtbot.waitUntil(lambda: loader.idle)
    assert np.array_equal(pyramid.part(2, (0, 0, 400, 300)), exact[:300, :400])
    loader.finish()


def test_what_changes_while_it_is_made_is_made_again(qtbot: QtBot) -> None:
    loader, pixels = Loader(), large()
    pyramid = Pyramid(pixels)
    pyramid.want = loader.request
    pyramid.part(1, (0, 0, 500, 500))
    pixels[100:300, 100:300] = 7  # the answer may be on its way already, and is not taken
    pyramid.update((100, 100, 300, 300))
    qtbot.waitUntil(lambda: loader.idle)
    assert np.array_equal(pyramid.part(1, (0, 0, 500, 500)), Pyramid(pixels).level(1)[:500, :500])
    loader.finish()


def test_a_change_of_everything_is_followed_off_the_main_thread(qtbot: QtBot) -> None:
    loader, mask = Loader(), np.zeros((2101, 2750), np.uint8)
    pyramid = Pyramid(mask)
    pyramid.want = loader.request
    whole, box = (0, 0, 2750, 2101), (0, 0, 688, 526)
    pyramid.part(2, box)
    qtbot.waitUntil(lambda: loader.idle)
    mask[...] = 255
    with held(loader):
        pyramid.update(whole)
        assert not pyramid.part(2, box).any(), "as it was, until it is made"
    qtbot.waitUntil(lambda: loader.idle)
    assert np.all(pyramid.part(2, box) == 255)
    mask[...] = 0
    pyramid.update(whole)
    pyramid.part(2, box)
    qtbot.waitUntil(lambda: loader.idle)
    assert not pyramid.part(2, box).any()
    loader.finish()


def test_the_queue_can_be_forgotten(qtbot: QtBot) -> None:
    loader, pyramid = Loader(), Pyramid(large())
    pyramid.want = loader.request
    with held(loader):
        pyramid.part(1, (0, 0, 1375, 1051))
        assert loader._asked
        loader.clear()
        assert loader.idle
    loader.finish()


@pytest.mark.parametrize("channels", [3, 4])
def test_sixteen_bits_are_shown_as_their_upper_eight(channels: int) -> None:
    shallow, deep = Pyramid(large(channels)), Pyramid(large(channels, np.uint16))
    for index in (0, 2):
        assert np.array_equal(shallow.level(index), deep.level(index))


def test_a_large_picture_is_shown_at_once_and_then_as_it_is(big: CanvasView, qtbot: QtBot) -> None:
    settle(big, qtbot)
    sharp = frame(big)
    big._redraw()
    assert same(frame(big), sharp)
    with_all = Pyramid(big.layers.document.pixels)  # type: ignore[union-attr]
    with_all.build()
    big.set_document(big.layers.document, with_all)
    settle(big, qtbot)
    assert same(frame(big), sharp), "the same as with levels made beforehand"


def test_a_view_that_goes_does_not_wait_for_its_blocks(qtbot: QtBot) -> None:
    view = CanvasView()
    view.resize(500, 400)
    view.set_document(Document(Picture(large())))
    view.grab()
    assert not view._loader.idle
    view._loader.finish()
    view.deleteLater()


def test_the_hole_of_a_large_picture_copies_nothing(big: CanvasView, qtbot: QtBot) -> None:
    document = big.layers.document
    assert document is not None
    big.set_outline(False)  # which moves
    document.fill_box((500, 500, 900, 900))
    big.refresh_mask((500, 500, 900, 900))
    settle(big, qtbot)
    masked = frame(big)
    hole = document.mask.copy()
    big.set_hole(hole)
    box = (480, 480, 920, 920)
    big.show_preview(box, np.full((440, 440, 3), 9, np.uint8))
    settle(big, qtbot)
    assert not np.array_equal(frame(big), masked)
    assert big.layers._mask is not None
    assert big.layers._mask.base is document.mask
    big.set_hole(None)
    settle(big, qtbot)
    assert same(frame(big), masked)
