"""The picture view: a widget that shows a document at some zoom and position; the canvas without tools."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6 import QtGui
from PySide6.QtCore import QEvent, QPointF, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QAccessible, QColor, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from app.canvas.drawing import (
    CanvasLayers,
    CursorRing,
    Frame,
    Loader,
    Pyramid,
    SourceCross,
    SplitHandle,
    Viewport,
    draw_areas,
    draw_band,
    draw_stroke,
    share_frame,
)
from app.canvas.drops import DropWidget
from app.canvas.tools import Band
from app.document.editing import Document
from app.document.history import Target
from app.document.pixels import Box, is_empty

FIT_MARGIN = 48  # px, independent of the screen's scaling
_MARCH_MS = 120
_DASH = 4  # px of the moving outline's dashes


class PictureView(DropWidget):
    """Shows a document with its mask, an erase's preview, and the picture before. Boxes are in picture pixels."""

    zoomChanged = Signal(float)
    viewChanged = Signal()  # zoom, place or size
    contentChanged = Signal(object)  # Box that looks different, None: everything
    beforeChanged = Signal(bool)
    splitChanged = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(200, 150)
        self._loader = Loader(self)
        self._loader.arrived.connect(self._on_arrived)
        self._layers, self._view, self._frame = CanvasLayers(self._loader), Viewport(), Frame()
        self._image = share_frame(self._frame.pixels)
        self._ring, self._cross, self._split = CursorRing(), SourceCross(), SplitHandle()
        self._framed: Box | None = None
        self._march = QTimer(self, interval=_MARCH_MS)
        self._march.timeout.connect(self._on_march)

    # -- what is shown ---------------------------------------------------------------------

    @property
    def layers(self) -> CanvasLayers:
        """What is drawn, for others who show it too."""
        return self._layers

    def set_document(self, document: Document | None, pixels: Pyramid | None = None) -> None:
        """Show another document, fitted; ``pixels`` is its pyramid where that is made already."""
        gone = self._layers.let_go()
        self._layers.set_document(document, pixels)
        self._loader.tidy(gone)
        if document is not None:
            self._view.picture = document.size
            self.fit()
        self._redraw()

    def refresh(self, boxes: Iterable[Box]) -> None:
        """Pixels or mask changed inside these boxes."""
        for box in boxes:
            self._layers.update(box)
            self._redraw(box)

    def show_part(self, target: Target, box: Box) -> None:
        """A part of an edit has changed what is inside ``box``."""
        if target == "pixels":
            self.refresh([box])
        elif target == "mask":
            self.refresh_mask(box)
        else:
            self._layers.update_samples(box)
            self._redraw(box)

    def refresh_mask(self, box: Box) -> None:
        """The mask changed inside ``box``."""
        self._layers.update_mask(box)
        self._redraw(box)

    def refresh_pixels(self, box: Box) -> None:
        """Pixels, and not the mask, changed inside ``box``."""
        self._layers.update_pixels(box)
        self._redraw(box)

    def set_hole(self, mask: NDArray[np.uint8] | None) -> None:
        """The mask being erased, not to be changed any more; None when that has ended, however."""
        self._layers.set_hole(mask)
        if mask is None:
            self._loader.tidy()
        self._redraw()

    def set_frame(self, box: Box | None) -> None:
        """Draw a line around a box of the picture; None: no more."""
        self._framed = box
        self.update()

    def show_preview(self, box: Box, rgb: NDArray[np.uint8]) -> None:
        """Show the picture forming at ``box``; the overlay of the hole gives way to it."""
        self._layers.set_preview(box, rgb)
        self._redraw(box)

    def set_before(self, pixels: NDArray[np.uint8] | None) -> None:
        """The picture to compare with; None while the document's own has not changed."""
        self._layers.set_before(pixels)
        self._redraw_before()

    def keep_before(self, boxes: Iterable[Box]) -> None:
        """Pixels inside ``boxes`` are about to change: keep what is there now to compare with.

        Call it before every such change; what was kept stays. Costs what the boxes hold.
        """
        self._layers.keep_before(boxes)

    def copy_before(self) -> NDArray[Any] | None:
        """The picture before, copied, in its own depth; on any thread while nobody edits. None: it has not changed."""
        kept = self._layers.kept
        return None if kept is None else kept.whole()

    def announce(self, text: str) -> None:
        """Have a screen reader, where one runs, say something that is seen only."""
        kind = getattr(QtGui, "QAccessibleAnnouncementEvent", None)  # not before Qt 6.8
        if kind is not None:
            QAccessible.updateAccessibility(kind(self, text))

    @property
    def has_before(self) -> bool:
        """Whether a picture to compare with was given since the document was."""
        return self._layers.has_before

    def set_show_before(self, on: bool) -> None:
        """Show the picture before, without mask or preview."""
        if on != self._layers.showing_before:
            self._layers.showing_before = on
            self._redraw()
            self.beforeChanged.emit(on)

    @property
    def showing_before(self) -> bool:
        """Whether the picture before is shown."""
        return self._layers.showing_before

    def set_split(self, on: bool) -> None:
        """Show the picture before at the left of a line that can be dragged."""
        if on != self._split.on:
            self._split.on = on
            self._place_split()
            self.splitChanged.emit(on)

    @property
    def split(self) -> bool:
        """Whether before and after are shown beside each other."""
        return self._split.on

    def set_overlay_opacity(self, opacity: float) -> None:
        """How much of the picture the mask hides, 0 (nothing) to 1."""
        self._layers.overlay_opacity = opacity
        self._redraw()

    def set_overlay_colour(self, colour: QColor | tuple[int, int, int] | str) -> None:
        """The mask's colour; a name as Qt knows it, such as "#ffcc00". What is no colour changes nothing."""
        colour = QColor(*colour) if isinstance(colour, tuple) else QColor(colour)
        if colour.isValid():
            self._layers.overlay_colour = colour.red(), colour.green(), colour.blue()
            self._redraw()

    def set_background(self, colour: QColor | str) -> None:
        """The colour around the picture. What is no colour changes nothing."""
        colour = QColor(colour)
        if colour.isValid():
            self._layers.background = colour.red(), colour.green(), colour.blue()
            self._redraw()

    def set_outline(self, on: bool) -> None:
        """Whether a moving line runs around the mask."""
        self._layers.outlined = on
        self._redraw()

    # -- zoom ------------------------------------------------------------------------------

    @property
    def zoom(self) -> float:
        """Screen pixels per picture pixel."""
        return self._view.zoom

    def fit(self) -> None:
        """Show the whole picture."""
        self._view.fit(round(FIT_MARGIN * self.devicePixelRatioF()))
        self._moved()

    def set_zoom(self, zoom: float, at: QPointF | None = None) -> None:
        """Zoom about a point of the widget, its centre where None."""
        at = QPointF(self.width() / 2, self.height() / 2) if at is None else at
        ratio = self.devicePixelRatioF()
        self._view.zoom_to(zoom, at.x() * ratio, at.y() * ratio)
        self._moved()

    def zoom_step(self, direction: int) -> None:
        """To the next round zoom, in (1) or out (-1)."""
        self.set_zoom(self._view.next_stop(direction))

    def pan(self, dx: float, dy: float) -> None:
        """Move the picture by screen pixels."""
        left, top = self._view.corner
        self._view.pan(dx, dy)
        right, bottom = self._view.corner
        if self._layers.split is None:
            self._frame.scroll(right - left, bottom - top)
        else:  # the line stays where it is on the screen
            self._frame.invalidate()
        self.update()
        self.viewChanged.emit()

    def centre_on(self, x: float, y: float) -> None:
        """Bring a picture position to the middle."""
        at = self._view.to_device(x, y)
        self.pan(self._view.width / 2 - at[0], self._view.height / 2 - at[1])

    def visible_box(self) -> tuple[float, float, float, float]:
        """What the canvas shows, in picture px; reaches beyond the picture where the canvas does."""
        return *self._view.to_picture(0, 0), *self._view.to_picture(self._view.width, self._view.height)

    def to_widget(self, x: float, y: float) -> QPointF:
        """Where a picture position is in the widget."""
        ratio = self.devicePixelRatioF()
        device = self._view.to_device(x, y)
        return QPointF(device[0] / ratio, device[1] / ratio)

    # -- painting --------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._resize_frame()
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._resize_frame()

    def paintEvent(self, event: QPaintEvent) -> None:
        self._frame.flush(self._layers, self._view)
        painter = QPainter(self)
        painter.drawImage(0, 0, self._image)  # Qt cuts it to what must be painted
        band = self._band()
        if band is not None:
            self._draw_band(painter, band)
        if self._layers.split is not None and not self._layers.showing_before:
            self._split.draw(painter, self.width(), self.height())
        if self._framed is not None:
            x0, y0, x1, y1 = self._framed
            corners = [self.to_widget(*point) for point in ((x0, y0), (x1, y0), (x1, y1), (x0, y1))]
            draw_band(painter, corners, closed=True, corners=False, subtract=False)
        self._cross.draw(painter)
        self._ring.draw(painter)
        painter.end()
        if self._layers.document is not None and not self._march.isActive():
            self._march.start()

    def _draw_band(self, painter: QPainter, band: Band) -> None:
        if band.outlines:
            draw_areas(painter, band.outlines, self.to_widget, subtract=band.takes)
        if band.picked:
            draw_areas(painter, band.picked, self.to_widget, picked=True)
        points = [self.to_widget(*point) for point in band.points]
        if points and band.width:
            draw_stroke(painter, points, band.width * self._view.zoom / self.devicePixelRatioF(), band.subtract)
        elif points:
            draw_band(painter, points, closed=band.closed, corners=band.corners, subtract=band.subtract)

    def _band(self) -> Band | None:
        """The line of the selection under way."""
        return None

    @Slot()
    def _on_march(self) -> None:
        if self._frame.dirty and self.isVisible():
            return  # it is drawn anew in a moment
        box = self._frame.march()
        if box is None or not self.isVisible():
            self._march.stop()
        else:
            self._update_device(box)

    @Slot(object, object)
    def _on_arrived(self, _pyramid: Pyramid, box: Box) -> None:
        self._redraw(box, margin=2 + round(2 / min(self._view.zoom, 1.0)))

    def _resize_frame(self) -> None:
        ratio = self.devicePixelRatioF()
        width, height = max(1, round(self.width() * ratio)), max(1, round(self.height() * ratio))
        self._view.resize(width, height, round(FIT_MARGIN * ratio))
        self._frame.dash = round(_DASH * ratio)
        self._frame.resize(width, height)
        self._image = share_frame(self._frame.pixels)
        self._image.setDevicePixelRatio(ratio)
        self._place_split()
        self._moved()

    def _place_split(self) -> None:
        shown = self._split.on and self._layers.document is not None
        self._layers.split = round(self._split.x(self._view.width)) if shown else None
        self._redraw()

    def _move_split(self, at: float) -> None:
        """Put the line at a part of the width; only what lies between is drawn again."""
        before = self._layers.split
        self._split.move_to(at)
        if before is None:
            return
        now = self._layers.split = round(self._split.x(self._view.width))
        self._frame.invalidate((min(before, now) - 2, 0, max(before, now) + 2, self._view.height))
        self.update()

    def _redraw(self, box: Box | None = None, margin: int = 0) -> None:
        """Draw a box of the picture, grown by ``margin`` picture px, again; all where None."""
        if box is None:
            self._frame.invalidate()
            self.update()
            self.contentChanged.emit(None)
        elif not is_empty(box):
            # Smoothing reaches one level pixel, which is two device pixels at the most; the outline one more.
            box = box[0] - margin, box[1] - margin, box[2] + margin, box[3] + margin
            device = self._view.device_box(box, 4)
            self._frame.invalidate(device)
            self._update_device(device)
            self.contentChanged.emit(box)

    def _redraw_before(self) -> None:
        if self._layers.showing_before or self._layers.split is not None:
            self._redraw()

    def _update_device(self, box: Box) -> None:
        if not is_empty(box):
            ratio = self.devicePixelRatioF()
            left, top = int(box[0] / ratio), int(box[1] / ratio)
            self.update(left, top, int(box[2] / ratio) + 2 - left, int(box[3] / ratio) + 2 - top)

    def _moved(self) -> None:
        self._frame.invalidate()
        self.update()
        self.zoomChanged.emit(self._view.zoom)
        self.viewChanged.emit()
