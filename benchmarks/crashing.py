"""The program that ``benchmarks/crashes.py`` kills: the real window, used at random, noting every state it is in."""

from __future__ import annotations

import os
import random
import sys
import time
import zlib
from pathlib import Path

from PIL import Image
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.ui.sessions import Watch
from app.ui.support import Collector, Logging, settings
from app.ui.window import MainWindow
from benchmarks.common.watching import photograph
from tests.ui.fake_engine import FakeEngine


class Hand:
    """Uses the window, an action at a time."""

    def __init__(self, window: MainWindow, engine: FakeEngine, root: Path, log: Path, seed: int) -> None:
        self.window, self.engine, self.root = window, engine, root
        self.chance = random.Random(seed)
        self.log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self.last = ""
        window.files.menu.documentTaken.connect(lambda opened: self.begin(opened.unsaved))
        window.workspace.written.connect(lambda _path: self.note("saved"))
        window.sessions.recovery.closed.connect(self.open)
        self.timer = QTimer(window, interval=40)
        self.timer.timeout.connect(self.act)
        self.look = QTimer(window, interval=20)
        self.look.timeout.connect(self.answer)
        self.look.start()

    def answer(self) -> None:
        dialog = self.window.sessions.recovery.dialog
        if dialog is not None:
            self.look.stop()
            dialog.restore.click()

    def open(self) -> None:
        """Nothing was offered, or it is being restored."""
        if self.look.isActive():
            self.look.stop()
            self.window.files.menu.open_path(self.root / "photo.png")

    def begin(self, restored: bool) -> None:
        self.note("restored" if restored else "opened")
        self.timer.start()

    def note(self, what: str) -> None:
        document = self.window.workspace.document
        assert document is not None
        history = self.window.workspace.history
        pixels, mask = zlib.crc32(document.pixels.data), zlib.crc32(document.mask.data)
        state = f"{pixels:08x}-{mask:08x}-{history.index()}-{history.count()}"
        if what != "edit" or state != self.last:
            os.write(self.log, f"{time.time():.3f} {what} {state}\n".encode())
        self.last = state

    def act(self) -> None:
        if self.window.editing.jobs.busy or self.window.view.stroking:
            return
        if self.engine.busy:
            self.engine.step()
            return
        self.note("edit")
        do, chance = self.window.actions_, self.chance.random()
        if chance < 0.55:
            self.stroke()
        elif chance < 0.75:
            do.erase.trigger()
        elif chance < 0.83:
            do.undo.trigger()
        elif chance < 0.88:
            do.redo.trigger()
        elif chance < 0.90:
            do.invert_mask.trigger()
        elif chance < 0.92:
            do.clear_mask.trigger()
        elif chance < 0.925 and not self.window.workspace.saving:
            self.window.workspace.save_session(self.root / "work.moebius")

    def stroke(self) -> None:
        view, chance = self.window.view, self.chance
        places = [QPoint(chance.randrange(view.width()), chance.randrange(view.height())) for _ in range(3)]
        left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        QTest.mousePress(view, left, none, places[0])
        for place in places[1:]:
            at = QPointF(place)
            event = QMouseEvent(QEvent.Type.MouseMove, at, view.mapToGlobal(at), left, left, none)
            QApplication.sendEvent(view, event)
        QTest.mouseRelease(view, left, none, places[-1])


def main() -> None:
    root, log = Path(sys.argv[1]), Path(sys.argv[2])
    seed, megapixels, interval = int(sys.argv[3]), float(sys.argv[4]), int(sys.argv[5])
    application = QApplication([])
    application.setApplicationName("Moebius")
    application.setOrganizationName("Moebius")
    Collector(application)
    kept = Logging(), Watch()
    if not (root / "photo.png").exists():
        Image.fromarray(photograph(megapixels)).save(root / "photo.png", compress_level=1)
    engine = FakeEngine()
    window = MainWindow(engine)
    window.settings.set(settings.AUTOSAVE_SECONDS, interval)
    hand = Hand(window, engine, root, log, seed)
    window.show()
    window.start()
    application.exec()
    del hand, kept


if __name__ == "__main__":
    main()
