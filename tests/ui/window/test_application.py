"""The program started as a user starts it, but with the scripted engine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.ui.window.application import NO_DISPLAY

_START = """
import sys
from PySide6.QtCore import QEvent, QTimer
import app.ui.window.application as program
from tests.ui.fake_engine import FakeEngine

class Engine(FakeEngine):
    def load(self, *what):
        print("loads", *what)
        super().load(*what)

class Window(program.MainWindow):
    painted = False
    def event(self, event):
        if event.type() == QEvent.Type.Paint and not self.painted:
            self.painted = True
            print("painted")
        return super().event(event)
    def start(self, *arguments):
        print("starts")
        super().start(*arguments)
        self.files.menu.documentTaken.connect(lambda _opened: QTimer.singleShot(0, self, self.finish))
    def finish(self):
        print("opened", self.workspace.name, "torch" in sys.modules)
        self.close()

program.EngineController, program.MainWindow = Engine, Window
sys.exit(program.main(sys.argv[1:]))
"""


def test_the_window_is_there_before_anything_slow(photo: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "HOME": str(tmp_path)}
    command = [sys.executable, "-c", _START, str(photo), "--model", "my-model", "--device", "cpu"]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines() == ["painted", "starts", "loads my-model cpu", "opened photo.png False"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere there is always a display")
def test_without_a_display_it_says_so() -> None:
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    environment = {key: value for key, value in os.environ.items() if key not in hidden}
    command = [sys.executable, "-m", "app.gui"]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment, check=False)
    assert ran.returncode == 1
    assert ran.stderr.strip() == NO_DISPLAY


@pytest.mark.parametrize("module", ["app.canvas.view", "app.ui.window.main_window", "app.ui.window.application"])
def test_the_window_does_not_import_torch(module: str) -> None:
    code = f"import sys, {module}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
