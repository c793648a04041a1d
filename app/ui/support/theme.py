"""The theme: one style sheet, a palette file each for light and dark, icons in its ink, lengths by the UI scale.

Icons and fixed sizes are given to widgets through this module, which remembers them as properties
of the widget, so that another theme or scale can be put on while the window is open.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Protocol

from PySide6.QtCore import QByteArray, QObject, QSize, Qt
from PySide6.QtGui import QAction, QColor, QGuiApplication, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QWidget

import resources

THEMES = ("dark", "light")
SCALES = (0.75, 2.0)  # the range of the UI scale
_SIZES = (16, 20, 24, 32, 40, 48, 64)
_ICON, _ROLE, _SIZE, _FIXED, _ICON_SIZE = "themeIcon", "themeRole", "themeSize", "themeFixed", "themeIconSize"

_ROLES = {
    QPalette.ColorRole.Window: "window",
    QPalette.ColorRole.WindowText: "ink",
    QPalette.ColorRole.Base: "field",
    QPalette.ColorRole.AlternateBase: "card",
    QPalette.ColorRole.Text: "ink",
    QPalette.ColorRole.PlaceholderText: "ink_faint",
    QPalette.ColorRole.Button: "button",
    QPalette.ColorRole.ButtonText: "ink",
    QPalette.ColorRole.BrightText: "ink_strong",
    QPalette.ColorRole.ToolTipBase: "tooltip",
    QPalette.ColorRole.ToolTipText: "tooltip_ink",
    QPalette.ColorRole.Highlight: "selection",
    QPalette.ColorRole.HighlightedText: "selection_ink",
    QPalette.ColorRole.Link: "link",
    QPalette.ColorRole.Light: "button_hover",
    QPalette.ColorRole.Mid: "line",
    QPalette.ColorRole.Dark: "border",
    QPalette.ColorRole.Shadow: "border",
}


class _HasIcon(Protocol):
    """An action or a button."""

    def setIcon(self, icon: QIcon, /) -> None: ...
    def setProperty(self, name: str, value: object, /) -> bool: ...


class _Look:
    """What is on at present."""

    name = "dark"
    scale = 1.0


@cache
def colours(name: str) -> dict[str, str]:
    """The palette of a theme: names of its colours to ``#rrggbb``."""
    found: dict[str, str] = json.loads(resources.path("theme", f"{name}.json").read_text(encoding="utf-8"))
    return found


def colour(role: str) -> str:
    """A colour of the theme that is on, ``#rrggbb``."""
    return colours(_Look.name)[role]


def current() -> tuple[str, float]:
    """The theme that is on and the UI scale."""
    return _Look.name, _Look.scale


def px(length: float) -> int:
    """A length of the design in pixels at the UI scale."""
    return max(1, round(length * _Look.scale))


def system_theme() -> str:
    """The theme the system asks for; dark where it does not say."""
    scheme = QGuiApplication.styleHints().colorScheme()
    return "light" if scheme is Qt.ColorScheme.Light else "dark"


def style_sheet(name: str, scale: float) -> str:
    """The window's style sheet in a theme's colours; hairlines of 1 px stay what they are."""
    folder = resources.path("theme")
    names = {
        **colours(name),
        "chevron": (folder / f"chevron-down-{name}.svg").as_posix(),
        "check": (folder / "check.svg").as_posix(),
    }

    def length(found: re.Match[str]) -> str:
        value = int(found.group(1))
        return f"{value if abs(value) <= 1 else round(value * scale)}px"

    sheet = re.sub(r"(-?\d+)px", length, (folder / "window.qss").read_text(encoding="utf-8"))
    return re.sub(r"@([a-z_]+)", lambda found: names[found.group(1)], sheet)


def apply(application: QApplication, name: str = "dark", scale: float = 1.0) -> None:
    """Give the whole application a look, also the windows that are open. ``scale``: 0.75 to 2."""
    _Look.name, _Look.scale = name, scale
    application.setStyle("Fusion")
    palette = QPalette()
    for role, key in _ROLES.items():
        palette.setColor(role, QColor(colour(key)))
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(colour("ink_disabled")))
    application.setPalette(palette)
    application.setStyleSheet(style_sheet(name, scale))
    application.setWindowIcon(icon("wand-sparkles", "accent"))
    for window in application.topLevelWidgets():
        for thing in (window, *window.findChildren(QObject)):
            _renew(thing)


def set_icon(target: _HasIcon, name: str, role: str = "ink") -> None:
    """Give an action or a button the icon of that name, in the theme's colour of that role from now on."""
    target.setProperty(_ICON, name)
    target.setProperty(_ROLE, role)
    target.setIcon(icon(name, role))


def set_mark(label: QLabel, name: str, size: int, role: str = "ink") -> None:
    """Show an icon of ``size`` px on a label, in the theme's colour of that role from now on."""
    for key, value in ((_ICON, name), (_ROLE, role), (_SIZE, size)):
        label.setProperty(key, value)
    label.setPixmap(_pixmap(name, px(size), colour(role), label.devicePixelRatioF()))


def fix(widget: QWidget, width: int = 0, height: int = 0, icon: int = 0) -> None:
    """Fix a widget's size, and a button's icon's, in px of the design; 0 leaves it free."""
    widget.setProperty(_FIXED, QSize(width, height))
    widget.setProperty(_ICON_SIZE, icon)
    _fit(widget)


def icon(name: str, role: str = "ink") -> QIcon:
    """The icon of that name in a colour of the theme that is on, fainter where disabled."""
    return _icon(name, colour(role), colour("ink_disabled"))


@cache
def _icon(name: str, ink: str, disabled: str) -> QIcon:
    result = QIcon()
    for mode, mode_ink in ((QIcon.Mode.Normal, ink), (QIcon.Mode.Disabled, disabled)):
        for size in _SIZES:
            result.addPixmap(_pixmap(name, size, mode_ink), mode)
    return result


def _pixmap(name: str, size: int, ink: str, ratio: float = 1.0) -> QPixmap:
    source = resources.path("icons", f"{name}.svg").read_text(encoding="utf-8")
    renderer = QSvgRenderer(QByteArray(source.replace("currentColor", ink).encode()))
    result = QPixmap(QSize(size, size) * ratio)
    result.fill(Qt.GlobalColor.transparent)
    painter = QPainter(result)
    renderer.render(painter)
    painter.end()
    result.setDevicePixelRatio(ratio)
    return result


def _renew(thing: QObject) -> None:
    name = thing.property(_ICON)
    if name and isinstance(thing, QLabel):
        set_mark(thing, name, int(thing.property(_SIZE)), thing.property(_ROLE))
    elif name and isinstance(thing, QAction | QAbstractButton):
        thing.setIcon(icon(name, thing.property(_ROLE)))
    if isinstance(thing, QWidget) and thing.property(_FIXED) is not None:
        _fit(thing)


def _fit(widget: QWidget) -> None:
    size = widget.property(_FIXED)
    if size.width():
        widget.setFixedWidth(px(size.width()))
    if size.height():
        widget.setFixedHeight(px(size.height()))
    if icon_size := int(widget.property(_ICON_SIZE)):
        assert isinstance(widget, QAbstractButton)
        widget.setIconSize(QSize(px(icon_size), px(icon_size)))
