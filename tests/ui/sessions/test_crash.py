"""Crash reports and the log: what is written, what is left out, and how they are offered."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication

from app.engine.protocol import EngineState, EngineStatus
from app.ui.sessions import crash_report
from app.ui.sessions.crash_dialog import CrashDialog
from app.ui.sessions.crash_report import Watch, collect_faults, reports, reports_folder
from app.ui.sessions.crash_reporting import NO_LOG, NONE
from app.ui.support.log import LOG, Logging, log_file
from app.ui.support.redaction import redact
from tests.ui.conftest import Driver

_START = """
import sys
from app.ui.sessions.crash_report import Watch, note
watch = Watch()
for command in ("open", "erase", "undo"):
    note(command)
watch.set_device("cpu fp32")
print("ready", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def watch() -> Iterator[Watch]:
    told: list[str] = []
    watch = Watch(lambda _kind, details: told.append(details))
    watch.told_to_test = told  # type: ignore[attr-defined]
    yield watch
    watch.end()
    assert not list((reports_folder() / "running").iterdir())


def run(code: str) -> subprocess.Popen[bytes]:
    program = subprocess.Popen(
        [sys.executable, "-c", _START + code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ,
    )
    assert program.stdout is not None
    assert program.stdout.readline() == b"ready\n"
    return program


def end(program: subprocess.Popen[bytes]) -> None:
    assert program.stdin is not None
    assert program.stdout is not None
    program.stdin.close()
    program.wait(30)
    program.stdout.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_what_nobody_caught_is_reported(watch: Watch, capsys: pytest.CaptureFixture[str]) -> None:
    watch.set_device("cuda fp16")
    watch.note("erase")

    def fail() -> None:
        raise ValueError("cannot open '/home/me/Pictures/secret holiday.jpg'")

    for _ in range(2):
        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()
    capsys.readouterr()
    (path,) = reports()
    text = path.read_text()
    assert "ValueError" in text
    assert "Device: cuda fp16" in text
    assert " erase\n" in text
    assert "secret" not in text
    assert "holiday" not in text
    assert str(Path.home()) not in text
    assert len(watch.told_to_test) == 2  # type: ignore[attr-defined]


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_fault_is_reported_at_the_next_start(tmp_path: Path) -> None:
    program = run("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    collect_faults()
    assert not reports(), "it is running"
    end(program)
    assert program.returncode == -signal.SIGSEGV
    collect_faults()
    (path,) = reports()
    text = path.read_text()
    assert "Segmentation fault" in text
    assert "Device: cpu fp32" in text
    commands = text.split("Last commands:\n")[1].splitlines()[:3]
    assert [command.split()[-1] for command in commands] == ["open", "erase", "undo"]
    collect_faults()
    assert reports() == [path], "once"


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_qt_giving_up_is_reported_at_the_next_start(tmp_path: Path) -> None:
    program = run("from PySide6.QtCore import qFatal; qFatal('no platform plug-in in /home/me/x')")
    end(program)
    collect_faults()
    (path,) = reports()
    text = path.read_text()
    assert "Qt: [A qFatal() call was made" in text, "PySide gives its own words for a call from Python"
    assert "Aborted" in text
    assert "/home/me" not in text


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_kill_leaves_no_report(tmp_path: Path) -> None:
    program = run("")
    program.kill()
    end(program)
    collect_faults()
    assert not reports()
    assert not list((reports_folder() / "running").iterdir())


def test_only_the_newest_reports_are_kept() -> None:
    for number in range(25):
        assert crash_report.write_report("Something", f"number {number}", b"", "")
    found = reports()
    assert len(found) == 20
    assert "number 24" in found[0].read_text()


def test_reports_sort_as_they_were_written_where_a_second_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    second = 1_700_000_000 * 10**9
    readings = iter([second - 1000, second + 5000])
    clock = SimpleNamespace(time_ns=lambda: next(readings), localtime=time.localtime, strftime=time.strftime)
    monkeypatch.setattr(crash_report, "time", clock)
    for name in ("before", "after"):
        assert crash_report.write_report("Something", name, b"", "")
    assert ["after" in path.read_text() for path in reports()] == [True, False]


def test_a_report_is_kept_where_the_clock_was_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(20):
        assert crash_report.write_report("Something", "early", b"", "")
    clock = SimpleNamespace(time_ns=lambda: 10**18, localtime=time.localtime, strftime=time.strftime)
    monkeypatch.setattr(crash_report, "time", clock)
    path = crash_report.write_report("Something", "late", b"", "")
    assert path is not None
    assert path.exists()
    assert len(reports()) == 20


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("cannot open '/home/me/My Pictures/a b.jpg' now", "cannot open '(a picture)' now"),
        ("photo.png could not be opened.", "(a picture) could not be opened."),
        ('"My holiday.tiff" is damaged', '"(a picture)" is damaged'),
        ("made room in /mnt/disk/people/anna: full", "made room in (a path): full"),
        (r"no file C:\Users\me\thing here", "no file (a path) here"),
        ('  File "/usr/lib/python3.11/json/decoder.py", line 337, in decode', None),
        ("3 of 5 done, 1/2 left, and/or none", None),
    ],
)
def test_names_are_left_out(text: str, left: str | None) -> None:
    assert redact(text) == (text if left is None else left)


def test_the_log_is_written_redacted_and_ends() -> None:
    log = Logging()
    LOG.info("Opened %s", "/home/me/Pictures/secret.png")
    logging.getLogger("another").warning("a warning of a library")
    logging.getLogger("another").debug("nothing of interest")
    log.end()
    text = log_file().read_text()
    assert "Opened" in text
    assert "secret" not in text
    assert "a warning of a library" in text
    assert "nothing of interest" not in text


def test_a_new_report_is_offered_once(driver: Driver) -> None:
    for _ in range(2):  # what the start has looked for
        driver.window.services.background.settle()
    crash_report.write_report("The program was ended by a fault.", "Traceback 1", b"", "cpu")
    crash_report.write_report("The program was ended by a fault.", "Traceback 2", b"", "cpu")
    safety = driver.window.sessions
    with driver.qtbot.waitSignal(safety.recovery.closed):
        safety.recovery.begin()
    driver.qtbot.waitUntil(lambda: safety.reports.dialog is not None)
    dialog = safety.reports.dialog
    assert dialog is not None
    assert dialog.choice.count() == 2
    assert "Traceback 2" in dialog.text.toPlainText()
    dialog.copy.click()
    assert "Traceback 2" in QApplication.clipboard().text()
    dialog.delete.click()
    assert "Traceback 1" in dialog.text.toPlainText()
    dialog.close()
    driver.qtbot.waitUntil(lambda: not driver.window.findChildren(CrashDialog))
    driver.window.services.background.settle()
    assert len(reports()) == 1
    safety.reports.offer()
    driver.window.services.background.settle()
    assert not driver.window.findChildren(CrashDialog), "it has been seen"
    driver.window.actions_.reports.trigger()
    driver.qtbot.waitUntil(lambda: safety.reports.dialog is not None)
    again = safety.reports.dialog
    assert again is not None
    with driver.qtbot.waitSignal(again.finished):
        again.delete.click()
    driver.window.services.background.settle()
    driver.window.actions_.reports.trigger()
    driver.qtbot.waitUntil(lambda: NONE in driver.texts())


def test_the_log_is_opened(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    def open_url(url: QUrl) -> bool:
        opened.append(url.toLocalFile())
        return True

    monkeypatch.setattr(QDesktopServices, "openUrl", open_url)
    driver.window.actions_.log.trigger()
    driver.qtbot.waitUntil(lambda: NO_LOG in driver.texts())
    log_file().parent.mkdir(parents=True, exist_ok=True)
    log_file().write_text("a line\n")
    driver.window.actions_.log.trigger()
    driver.qtbot.waitUntil(lambda: bool(opened))
    assert opened == [str(log_file())]


def test_commands_and_device_are_noted(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    noted: list[str] = []
    monkeypatch.setattr(crash_report, "note", noted.append)
    monkeypatch.setattr(crash_report, "set_device", noted.append)
    driver.window.actions_.history.trigger()
    driver.engine.set_status(EngineStatus(EngineState.READY, device="cpu", precision="fp32"))
    assert noted == ["history", "cpu fp32"]
