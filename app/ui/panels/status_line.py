"""The status line at the foot: what is going on, the picture's size, the zoom, the device."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QWidget

from app.ui.commands import follow_tip
from app.ui.files import DragHandle


class StatusLine(QFrame):
    """At the left what is running, at the right facts."""

    def __init__(self, fit: QAction, actual: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("statusLine")
        self.setAccessibleName("Status")
        self._file, self._change, self._erase, self._engine = "", "", "", ""
        self.activity = self._label("Activity")
        self.picture_size = self._label("Picture size")
        self.zoom = self._label("Zoom")
        self.zoom.setObjectName("zoom")
        self.zoom.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.device = self._label("Device")
        self.fit, self.actual = self._button(fit, "Fit"), self._button(actual, "100%")
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 12, 0)
        row.setSpacing(6)
        self.handle = DragHandle()
        row.addWidget(self.activity, 1)
        row.addWidget(self.handle)
        row.addWidget(self._line())
        row.addWidget(self.picture_size)
        row.addWidget(self._line())
        row.addWidget(self.zoom)
        row.addWidget(self.fit)
        row.addWidget(self.actual)
        self._device_line = self._line()
        row.addWidget(self._device_line)
        row.addWidget(self.device)
        self.show_device("")

    def show_size(self, size: tuple[int, int] | None) -> None:
        """The picture's width and height, None without a picture."""
        self.picture_size.setText("No picture" if size is None else f"{size[0]} × {size[1]} px")
        for widget in (self.handle, self.zoom, self.fit, self.actual):
            widget.setEnabled(size is not None)
        self.zoom.setVisible(size is not None)

    def show_zoom(self, zoom: float) -> None:
        """Screen pixels per picture pixel."""
        percent = zoom * 100
        self.zoom.setText(f"{percent:.1f} %" if percent < 10 else f"{percent:.0f} %")

    def show_device(self, text: str) -> None:
        """What the model runs on."""
        self.device.setText(text)
        self._device_line.setVisible(bool(text))

    def show_file_work(self, text: str) -> None:
        """What is being read or written; empty when nothing is."""
        self._file = text
        self._update()

    def show_change(self, text: str) -> None:
        """What is being changed; empty when nothing is."""
        self._change = text
        self._update()

    def show_erase(self, text: str) -> None:
        """How the erase goes; empty when none runs."""
        self._erase = text
        self._update()

    def show_engine(self, text: str) -> None:
        """The model's state."""
        self._engine = text
        self._update()

    def _update(self) -> None:
        self.activity.setText(
            "   ·   ".join(part for part in (self._file, self._change or self._erase or self._engine) if part)
        )

    @staticmethod
    def _label(name: str) -> QLabel:
        label = QLabel()
        label.setAccessibleName(name)
        return label

    @staticmethod
    def _button(action: QAction, text: str) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        follow_tip(button, action)
        button.setAccessibleName(action.iconText())
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(action.trigger)
        return button

    @staticmethod
    def _line() -> QWidget:
        line = QFrame()
        line.setObjectName("line")
        line.setFixedSize(1, 14)
        return line
