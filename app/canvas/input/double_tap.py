"""Two taps of a pen or a finger that belong together: Qt tells double clicks of the mouse only."""

from __future__ import annotations

import math

from PySide6.QtGui import QGuiApplication

_NEAR = 12.0  # device px that the second tap may lie beside the first: pens and fingers aim worse than mice


class Taps:
    """Remembers the last tap."""

    def __init__(self) -> None:
        self._time: int | None = None
        self._place = (0.0, 0.0)

    def again(self, time: int, place: tuple[float, float]) -> bool:
        """Whether a tap at ``time`` in ms and ``place`` in device px is the second of two; a third begins anew."""
        within = QGuiApplication.styleHints().mouseDoubleClickInterval()
        second = self._time is not None and 0 <= time - self._time <= within and math.dist(place, self._place) <= _NEAR
        self._time, self._place = None if second else time, place
        return second
