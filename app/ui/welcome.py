"""What is there before a picture is: how to open one, and some to try."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon, QImage, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from app.canvas.drops import DropWidget
from app.ui import theme

THUMBNAIL = (168, 112)


class Welcome(DropWidget):
    """The empty state; takes files that are dropped on it."""

    openRequested = Signal()
    sampleChosen = Signal(object)  # Path

    def __init__(self, samples: list[Path], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("welcome")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        picture = QLabel()
        picture.setPixmap(theme.pixmap("image-plus", 56, "#7d7d7d", self.devicePixelRatioF()))
        title = QLabel("Drop a picture here")
        title.setObjectName("title")
        text = QLabel("or open one to brush something out of it. It stays on this computer.")
        text.setObjectName("faint")
        self.open_button = QPushButton(" Open a picture…")
        self.open_button.setObjectName("primary")
        self.open_button.setIcon(theme.icon("folder-open", theme.INK_ON_ACCENT))
        self.open_button.setToolTip("Open a picture  (Ctrl+O)")
        self.open_button.clicked.connect(self.openRequested)
        column = QVBoxLayout(self)
        column.setSpacing(8)
        column.addStretch(3)
        for widget, gap in ((picture, 6), (title, 0), (text, 12), (self.open_button, 0)):
            column.addWidget(widget, 0, Qt.AlignmentFlag.AlignHCenter)
            column.addSpacing(gap)
        self.samples: dict[Path, QToolButton] = {}
        if samples:
            column.addSpacing(36)
            caption = QLabel("No picture at hand? Try one of these:")
            caption.setObjectName("faint")
            column.addWidget(caption, 0, Qt.AlignmentFlag.AlignHCenter)
            column.addSpacing(4)
            row = QHBoxLayout()
            row.setSpacing(14)
            row.addStretch(1)
            for path in samples:
                row.addWidget(self._sample(path))
            row.addStretch(1)
            column.addLayout(row)
        column.addStretch(4)

    def set_thumbnail(self, path: Path, image: QImage) -> None:
        """The small picture of a sample."""
        self.samples[path].setIcon(QIcon(QPixmap.fromImage(image)))

    def _sample(self, path: Path) -> QToolButton:
        name = sample_title(path)
        button = QToolButton()
        button.setObjectName("sample")
        button.setText(name)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        button.setIconSize(QSize(*THUMBNAIL))
        button.setAccessibleName(f"Open the sample picture {name}")
        button.setToolTip(f"Open the sample picture {name}")
        button.clicked.connect(lambda: self.sampleChosen.emit(path))
        self.samples[path] = button
        return button


def sample_title(path: Path) -> str:
    """A sample's name to read: ``old-pier.jpg`` is "Old pier"."""
    return path.stem.replace("-", " ").replace("_", " ").capitalize()
