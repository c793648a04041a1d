"""The navigator: the whole picture, small, with a frame around what the canvas shows."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer, Slot
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.canvas.drawing import Frame, Viewport, share_frame
from app.canvas.picture_view import PictureView
from app.document.pixels import Box

_REFRESH_MS = 150  # a stroke or a preview need not be followed at every step
_STEP = 0.1  # of what the canvas shows, by one press of an arrow key
_ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


class Navigator(QWidget):
    """Follows a canvas: clicking or dragging moves what it shows, so do the arrow keys."""

    def __init__(self, stage: PictureView, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Navigator")
        self.setAccessibleDescription("The whole picture. Click, or use the arrow keys, to move what the canvas shows.")
        self.setToolTip("Click or drag to move what the canvas shows")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setMinimumSize(80, 60)
        self._stage, self._view, self._frame = stage, Viewport(), Frame()
        self._image = share_frame(self._frame.pixels)
        self._timer = QTimer(self, interval=_REFRESH_MS, singleShot=True)
        self._timer.timeout.connect(self.update)
        stage.viewChanged.connect(self._on_view)
        stage.contentChanged.connect(self._on_content)

    def sizeHint(self) -> QSize:
        return QSize(200, 140)

    def shown(self) -> QRectF:
        """What the canvas shows, in this widget's pixels."""
        x0, y0, x1, y1 = self._stage.visible_box()
        ratio = self.devicePixelRatioF()
        left, top = self._view.to_device(x0, y0)
        right, bottom = self._view.to_device(x1, y1)
        box = QRectF(QPointF(left / ratio, top / ratio), QPointF(right / ratio, bottom / ratio))
        return box.intersected(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))

    @Slot()
    def _on_view(self) -> None:
        self.update()

    @Slot(object)
    def _on_content(self, box: Box | None) -> None:
        if box is None:
            self._frame.invalidate()
        else:
            self._frame.invalidate(self._view.device_box(box, 4))
        if not self._timer.isActive():
            self._timer.start()

    # -- events ----------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit()

    def paintEvent(self, event: QPaintEvent) -> None:
        layers = self._stage.layers
        if layers.document is not None and self._view.picture != layers.document.size:
            self._fit()
        ratio = self.devicePixelRatioF()
        if self._image.devicePixelRatio() != ratio:
            self._fit()
        split, layers.split = layers.split, None  # a line at the canvas's pixels means nothing here
        try:
            self._frame.flush(layers, self._view)
        finally:
            layers.split = split
        painter = QPainter(self)
        painter.drawImage(0, 0, self._image)
        if layers.document is not None:
            self._draw_box(painter)
        painter.end()

    def _draw_box(self, painter: QPainter) -> None:
        shown = self.shown()
        ratio, (x0, y0, x1, y1) = self.devicePixelRatioF(), self._view.picture_box()
        painter.setClipRect(QRectF(x0 / ratio, y0 / ratio, (x1 - x0) / ratio, (y1 - y0) / ratio))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(0, 0, 0, 110))
        whole = QRectF(self.rect())
        for side in (
            QRectF(whole.left(), whole.top(), whole.width(), shown.top()),
            QRectF(whole.left(), shown.bottom(), whole.width(), whole.bottom() - shown.bottom()),
            QRectF(whole.left(), shown.top(), shown.left(), shown.height()),
            QRectF(shown.right(), shown.top(), whole.right() - shown.right(), shown.height()),
        ):
            painter.drawRect(side)
        painter.setClipping(False)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for colour, thick in ((QColor(0, 0, 0, 160), 3.0), (QColor(255, 255, 255), 1.0)):
            pen = QPen(colour, thick)
            pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
            painter.setPen(pen)
            painter.drawRect(shown)
        if self.hasFocus():
            painter.setPen(QPen(self.palette().highlight().color(), 2))
            painter.drawRect(whole.adjusted(1, 1, -1, -1))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.mouseMoveEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton and self._stage.layers.document is not None:
            at = event.position() * self.devicePixelRatioF()
            self._stage.centre_on(*self._view.to_picture(at.x(), at.y()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() not in _ARROWS or self._stage.layers.document is None:
            super().keyPressEvent(event)
            return
        x, y = _ARROWS[Qt.Key(event.key())]
        ratio = self._stage.devicePixelRatioF()
        self._stage.pan(-x * _STEP * self._stage.width() * ratio, -y * _STEP * self._stage.height() * ratio)

    def _fit(self) -> None:
        ratio = self.devicePixelRatioF()
        width, height = max(1, round(self.width() * ratio)), max(1, round(self.height() * ratio))
        document = self._stage.layers.document
        if document is not None:
            self._view.picture = document.size
        self._view.resize(width, height, 0)
        self._view.fit(0)
        self._frame.resize(width, height)
        self._image = share_frame(self._frame.pixels)
        self._image.setDevicePixelRatio(ratio)
