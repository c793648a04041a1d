"""The list of commands, the keys, and that every command is reachable."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

import resources
from app.ui.commands.actions import native, normal
from app.ui.commands.fuzzy import score
from app.ui.commands.palette import CommandList
from app.ui.commands.table import COMMANDS, MENUS
from app.ui.dialogs.shortcuts import ShortcutEditor
from app.ui.support import settings
from app.ui.support.settings import Settings
from tests.ui.conftest import Driver

# The platform without a screen says so of every dialog
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

TEXTS = st.text(st.sampled_from("abcde -"), max_size=20)


# -- the table ----------------------------------------------------------------------------


def test_every_command_has_all_it_needs() -> None:
    names = [command.id for command in COMMANDS]
    assert len(set(names)) == len(names)
    for command in COMMANDS:
        assert command.menu in MENUS
        assert command.keys, f"{command.id} has no shortcut"
        assert command.help
        assert "&" in command.text
        assert not command.icon or resources.path("icons", f"{command.icon}.svg").exists()


def test_no_two_commands_have_the_same_keys() -> None:
    keys = [key for command in COMMANDS for key in normal(command.keys)]
    assert sorted(keys) == sorted(set(keys))


def test_underlined_letters_differ_within_a_menu() -> None:
    for menu in MENUS:
        letters = [command.text.split("&")[1][0].lower() for command in COMMANDS if command.menu == menu]
        letters += ["r"] if menu == "&File" else []  # Open Recent
        assert sorted(letters) == sorted(set(letters)), menu


def test_every_command_is_in_a_menu_with_tooltip_and_shortcut(driver: Driver) -> None:
    listed = [action for menu in driver.window.actions_.menus.values() for action in menu.actions()]
    for command in COMMANDS:
        action = driver.window.actions_[command.id]
        assert action in listed
        assert action.toolTip().startswith(command.name)
        assert not action.shortcut().isEmpty()
        assert action.statusTip() == command.help
        assert action.receivers("2triggered(bool)") + action.receivers("2toggled(bool)") > 0, (
            f"{command.id} does nothing"
        )


def test_every_tooltip_names_the_keys_there_are_now(driver: Driver, photo: Path) -> None:
    driver.open(photo)
    window, do = driver.window, driver.window.actions_
    names = ("open", "fit", "actual", "erase", "again", "live", "options", "history", "tool_brush")
    before = {name: f"({native(do[name])})" for name in names}
    do.set_keys({name: (f"Ctrl+Alt+F{number}",) for number, name in enumerate(names, 1)})
    tabs = window.panel.tabs
    tips = [widget.toolTip() for widget in window.findChildren(QWidget)]
    tips += [tabs.tabToolTip(index) for index in range(tabs.count())]
    for name, keys in before.items():
        assert not [tip for tip in tips if keys in tip], f"{name} is said to have the keys {keys}"
        assert [tip for tip in tips if f"({native(do[name])})" in tip], f"no tooltip says the keys of {name}"


# -- searching ----------------------------------------------------------------------------


def test_letters_in_order_are_found_and_word_starts_win() -> None:
    assert score("zi", "Zoom In") is not None
    assert score("iz", "Zoom In") is None
    assert score("in zo", "Zoom In") is not None, "the order of words does not matter"
    better, worse = score("mask", "Invert Mask"), score("mask", "Make a sketch")
    assert better is not None
    assert worse is not None
    assert better > worse


@given(TEXTS, TEXTS)
def test_score_says_whether_the_letters_are_there(query: str, text: str) -> None:
    def inside(word: str) -> bool:
        rest = iter(text)
        return all(letter in rest for letter in word)

    assert (score(query, text) is not None) == all(inside(word) for word in query.split())


@given(TEXTS)
def test_a_text_finds_itself(text: str) -> None:
    assert score(text, text) is not None


@pytest.fixture
def found(driver: Driver, photo: Path, store: Settings) -> CommandList:
    driver.open(photo)
    dialog = CommandList(driver.window, driver.window.actions_, store)
    driver.qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def test_type_and_return_runs_a_command(driver: Driver, found: CommandList, store: Settings) -> None:
    driver.qtbot.keyClicks(found.search, "invert")
    assert found.names()[0] == "invert_mask"
    driver.qtbot.keyClick(found.search, Qt.Key.Key_Return)
    assert not found.isVisible()
    driver.qtbot.waitUntil(lambda: bool(driver.document.mask.all()))
    assert store.get(settings.RECENT_COMMANDS) == ["invert_mask"]
    again = CommandList(driver.window, driver.window.actions_, store)
    driver.qtbot.addWidget(again)
    assert again.names()[0] == "invert_mask", "what was run last comes first"


def test_the_list_is_walked_with_the_arrows(driver: Driver, found: CommandList) -> None:
    driver.qtbot.keyClicks(found.search, "zoom")
    assert found.names()[:2] == ["zoom_in", "zoom_out"]
    before = driver.window.view.zoom
    driver.qtbot.keyClick(found.search, Qt.Key.Key_Down)
    driver.qtbot.keyClick(found.search, Qt.Key.Key_Return)
    driver.qtbot.waitUntil(lambda: driver.window.view.zoom < before)


def test_what_cannot_be_done_now_comes_last_and_does_nothing(driver: Driver, found: CommandList) -> None:
    assert found.names().index("keep") > found.names().index("quit")
    item = found.list.topLevelItem(found.names().index("keep"))
    assert item is not None
    found.list.setCurrentItem(item)
    driver.qtbot.keyClick(found.search, Qt.Key.Key_Return)
    assert found.isVisible()


def test_nothing_found_is_no_error(driver: Driver, found: CommandList) -> None:
    found.search.setText("xyzzy")
    assert found.names() == []
    driver.qtbot.keyClick(found.search, Qt.Key.Key_Return)


def test_it_is_opened_by_its_key(driver: Driver) -> None:
    driver.window.actions_.find.trigger()
    dialogs = driver.window.findChildren(CommandList)
    assert len(dialogs) == 1
    shown = dialogs[0].list.topLevelItem(0)
    assert shown is not None
    assert shown.text(1), "shortcuts are shown"
    dialogs[0].close()


# -- shortcuts ----------------------------------------------------------------------------


@pytest.fixture
def editor(driver: Driver) -> ShortcutEditor:
    dialog = ShortcutEditor(driver.window, driver.window.actions_)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    driver.qtbot.addWidget(dialog)
    return dialog


def test_a_shortcut_is_changed_and_remembered(driver: Driver, editor: ShortcutEditor, store: Settings) -> None:
    do: QAction = driver.window.actions_["grow_mask"]
    editor.choose("grow_mask")
    editor.edit.setFocus()
    driver.qtbot.keyClick(editor.edit, Qt.Key.Key_J, Qt.KeyboardModifier.ControlModifier)
    assert editor.keys["grow_mask"] == ("Ctrl+J",)
    assert do.shortcut().toString() == "Shift+G", "not before OK"
    editor.accept()
    assert do.shortcut().toString() == "Ctrl+J"
    assert do.toolTip() == "Grow  (Ctrl+J)"
    assert json.loads(store.get(settings.SHORTCUTS)) == {"grow_mask": ["Ctrl+J"]}
    again = ShortcutEditor(driver.window, driver.window.actions_)
    driver.qtbot.addWidget(again)
    assert again.keys["grow_mask"] == ("Ctrl+J",)
    again.choose("grow_mask")
    again.reset_button.click()
    again.accept()
    assert do.shortcut().toString() == "Shift+G"
    assert json.loads(store.get(settings.SHORTCUTS)) == {}


def test_conflicts_are_shown_and_cannot_be_confirmed(editor: ShortcutEditor) -> None:
    editor.choose("save")
    editor.change(("Ctrl+O",))
    assert editor.conflicts() == {"Ctrl+O": ["open", "save"]}
    assert "“Open” and “Save”" in editor.conflict.text()
    assert not editor.ok.isEnabled()
    editor.clear_button.click()
    assert not editor.keys["save"]
    assert editor.ok.isEnabled()
    editor.choose("open")
    editor.change(("Ctrl+P",))
    editor.reset_all.click()
    assert editor.keys["open"] == ("Ctrl+O",)
    assert editor.keys["save"] == ("Ctrl+S",)


def test_the_editor_finds_commands_and_keys(editor: ShortcutEditor) -> None:
    def shown() -> list[str]:
        flag = Qt.MatchFlag.MatchContains | Qt.MatchFlag.MatchRecursive
        items = editor.tree.findItems("", flag)
        return [item.text(0) for item in items if item.parent() is not None and not item.isHidden()]

    editor.search.setText("ctrl+shift+p")
    assert shown() == ["Find a Command"]
    editor.search.setText("feather")
    assert shown()[0] == "Feather"


def test_shortcuts_in_a_damaged_file_are_ignored(driver: Driver, store: Settings) -> None:
    for text in ("{", "[1]", '{"save": 5}', '{"gone": ["A"]}'):
        store.set(settings.SHORTCUTS, text)
        driver.window.actions_.set_keys({name: driver.window.actions_.keys(name) for name in ("save",)})
        assert driver.window.actions_.save.shortcut().toString() == "Ctrl+S"


def test_a_shortcut_from_the_settings_is_on_at_the_start(driver: Driver, store: Settings) -> None:
    from app.ui.support.messages import Messages
    from app.ui.window.main_window import MainWindow
    from tests.ui.fake_engine import FakeEngine

    store.set(settings.SHORTCUTS, '{"clear_mask": ["Ctrl+K"]}')
    window = MainWindow(FakeEngine(), store, Messages())
    driver.qtbot.addWidget(window)
    assert window.actions_.clear_mask.shortcut().toString() == "Ctrl+K"
    assert "Ctrl+K" in window.actions_.clear_mask.toolTip()
    window.close()
