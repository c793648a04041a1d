from __future__ import annotations

import re

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

import resources
from app.ui.support import settings, theme
from app.ui.support.settings import Settings
from app.ui.window.appearance import Appearance
from tests.ui.conftest import Driver

# What is written on what
TEXT = (
    *(("ink", "window"), ("ink_strong", "window"), ("ink_faint", "window"), ("ink", "field"), ("ink_strong", "field")),
    *(("ink", "menu"), ("ink", "selected"), ("ink_strong", "selected"), ("ink", "hover"), ("ink", "button")),
    *(("ink", "button_hover"), ("ink", "pressed"), ("ink_strong", "checked"), ("selection_ink", "selection")),
    *(("on_accent", "accent"), ("on_accent", "accent_hover"), ("on_accent", "accent_pressed")),
    *(("float_ink", "float"), ("ink", "float"), ("ink_faint", "float"), ("ink", "banner"), ("ink", "error")),
    *(("error_ink", "window"), ("error_ink", "error"), ("error_ink", "field"), ("tooltip_ink", "tooltip")),
    *(("ink", "card"), ("ink", "card_hover"), ("ink_strong", "canvas"), ("ink_faint", "canvas"), ("ink_strong", "key")),
    *(("ink_faint", "field"), ("link", "window")),
)
# What must be seen, but is not read: focus rings, handles, icons that are off
MARKS = (("focus", "window"), ("focus", "field"), ("focus", "button"), ("focus", "float"), ("groove_full", "window"))


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """1 (the same) to 21 (black on white)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_of_black_and_white_is_21() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("name", theme.THEMES)
def test_text_can_be_read(name: str) -> None:
    palette = theme.colours(name)
    faint = {pair: round(contrast(palette[pair[0]], palette[pair[1]]), 2) for pair in TEXT}
    assert not {pair: found for pair, found in faint.items() if found < 4.5}


@pytest.mark.parametrize("name", theme.THEMES)
def test_marks_can_be_seen(name: str) -> None:
    palette = theme.colours(name)
    faint = {pair: round(contrast(palette[pair[0]], palette[pair[1]]), 2) for pair in MARKS}
    assert not {pair: found for pair, found in faint.items() if found < 3}


def test_themes_name_the_same_colours_and_the_sheet_uses_no_others() -> None:
    names = [set(theme.colours(name)) for name in theme.THEMES]
    assert names[0] == names[1]
    sheet = resources.path("theme", "window.qss").read_text(encoding="utf-8")
    assert set(re.findall(r"@([a-z_]+)", sheet)) <= names[0] | {"chevron", "check"}
    for palette in map(theme.colours, theme.THEMES):
        assert all(re.fullmatch(r"#[0-9a-f]{6}", colour) for colour in palette.values())


def test_lengths_follow_the_scale_and_hairlines_do_not() -> None:
    small, large = theme.style_sheet("dark", 1.0), theme.style_sheet("dark", 2.0)
    assert "font-size: 13px" in small
    assert "font-size: 26px" in large
    assert "border: 1px solid" in large
    assert "@" not in large


def test_icons_and_sizes_follow_a_change(qtbot: QtBot) -> None:
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    theme.apply(application, "dark", 1.0)
    window = QWidget()
    qtbot.addWidget(window)
    button, label = QPushButton(window), QLabel(window)
    theme.set_icon(button, "brush")
    theme.fix(button, 40, 30, icon=16)
    theme.set_mark(label, "brush", 20)

    def ink() -> QColor:
        image = button.icon().pixmap(32).toImage()
        found = [image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height())]
        return max(found, key=lambda colour: colour.alpha())

    assert ink().name() == theme.colours("dark")["ink"]
    theme.apply(application, "light", 1.5)
    assert ink().name() == theme.colours("light")["ink"]
    assert (button.width(), button.height(), button.iconSize().width()) == (60, 45, 24)
    assert label.pixmap().width() == 30
    theme.apply(application, "dark", 1.0)
    assert button.width() == 40


def test_the_settings_decide(qtbot: QtBot, store: Settings) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    store.set(settings.THEME, "light")
    look = Appearance(store, window)
    assert theme.current() == ("light", 1.0)
    with qtbot.waitSignal(look.changed):
        store.set(settings.SCALE, 125)
    assert theme.current() == ("light", 1.25)
    store.set(settings.THEME, "system")
    assert theme.current()[0] == theme.system_theme()
    store.set(settings.THEME, "dark")
    store.forget(settings.SCALE)
    assert theme.current() == ("dark", 1.0)


def test_the_whole_window_takes_another_look_while_it_is_open(driver: Driver, store: Settings) -> None:
    window = driver.window
    width = window.panel.width()
    store.set(settings.SCALE, 150)
    assert window.panel.width() == round(width * 1.5)
    store.set(settings.THEME, "light")
    assert window.palette().window().color().name() == theme.colours("light")["window"]
    shown = window.panel.grab().toImage().pixelColor(3, window.panel.height() // 2)
    assert shown.lightness() > 200
    store.set(settings.THEME, "dark")
    store.set(settings.SCALE, 100)
    assert window.panel.width() == width
