from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.canvas.drawing.pyramid import Pyramid, premultiply


@pytest.mark.parametrize("shape", [(1300, 2401), (1301, 1400, 3), (1057, 1333, 4)])
def test_each_level_is_half_of_the_one_before(shape: tuple[int, ...]) -> None:
    base = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    pyramid = Pyramid(base)
    assert pyramid.base is base
    for index in range(1, pyramid.level_for(0.0) + 1):
        above, level = pyramid.level(index - 1), pyramid.level(index)
        assert level.shape[:2] == tuple((n + 1) // 2 for n in above.shape[:2])
        assert level.shape[2:] == above.shape[2:]


@given(st.data())
def test_updating_a_box_gives_what_building_anew_gives(data: st.DataObject) -> None:
    height, width = data.draw(st.integers(257, 1200)), data.draw(st.integers(257, 1200))
    base = np.random.default_rng(1).integers(0, 256, (height, width), dtype=np.uint8)
    pyramid = Pyramid(base)
    depth = pyramid.level_for(0.0)
    pyramid.build()
    x0, y0 = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    x1, y1 = data.draw(st.integers(x0 + 1, width)), data.draw(st.integers(y0 + 1, height))
    base[y0:y1, x0:x1] = 255 - base[y0:y1, x0:x1]
    pyramid.update((x0, y0, x1, y1))
    for index in range(depth + 1):
        assert np.array_equal(pyramid.level(index), Pyramid(base).level(index))


def test_the_level_has_a_pixel_for_every_pixel_of_the_screen() -> None:
    pyramid = Pyramid(np.zeros((4000, 6000, 3), np.uint8))
    assert [pyramid.level_for(zoom) for zoom in (20.0, 1.0, 0.6, 0.5, 0.3, 0.25, 0.2)] == [
        0,
        0,
        0,
        1,
        1,
        2,
        2,
    ]
    assert Pyramid(np.zeros((100, 100), np.uint8)).level_for(0.1) == 0


def test_hidden_colours_do_not_bleed() -> None:
    base = np.zeros((256, 256, 4), np.uint8)
    base[::2] = (200, 100, 50, 255)
    base[1::2] = (0, 255, 0, 0)  # green, but not to be seen
    red, green, blue, alpha = Pyramid(base).level(1)[5, 5]
    assert (red, green, blue, alpha) == (100, 50, 25, 128)
    assert tuple(premultiply(base)[1, 0]) == (0, 0, 0, 0)


def test_a_pyramid_let_go_is_gone_at_once() -> None:
    pyramid = Pyramid(np.zeros((1200, 1200, 3), np.uint8))
    pyramid.build()
    gone = weakref.ref(pyramid)
    gc.disable()  # which may come minutes later, and previews are tens of megabytes each
    try:
        del pyramid
        assert gone() is None
    finally:
        gc.enable()


def test_transparency_is_rounded_as_arithmetic_says() -> None:
    value, alpha = np.meshgrid(np.arange(256), np.arange(256))
    every = np.stack([value, value, value, alpha], axis=-1).astype(np.uint8)
    expected = np.floor(value * alpha / 255 + 0.5)
    assert np.array_equal(premultiply(every)[..., 0], expected)
    assert np.array_equal(premultiply(every)[..., 3], alpha)
