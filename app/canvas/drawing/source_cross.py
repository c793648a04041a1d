"""The cross over the place that a clone or heal brush copies from."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QColor, QPainter, QPen

_ARM = 9.0  # px
_GAP = 3.0  # px left free about the middle


class SourceCross:
    """Light on dark so that it is seen on any picture. All in the widget's pixels; ``at`` None means no cross."""

    def __init__(self) -> None:
        self.at: QPointF | None = None

    def bounds(self) -> QRect:
        """What the cross covers; empty where there is none."""
        if self.at is None:
            return QRect()
        reach = math.ceil(_ARM) + 3
        return QRect(math.floor(self.at.x()) - reach, math.floor(self.at.y()) - reach, 2 * reach + 1, 2 * reach + 1)

    def draw(self, painter: QPainter) -> None:
        """Paint the cross."""
        if self.at is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        arms = ((-1, 0), (1, 0), (0, -1), (0, 1))
        for colour, width in ((QColor(0, 0, 0, 160), 3.4), (QColor(255, 255, 255), 1.4)):
            painter.setPen(QPen(colour, width))
            for x, y in arms:
                painter.drawLine(self.at + QPointF(x, y) * _GAP, self.at + QPointF(x, y) * _ARM)
            painter.drawEllipse(self.at, 0.7, 0.7)
