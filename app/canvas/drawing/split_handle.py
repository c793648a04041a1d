"""The line between before and after, drawn over the canvas. All in the widget's pixels."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen

_REACH = 8.0  # px beside the line within which it is taken hold of
_GRIP = 14.0  # px, radius
_DARK, _LIGHT = QColor(0, 0, 0, 150), QColor(255, 255, 255)
_LABEL_MARGIN, _LABEL_PADDING = 14.0, 7.0
_STEP = 0.01  # of the width, by one press of an arrow key; ten times as much with Shift


class SplitHandle:
    """Where the picture before ends: ``at`` is a part of the canvas's width, 0 to 1."""

    def __init__(self) -> None:
        self.on = False
        self.at = 0.5
        self.grabbed = False

    def x(self, width: float) -> float:
        """The line's place on a canvas of this width."""
        return self.at * width

    def move_to(self, at: float) -> None:
        """Put the line at a part of the width, as far as the canvas goes."""
        self.at = min(max(at, 0.0), 1.0)

    def place_by_key(self, key: int, keys: Qt.KeyboardModifier) -> float | None:
        """Where an arrow key, Home or End moves the line to, as a part of the width; None where it moves nothing."""
        if not self.on:
            return None
        step = _STEP * (10 if keys & Qt.KeyboardModifier.ShiftModifier else 1)
        places = {
            Qt.Key.Key_Left.value: self.at - step,
            Qt.Key.Key_Right.value: self.at + step,
            Qt.Key.Key_Home.value: 0.0,
            Qt.Key.Key_End.value: 1.0,
        }
        return places.get(key)

    def hit(self, x: float, width: float) -> bool:
        """Whether pressing at ``x`` takes hold of the line."""
        return self.on and abs(x - self.x(width)) <= _REACH

    def draw(self, painter: QPainter, width: float, height: float) -> None:
        """The line with its grip, and what is on its sides."""
        x, middle = self.x(width), height / 2
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for colour, thick in ((_DARK, 3.0), (_LIGHT, 1.4)):
            painter.setPen(QPen(colour, thick))
            painter.drawLine(QPointF(x, 0), QPointF(x, height))
        painter.setPen(QPen(_DARK, 1))
        painter.setBrush(_LIGHT)
        painter.drawEllipse(QPointF(x, middle), _GRIP, _GRIP)
        painter.setPen(QPen(QColor(40, 40, 40), 2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        for side in (-1, 1):
            tip = QPointF(x + side * 8, middle)
            painter.drawPolyline([QPointF(x + side * 4, middle - 4), tip, QPointF(x + side * 4, middle + 4)])
        self._label(painter, "Before", x - _LABEL_MARGIN, left_of=True)
        self._label(painter, "After", x + _LABEL_MARGIN, left_of=False)

    @staticmethod
    def _label(painter: QPainter, text: str, x: float, *, left_of: bool) -> None:
        font = QFont(painter.font())
        font.setBold(True)
        painter.setFont(font)
        metrics = painter.fontMetrics()
        wide, high = metrics.horizontalAdvance(text) + 2 * _LABEL_PADDING, metrics.height() + _LABEL_PADDING
        box = QRectF(x - wide if left_of else x, _LABEL_MARGIN, wide, high)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(_DARK)
        painter.drawRoundedRect(box, 4, 4)
        painter.setPen(_LIGHT)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
