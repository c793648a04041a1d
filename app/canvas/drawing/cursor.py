"""The cursor over the canvas: a ring of the brush's true size."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QColor, QPainter, QPen

_SMALLEST = 5.0  # px; a smaller ring could not be seen, a cross takes its place
_SMOOTH = 800.0  # px; a larger ring's steps are seldom seen, and smoothing it takes longer than the brush itself
_MARK = 4.0  # px, half the minus in an eraser's ring


class CursorRing:
    """The brush's outline, light on dark so that it is seen on any picture.

    All in the widget's pixels; ``diameter`` 0 means no ring.
    """

    def __init__(self) -> None:
        self.at: QPointF | None = None
        self.diameter = 0.0
        self.erases = False

    @property
    def visible(self) -> bool:
        """Whether the ring is large enough to stand for the pointer."""
        return self.diameter >= _SMALLEST

    def bounds(self) -> QRect:
        """What the ring covers; empty where there is none."""
        if self.at is None or not self.visible:
            return QRect()
        reach = max(self.diameter / 2, _MARK) + 3
        left, top = math.floor(self.at.x() - reach), math.floor(self.at.y() - reach)
        return QRect(left, top, math.ceil(2 * reach) + 2, math.ceil(2 * reach) + 2)

    def draw(self, painter: QPainter) -> None:
        """Paint the ring."""
        if self.at is None or not self.visible:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, self.diameter <= _SMOOTH)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        radius = self.diameter / 2
        for colour, width in ((QColor(0, 0, 0, 160), 3.0), (QColor(255, 255, 255), 1.2)):
            painter.setPen(QPen(colour, width))
            painter.drawEllipse(self.at, radius, radius)
            if self.erases and radius > 2 * _MARK:
                painter.drawLine(self.at - QPointF(_MARK, 0), self.at + QPointF(_MARK, 0))


def tool_cursor(document: bool, panning: bool, grabbing: bool, ring: bool) -> Qt.CursorShape:
    """The system cursor that fits."""
    if not document:
        return Qt.CursorShape.ArrowCursor
    if panning:
        return Qt.CursorShape.ClosedHandCursor if grabbing else Qt.CursorShape.OpenHandCursor
    return Qt.CursorShape.BlankCursor if ring else Qt.CursorShape.CrossCursor
