"""The application: starts the program, shows the window, and only then loads what takes long."""

from __future__ import annotations

import argparse
import os
import sys
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication

from app.engine.controller import EngineController
from app.ui.sessions import Watch, versions
from app.ui.support import LOG, Collector, Level, Logging, Message, Messages
from app.ui.window.main_window import MainWindow

NO_DISPLAY = "moebius-gui: there is no display to open a window on; 'moebius erase --help' works without one."


class _AfterFirstPaint(QObject):
    """Calls ``start`` once the window has been painted for the first time."""

    def __init__(self, window: MainWindow, picture: Path | None, model: str, device: str, recover: str) -> None:
        super().__init__(window)
        self._window, self._arguments = window, (picture, model, device, recover)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            self._window.removeEventFilter(self)
            QTimer.singleShot(0, self._window, self._start)
        return False

    def _start(self) -> None:
        self._window.start(*self._arguments)


def main(argv: list[str] | None = None) -> int:
    """Run the program until its window is closed; the exit status."""
    parser = argparse.ArgumentParser(prog="moebius-gui", description="Brush over a thing in a photo and it is gone.")
    parser.add_argument("picture", nargs="?", type=Path, help="a picture to open")
    parser.add_argument("--model", default="", help="a model's name, or the folder it lies in")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps")
    parser.add_argument("--recover", default="", help=argparse.SUPPRESS)  # for windows the program opens itself
    arguments = parser.parse_args(argv)
    if not _has_display():
        print(NO_DISPLAY, file=sys.stderr)
        return 1
    application = QApplication(sys.argv[:1])
    application.setApplicationName("Moebius")
    application.setOrganizationName("Moebius")
    application.setDesktopFileName("moebius")
    Collector(application)
    messages = Messages(application)
    log = Logging()
    watch = Watch(partial(_tell, messages))
    messages.posted.connect(_log)
    LOG.info("Started:\n%s", versions())
    try:
        window = MainWindow(EngineController(), messages=messages)
        _AfterFirstPaint(window, arguments.picture, arguments.model, arguments.device, arguments.recover)
        window.show()
        status = application.exec()
        LOG.info("Ended.")
    finally:
        watch.end()
        log.end()
    return status


def _has_display() -> bool:
    chosen = os.environ.get("QT_QPA_PLATFORM")
    needed = sys.platform.startswith("linux") and not chosen
    return not needed or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _tell(messages: Messages, kind: type[BaseException], details: str) -> None:
    """An error nobody caught becomes a message instead of silence."""
    if issubclass(kind, MemoryError):
        messages.error("There is not enough memory: close other programs or use a smaller picture.", details)
    else:
        messages.error("Something went wrong that should not have; your picture is still there.", details)


def _log(message: Message) -> None:
    if message.level is Level.ERROR:
        LOG.error("%s\n%s", message.text, message.details)
    else:
        LOG.info("%s", message.text)
