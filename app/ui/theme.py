"""The look: neutral dark greys, so that nothing around the picture colours the eye; icons in that grey."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QByteArray, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

import resources

INK, INK_FAINT, INK_ON_ACCENT = "#d8d8d8", "#6f6f6f", "#1c1c1c"
_SIZES = (16, 20, 24, 32, 40, 48, 64)

_PALETTE = {
    QPalette.ColorRole.Window: "#2b2b2b",
    QPalette.ColorRole.WindowText: INK,
    QPalette.ColorRole.Base: "#212121",
    QPalette.ColorRole.AlternateBase: "#2f2f2f",
    QPalette.ColorRole.Text: INK,
    QPalette.ColorRole.PlaceholderText: "#8a8a8a",
    QPalette.ColorRole.Button: "#3a3a3a",
    QPalette.ColorRole.ButtonText: INK,
    QPalette.ColorRole.BrightText: "#ffffff",
    QPalette.ColorRole.ToolTipBase: "#3c3c3c",
    QPalette.ColorRole.ToolTipText: "#eeeeee",
    QPalette.ColorRole.Highlight: "#5c5c5c",
    QPalette.ColorRole.HighlightedText: "#ffffff",
    QPalette.ColorRole.Link: "#e6c765",
    QPalette.ColorRole.Light: "#4a4a4a",
    QPalette.ColorRole.Mid: "#242424",
    QPalette.ColorRole.Dark: "#1a1a1a",
    QPalette.ColorRole.Shadow: "#101010",
}


def apply(application: QApplication) -> None:
    """Give the whole application its look."""
    application.setStyle("Fusion")
    palette = QPalette()
    for role, colour in _PALETTE.items():
        palette.setColor(role, QColor(colour))
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(INK_FAINT))
    application.setPalette(palette)
    sheet = resources.path("theme", "dark.qss").read_text(encoding="utf-8")
    application.setStyleSheet(sheet.replace("{theme}", resources.path("theme").as_posix()))
    application.setWindowIcon(icon("wand-sparkles", "#ffcc00"))


@cache
def icon(name: str, colour: str = INK) -> QIcon:
    """The icon of that name in ``colour``, fainter where disabled."""
    result = QIcon()
    for mode, ink in ((QIcon.Mode.Normal, colour), (QIcon.Mode.Disabled, INK_FAINT)):
        for size in _SIZES:
            result.addPixmap(pixmap(name, size, ink), mode)
    return result


def pixmap(name: str, size: int, colour: str = INK, ratio: float = 1.0) -> QPixmap:
    """The icon of that name as ``size`` px square, ``ratio`` times as many pixels."""
    source = resources.path("icons", f"{name}.svg").read_text(encoding="utf-8")
    renderer = QSvgRenderer(QByteArray(source.replace("currentColor", colour).encode()))
    result = QPixmap(QSize(size, size) * ratio)
    result.fill(Qt.GlobalColor.transparent)
    painter = QPainter(result)
    renderer.render(painter)
    painter.end()
    result.setDevicePixelRatio(ratio)
    return result
