"""A window over a scripted engine, with settings of its own and dialogs that answer by themselves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QEvent, QPointF, QSettings, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.document.editing.document import Document
from app.ui.dialogs import questions
from app.ui.dialogs.questions import Losses, Unsaved
from app.ui.support.messages import Message, Messages
from app.ui.support.settings import Settings
from app.ui.window.main_window import MainWindow
from tests.ui.fake_engine import FakeEngine


@pytest.fixture
def store(tmp_path: Path) -> Settings:
    return Settings(QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    rng = np.random.default_rng(5)
    path = tmp_path / "photo.png"
    Image.fromarray(rng.integers(0, 256, (120, 160, 3), dtype=np.uint8)).save(path)
    return path


class Answers:
    """What the dialogs answer, and what they were asked."""

    def __init__(self) -> None:
        self.path: Path | None = None
        self.unsaved = Unsaved.CANCEL
        self.losses = Losses.SAVE
        self.lost: list[tuple[str, ...]] = []
        self.asked: list[str] = []


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Answers:
    answers = Answers()

    def path(name: str) -> Callable[..., Path | None]:
        def ask(*_arguments: object) -> Path | None:
            answers.asked.append(name)
            return answers.path

        return ask

    def unsaved(*_arguments: object) -> Unsaved:
        answers.asked.append("unsaved")
        return answers.unsaved

    for name in ("open", "save", "save_session", "folder"):
        monkeypatch.setattr(questions, f"ask_{name}", path(name))

    def losses(_parent: object, _name: str, lost: tuple[str, ...]) -> Losses:
        answers.asked.append("losses")
        answers.lost.append(lost)
        return answers.losses

    monkeypatch.setattr(questions, "ask_unsaved", unsaved)
    monkeypatch.setattr(questions, "ask_losses", losses)
    return answers


class Driver:
    """The window, and hands to use it with."""

    def __init__(self, window: MainWindow, engine: FakeEngine, qtbot: QtBot, posted: list[Message]) -> None:
        self.window, self.engine, self.qtbot, self.posted = window, engine, qtbot, posted

    @property
    def document(self) -> Document:
        document = self.window.workspace.document
        assert document is not None
        return document

    def open(self, path: Path) -> None:
        with self.qtbot.waitSignal(self.window.files.menu.documentTaken):
            self.window.files.menu.open_path(path)

    def stroke(self, *points: tuple[float, float]) -> None:
        view = self.window.view
        places = [view.to_widget(*point).toPoint() for point in points]
        QTest.mousePress(view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, places[0])
        for place in places[1:]:
            self.drag(place.toPointF())
        QTest.mouseRelease(view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, places[-1])

    def drag(self, at: QPointF) -> None:
        view, button = self.window.view, Qt.MouseButton.LeftButton
        none = Qt.KeyboardModifier.NoModifier
        event = QMouseEvent(QEvent.Type.MouseMove, at, view.mapToGlobal(at), button, button, none)
        QApplication.sendEvent(view, event)

    def texts(self) -> list[str]:
        return [message.text for message in self.posted]


@pytest.fixture
def driver(qtbot: QtBot, engine: FakeEngine, store: Settings, answers: Answers) -> Driver:
    messages = Messages()
    posted: list[Message] = []
    messages.posted.connect(posted.append)
    window = MainWindow(engine, store, messages)

    def finish(_window: object) -> None:
        answers.unsaved = Unsaved.DISCARD
        window.close()
        qtbot.waitUntil(lambda: not window.isVisible())

    qtbot.addWidget(window, before_close_func=finish)
    window.resize(1100, 760)
    window.show()
    qtbot.waitExposed(window)
    window.start()
    return Driver(window, engine, qtbot, posted)
