"""The viewport: zoom and position, and the mapping between picture and device pixels."""

from __future__ import annotations

import math

from app.document.pixels import Box

ZOOM_MIN, ZOOM_MAX = 0.02, 20.0
SMOOTH_BELOW = 4.0  # from here on pixels are shown as squares
GRID_FROM = 16.0
STOPS = (
    *(0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.25, 1 / 3, 0.5, 2 / 3),
    *(1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 20.0),
)
_KEEP = 48  # px of the picture that stay on the canvas however far it is panned


class Viewport:
    """Zoom and position of a picture on a canvas, both measured in device pixels.

    ``zoom`` is device pixels per picture pixel. The picture's corner is always shown at a whole
    device pixel (``corner``), so that redrawing a part gives the same pixels as redrawing all.
    """

    def __init__(self) -> None:
        self.width, self.height = 1, 1
        self.picture = (1, 1)  # width, height
        self.zoom = 1.0
        self.fitted = True  # stays fitted when the canvas changes size
        self._x, self._y = 0.0, 0.0

    @property
    def corner(self) -> tuple[int, int]:
        """Device position of the picture's upper left corner."""
        return math.floor(self._x + 0.5), math.floor(self._y + 0.5)

    def to_picture(self, x: float, y: float) -> tuple[float, float]:
        """Device position to picture position (a pixel's centre is at +0.5)."""
        left, top = self.corner
        return (x - left) / self.zoom, (y - top) / self.zoom

    def to_device(self, x: float, y: float) -> tuple[float, float]:
        """Picture position to device position."""
        left, top = self.corner
        return left + x * self.zoom, top + y * self.zoom

    def device_box(self, box: Box, margin: int = 0) -> Box:
        """The device pixels that ``box`` of the picture touches, cut to the canvas; may be empty."""
        x0, y0 = self.to_device(box[0], box[1])
        x1, y1 = self.to_device(box[2], box[3])
        return (
            max(0, math.floor(x0) - margin),
            max(0, math.floor(y0) - margin),
            min(self.width, math.ceil(x1) + margin),
            min(self.height, math.ceil(y1) + margin),
        )

    def picture_box(self) -> Box:
        """The device pixels that show the picture, not cut to the canvas."""
        left, top = self.corner
        width, height = (max(1, math.floor(n * self.zoom + 0.5)) for n in self.picture)
        return left, top, left + width, top + height

    def resize(self, width: int, height: int, margin: int) -> None:
        """The canvas has another size: what was at its centre stays there, a fitted picture is fitted."""
        self._x += (max(1, width) - self.width) / 2
        self._y += (max(1, height) - self.height) / 2
        self.width, self.height = max(1, width), max(1, height)
        if self.fitted:
            self.fit(margin)
        self._keep_in_sight()

    def fit(self, margin: int) -> None:
        """Show the whole picture with ``margin`` device pixels around it."""
        room_x, room_y = max(1, self.width - 2 * margin), max(1, self.height - 2 * margin)
        zoom = min(room_x / self.picture[0], room_y / self.picture[1])
        self.zoom = min(max(zoom, ZOOM_MIN), ZOOM_MAX)
        self.centre()
        self.fitted = True

    def centre(self) -> None:
        """Put the picture's centre at the canvas's."""
        self._x = (self.width - self.picture[0] * self.zoom) / 2
        self._y = (self.height - self.picture[1] * self.zoom) / 2

    def zoom_to(self, zoom: float, x: float, y: float) -> None:
        """Zoom so that the picture point at device position (x, y) stays where it is."""
        zoom = min(max(zoom, ZOOM_MIN), ZOOM_MAX)
        ratio = zoom / self.zoom
        self._x, self._y = x - (x - self._x) * ratio, y - (y - self._y) * ratio
        self.zoom, self.fitted = zoom, False
        self._keep_in_sight()

    def next_stop(self, direction: int) -> float:
        """The next round zoom above (``direction`` 1) or below (-1) the present one."""
        if direction > 0:
            return next((stop for stop in STOPS if stop > self.zoom * 1.001), ZOOM_MAX)
        return next((stop for stop in reversed(STOPS) if stop < self.zoom / 1.001), ZOOM_MIN)

    def pan(self, dx: float, dy: float) -> None:
        """Move the picture by device pixels."""
        self._x, self._y, self.fitted = self._x + dx, self._y + dy, False
        self._keep_in_sight()

    def _keep_in_sight(self) -> None:
        width, height = self.picture[0] * self.zoom, self.picture[1] * self.zoom
        keep_x, keep_y = min(_KEEP, width, self.width), min(_KEEP, height, self.height)
        self._x = min(max(self._x, keep_x - width), self.width - keep_x)
        self._y = min(max(self._y, keep_y - height), self.height - keep_y)
