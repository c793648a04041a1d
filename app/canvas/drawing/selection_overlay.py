"""What a selection under way looks like over the canvas: its line, its stroke, the areas found."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF

from app.document.mask import Outlines

_LIGHT = QColor(255, 255, 255)
_CORNER = 3.5  # px, half a corner's mark
_DARK = QColor(0, 0, 0, 170)
_BRUSHED, _BRUSHED_AWAY = QColor(90, 170, 255, 90), QColor(255, 90, 90, 90)
_FOUND, _FOUND_AWAY = QColor(90, 170, 255, 110), QColor(255, 90, 90, 110)
_PICKED = QColor(255, 210, 60)


def draw_stroke(painter: QPainter, points: list[QPointF], width: float, subtract: bool) -> None:
    """A stroke that is no mask yet, ``width`` px wide; a red one takes away."""
    pen = QPen(_BRUSHED_AWAY if subtract else _BRUSHED, max(width, 2.0))
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPolyline(QPolygonF([*points, points[-1]]))


def draw_areas(
    painter: QPainter,
    outlines: Outlines,
    place: Callable[[float, float], QPointF],
    *,
    subtract: bool = False,
    picked: bool = False,
) -> None:
    """Areas found, not masked yet, by their outlines in picture px; ``place`` answers where in the widget that is.

    Red is taken away; ``picked`` marks one among others, by its outline only.
    """
    path = QPainterPath()
    for line in outlines:
        path.addPolygon(QPolygonF([place(float(x), float(y)) for x, y in line]))
        path.closeSubpath()
    fill = _FOUND_AWAY if subtract else _FOUND
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush if picked else fill)
    painter.setPen(QPen(_DARK, 3.5 if picked else 2.6))
    painter.drawPath(path)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(_PICKED if picked else _LIGHT, 2.0 if picked else 1.2))
    painter.drawPath(path)


def draw_band(painter: QPainter, points: list[QPointF], *, closed: bool, corners: bool, subtract: bool) -> None:
    """A selection's line, dashed light on dark and not smoothed: crisp at any scaling.

    ``corners`` marks the points, the first one larger; a red one takes away.
    """
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    dark, light = (QColor(150, 0, 0), QColor(255, 200, 200)) if subtract else (QColor(0, 0, 0), _LIGHT)
    shape = QPolygonF(points)
    for colour, style in ((dark, Qt.PenStyle.SolidLine), (light, Qt.PenStyle.CustomDashLine)):
        pen = QPen(colour, 1, style)
        if style == Qt.PenStyle.CustomDashLine:
            pen.setDashPattern([4, 4])
        painter.setPen(pen)
        if closed:
            painter.drawPolygon(shape)
        else:
            painter.drawPolyline(shape)
    if corners:
        painter.setPen(QPen(dark, 1))
        painter.setBrush(light)
        for index, point in enumerate(points[:-1] if len(points) > 1 else points):
            half = _CORNER if index else _CORNER + 1.5
            painter.drawRect(QRectF(point.x() - half, point.y() - half, 2 * half, 2 * half))
