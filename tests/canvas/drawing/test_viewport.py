from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.canvas.drawing.viewport import ZOOM_MAX, ZOOM_MIN, Viewport


def viewport(width: int = 800, height: int = 600, picture: tuple[int, int] = (1000, 500)) -> Viewport:
    view = Viewport()
    view.picture = picture
    view.resize(width, height, 48)
    return view


def test_a_new_picture_is_fitted_with_a_margin() -> None:
    view = viewport()
    assert view.zoom == pytest.approx((800 - 96) / 1000)
    left, top, right, bottom = view.picture_box()
    assert (left, right) == (48, 752)
    assert abs((top + bottom) - 600) <= 1


def test_fitted_stays_fitted_until_it_is_zoomed() -> None:
    view = viewport()
    view.resize(500, 400, 48)
    assert view.zoom == pytest.approx((500 - 96) / 1000)
    view.zoom_to(1.0, 250, 200)
    view.resize(800, 600, 48)
    assert view.zoom == 1.0


@given(st.floats(0.01, 40), st.floats(100, 700), st.floats(100, 500), st.floats(-200, 200), st.floats(-200, 200))
def test_zooming_keeps_the_point_under_the_pointer(zoom: float, x: float, y: float, dx: float, dy: float) -> None:
    view = viewport()
    view.pan(dx, dy)
    left, top, right, bottom = view.picture_box()
    before = view.to_picture(x, y)
    view.zoom_to(zoom, x, y)
    assert ZOOM_MIN <= view.zoom <= ZOOM_MAX
    if left <= x <= right and top <= y <= bottom and view.zoom > 0.2:  # else it is kept in sight instead
        after = view.to_device(*before)
        assert after == pytest.approx((x, y), abs=1 + view.zoom)


@given(st.floats(-1e5, 1e5), st.floats(-1e5, 1e5), st.sampled_from([0.02, 0.5, 1.0, 20.0]))
def test_the_picture_cannot_be_lost(dx: float, dy: float, zoom: float) -> None:
    view = viewport()
    view.zoom_to(zoom, 400, 300)
    view.pan(dx, dy)
    left, top, right, bottom = view.picture_box()
    assert left < view.width
    assert right > 0
    assert top < view.height
    assert bottom > 0


def test_there_and_back() -> None:
    view = viewport()
    view.zoom_to(3.7, 10, 20)
    assert view.to_device(*view.to_picture(123.5, 45.25)) == pytest.approx((123.5, 45.25))


def test_stops() -> None:
    view = viewport()
    view.zoom_to(1.0, 0, 0)
    assert view.next_stop(1) == 1.5
    assert view.next_stop(-1) == pytest.approx(2 / 3)
    view.zoom_to(ZOOM_MAX, 0, 0)
    assert view.next_stop(1) == ZOOM_MAX
    view.zoom_to(ZOOM_MIN, 0, 0)
    assert view.next_stop(-1) == ZOOM_MIN


def test_device_box_is_cut_to_the_canvas() -> None:
    view = viewport(picture=(100, 100))
    view.zoom_to(1.0, 400, 300)
    left, top = view.corner
    assert view.device_box((10, 20, 30, 40)) == (left + 10, top + 20, left + 30, top + 40)
    assert view.device_box((-9999, -9999, 9999, 9999), 4) == (0, 0, 800, 600)
