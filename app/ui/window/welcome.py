"""The welcome page, before a picture is open: how to open one, and some samples."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QIcon, QImage, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout

from app.canvas.drops import DropWidget
from app.ui.commands import follow_tip
from app.ui.support import theme

THUMBNAIL = (168, 112)


class Welcome(DropWidget):
    """The empty state; takes files that are dropped on it."""

    sampleChosen = Signal(object)  # Path

    def __init__(self, samples: list[Path], open_action: QAction) -> None:
        super().__init__()
        self.setObjectName("welcome")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        picture = QLabel()
        theme.set_mark(picture, "image-plus", 56, "ink_faint")
        title = QLabel("Drop a picture here")
        title.setObjectName("title")
        text = QLabel("or open one to brush something out of it. It stays on this computer.")
        text.setObjectName("faint")
        text.setWordWrap(True)
        text.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.open_button = QPushButton(" Open a picture…")
        self.open_button.setObjectName("primary")
        theme.set_icon(self.open_button, "folder-open", "on_accent")
        theme.fix(self.open_button, icon=16)
        follow_tip(self.open_button, open_action)
        self.open_button.clicked.connect(open_action.trigger)
        column = QVBoxLayout(self)
        column.setSpacing(8)
        column.addStretch(3)
        for widget, gap in ((picture, 6), (title, 0), (text, 12), (self.open_button, 0)):
            column.addWidget(widget, 0, Qt.AlignmentFlag.AlignHCenter if widget is not text else Qt.AlignmentFlag(0))
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

    def fit_samples(self) -> None:
        """Show the samples at the UI scale that is on."""
        for button in self.samples.values():
            button.setIconSize(QSize(theme.px(THUMBNAIL[0]), theme.px(THUMBNAIL[1])))

    def _sample(self, path: Path) -> QToolButton:
        name = sample_title(path)
        button = QToolButton()
        button.setObjectName("sample")
        button.setText(name)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        empty = QPixmap(*THUMBNAIL)
        empty.fill(Qt.GlobalColor.transparent)
        button.setIcon(QIcon(empty))  # nothing moves when the picture comes
        button.setAccessibleName(f"Open the sample picture {name}")
        button.setToolTip(f"Open the sample picture {name}")
        button.clicked.connect(lambda: self.sampleChosen.emit(path))
        self.samples[path] = button
        self.fit_samples()
        return button


def sample_title(path: Path) -> str:
    """A sample's name to read: ``old-pier.jpg`` is "Old pier"."""
    return path.stem.replace("-", " ").replace("_", " ").capitalize()
