from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QInputDevice, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.canvas.input.pen_pressure import pressure_curve
from app.canvas.input.pinch import Pinch
from app.canvas.tools import Tool
from app.canvas.view import CanvasView
from app.document.editing.document import Document
from app.document.history.edits import Edit
from app.document.mask.brush import Brush
from app.document.pixels.picture import Picture
from tests.canvas.input_driver import NONE, Hand, PenHand, widget_point


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_the_pens_curve_keeps_its_ends_and_its_order(a: float, b: float, softness: float) -> None:
    low, high = sorted((a, b))
    assert 0 <= pressure_curve(low, softness) <= pressure_curve(high, softness) <= 1
    assert pressure_curve(0, softness) == 0
    assert pressure_curve(1, softness) == 1
    assert pressure_curve(a) == pytest.approx(a)
    assert pressure_curve(0.5, 0) < 0.5 < pressure_curve(0.5, 1)


def test_a_pen_pressed_harder_paints_wider(view: CanvasView, document: Document) -> None:
    view.set_brush(replace(Brush(40.0), pressure_size=True))
    pen = PenHand(view)
    pen.stroke((50, 50, 0.25), (90, 50, 0.25))
    pen.stroke((50, 130, 1.0), (90, 130, 1.0))
    thin, thick = (document.mask[:100, 70] > 127).sum(), (document.mask[100:, 70] > 127).sum()
    assert thin == pytest.approx(10, abs=2)
    assert thick == pytest.approx(40, abs=2)
    view.set_pressure_softness(1.0)
    pen.stroke((250, 50, 0.25), (251, 50, 0.25))
    assert (document.mask[:, 250] > 127).sum() > 2 * thin


def test_the_pens_other_end_erases(view: CanvasView, hand: Hand, document: Document) -> None:
    hand.stroke((50, 50), (150, 50))
    PenHand(view, eraser=True).stroke((100, 50, 1.0), (101, 50, 1.0))
    assert document.mask[50, 100] == 0
    assert document.mask[50, 60] == 255


def test_pen_and_mouse_do_not_paint_at_the_same_time(view: CanvasView, hand: Hand, document: Document) -> None:
    edits: list[Edit] = []
    view.strokeFinished.connect(edits.append)
    pen = PenHand(view)
    pen.send(QEvent.Type.TabletPress, 50, 50, 1.0)
    hand.press(250, 150)
    hand.move(250, 160)
    pen.send(QEvent.Type.TabletMove, 80, 50, 1.0)
    hand.release(250, 160)
    pen.send(QEvent.Type.TabletRelease, 80, 50, 0.0)
    assert len(edits) == 1
    assert document.mask[50, 65] == 255
    assert not document.mask[140:].any()
    hand.stroke((250, 150), (251, 150))
    assert len(edits) == 2, "the mouse itself paints again"


def test_a_pen_that_hovers_paints_nothing_and_shows_the_ring(view: CanvasView, document: Document) -> None:
    PenHand(view).send(QEvent.Type.TabletMove, 50, 50, 0.0)
    assert not document.mask.any()
    at = view._ring.at
    assert at is not None
    assert (at - view.to_widget(50, 50)).manhattanLength() < 1


@given(st.floats(-200, 200), st.floats(-200, 200), st.floats(0.2, 5))
def test_the_picture_stays_under_both_fingers(dx: float, dy: float, factor: float) -> None:
    first, second = (100.0, 100.0), (200.0, 140.0)
    pinch = Pinch(first, second)
    centre = (150.0 + dx, 120.0 + dy)
    a, b = ((centre[0] + f * 50 * factor, centre[1] + f * 20 * factor) for f in (-1, 1))
    shift, zoom, about = pinch.move(a, b)
    for old, new in ((first, a), (second, b)):
        for axis in (0, 1):
            moved = old[axis] + shift[axis]
            assert about[axis] + (moved - about[axis]) * zoom == pytest.approx(new[axis], abs=1e-6)


def test_two_fingers_move_and_zoom_and_one_paints(view: CanvasView, document: Document) -> None:
    screen = QTest.createTouchDevice(QInputDevice.DeviceType.TouchScreen)
    edits: list[Edit] = []
    view.strokeFinished.connect(edits.append)
    start, end = widget_point(view, 50, 50), widget_point(view, 90, 50)
    QTest.touchEvent(view, screen).press(0, start, view)
    QTest.touchEvent(view, screen).move(0, end, view)
    QTest.touchEvent(view, screen).release(0, end, view)
    assert len(edits) == 1
    assert document.mask[50, 70] == 255
    zoom = view.zoom
    one, two = QPoint(200, 200), QPoint(260, 200)
    QTest.touchEvent(view, screen).press(0, one, view)
    assert document.stroking
    QTest.touchEvent(view, screen).move(0, one, view).press(1, two, view)
    assert not view.stroking, "the first finger was not meant to paint"
    QTest.touchEvent(view, screen).move(0, QPoint(170, 200), view).move(1, QPoint(290, 200), view)
    assert view.zoom == pytest.approx(2 * zoom, rel=0.02)
    QTest.touchEvent(view, screen).release(0, QPoint(170, 200), view).move(1, QPoint(290, 200), view)
    QTest.touchEvent(view, screen).release(1, QPoint(290, 200), view)
    assert len(edits) == 1


def test_a_double_tap_of_the_pen_closes_a_polygon(view: CanvasView, document: Document) -> None:
    view.set_tool(Tool.LASSO)
    pen = PenHand(view)
    for x, y in ((50, 50), (120, 50), (120, 110), (50, 110), (50, 110)):
        pen.send(QEvent.Type.TabletPress, x, y, 1.0)
        pen.send(QEvent.Type.TabletRelease, x, y, 0.0)
    assert view._drag is None
    assert document.mask[80, 80] == 255


def pad(view: CanvasView, pixels: QPoint, angle: QPoint, phase: Qt.ScrollPhase) -> None:
    at = QPointF(200, 200)
    none = Qt.MouseButton.NoButton
    event = QWheelEvent(at, view.mapToGlobal(at), pixels, angle, none, NONE, phase, False)
    QApplication.sendEvent(view, event)


def test_two_fingers_on_a_pad_move_the_picture_and_it_does_not_run_on(view: CanvasView) -> None:
    zoom, place = view.zoom, view.to_widget(0, 0)
    pad(view, QPoint(12, -7), QPoint(24, -14), Qt.ScrollPhase.ScrollUpdate)
    assert view.zoom == zoom
    assert (view.to_widget(0, 0) - place - QPointF(12, -7)).manhattanLength() < 1
    place = view.to_widget(0, 0)
    pad(view, QPoint(30, 30), QPoint(60, 60), Qt.ScrollPhase.ScrollMomentum)
    assert view.to_widget(0, 0) == place


@pytest.mark.parametrize(("pixels", "angle"), [((12, -7), (0, 0)), ((12, -7), (24, -14)), ((0, 25), (0, 60))])
def test_a_pad_that_tells_no_phase_moves_the_picture(
    view: CanvasView, pixels: tuple[int, int], angle: tuple[int, int]
) -> None:
    zoom, place = view.zoom, view.to_widget(0, 0)
    pad(view, QPoint(*pixels), QPoint(*angle), Qt.ScrollPhase.NoScrollPhase)
    assert view.zoom == zoom
    assert (view.to_widget(0, 0) - place - QPointF(*pixels)).manhattanLength() < 1


def test_a_wheel_turned_sideways_moves_the_picture_sideways(view: CanvasView) -> None:
    zoom, place = view.zoom, view.to_widget(0, 0)
    pad(view, QPoint(), QPoint(-120, 0), Qt.ScrollPhase.NoScrollPhase)
    assert view.zoom == zoom
    moved = view.to_widget(0, 0) - place
    assert moved.x() < -20
    assert moved.y() == 0


@pytest.mark.parametrize(("pixels", "angle"), [((0, 0), (0, 30)), ((0, 15), (0, 120)), ((0, 0), (0, -240))])
def test_a_wheel_zooms_by_parts_of_a_notch(view: CanvasView, pixels: tuple[int, int], angle: tuple[int, int]) -> None:
    zoom = view.zoom
    pad(view, QPoint(*pixels), QPoint(*angle), Qt.ScrollPhase.NoScrollPhase)
    assert view.zoom == pytest.approx(zoom * 1.2 ** (angle[1] / 120))


@pytest.mark.parametrize("ratio", [1.0, 1.25, 1.5, 2.0])
def test_a_scaled_screen_has_more_pixels_and_the_same_places(
    view: CanvasView, hand: Hand, document: Document, monkeypatch: pytest.MonkeyPatch, ratio: float
) -> None:
    monkeypatch.setattr(view, "devicePixelRatioF", lambda: ratio)
    QApplication.sendEvent(view, QEvent(QEvent.Type.DevicePixelRatioChange))
    assert view._frame.pixels.shape[:2] == (round(400 * ratio), round(500 * ratio))
    assert view._image.devicePixelRatio() == ratio
    view.set_zoom(2.0)
    apart = view.to_widget(100, 100) - view.to_widget(0, 0)
    assert apart.x() == pytest.approx(200 / ratio)
    hand.stroke((70, 60), (71, 60))
    assert document.mask[60, 70] == 255
    assert document.mask[60, 50] == 0
    assert view._ring.diameter == pytest.approx(20 * 2 / ratio)


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
def test_at_100_percent_a_pixel_is_a_pixel_of_the_screen(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, ratio: float
) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (220, 311, 3), dtype=np.uint8)
    view = CanvasView()
    qtbot.addWidget(view)
    monkeypatch.setattr(view, "devicePixelRatioF", lambda: ratio)
    view.resize(401, 299)
    view.set_document(Document(Picture(pixels.copy())))
    view.set_zoom(1.0)
    view.pan(12.4, -7.7)
    view._resize_frame()
    view._frame.flush(view._layers, view._view)
    shown = view._frame.pixels
    assert shown.shape[:2] == (round(299 * ratio), round(401 * ratio))
    left, top = (int(at) for at in view._view.corner)
    assert (left, top) == view._view.corner
    x0, y0 = max(0, left), max(0, top)
    x1, y1 = min(shown.shape[1], left + 311), min(shown.shape[0], top + 220)
    part = shown[y0:y1, x0:x1, 2::-1]
    assert np.array_equal(part, pixels[y0 - top : y1 - top, x0 - left : x1 - left])
