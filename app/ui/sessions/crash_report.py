"""Crash reports: text files that say what went wrong, kept on this computer and never sent.

While the program runs, a folder of its own holds a file into which Python's faulthandler writes when the process
is killed by a fault, and the names of the last commands; the next start makes a report of it.
"""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import mmap
import os
import platform
import sys
import threading
import time
import traceback
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, TypeAlias

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler, qVersion

from app.document.session import Folder, folders
from app.ui.support import LOG, log_folder, redact
from app.version import program_version

_ENTRY, _ENTRIES = 48, 64  # bytes of a command's line, and lines
_RING = _ENTRY * _ENTRIES
_MOST_REPORTS = 20
_MOST_A_RUN = 5
_FAULT = "fault"
_LEVELS = {
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}
_PACKAGES = ("PySide6-Essentials", "torch", "numpy", "pillow", "opencv-python-headless", "diffusers")

Told: TypeAlias = Callable[[type[BaseException], str], None]


class _Current:
    watch: Watch | None = None


def note(command: str) -> None:
    """A command was given; remembered for a report where a watch is kept."""
    if _Current.watch is not None:
        _Current.watch.note(command)


def set_device(device: str) -> None:
    """What the model runs on; for a report where a watch is kept."""
    if _Current.watch is not None:
        _Current.watch.set_device(device)


def reports_folder() -> Path:
    """Where reports are; need not exist."""
    return log_folder() / "reports"


def reports() -> list[Path]:
    """All reports, the newest first."""
    with contextlib.suppress(OSError):
        return sorted(reports_folder().glob("report-*.txt"), reverse=True)
    return []


def versions(device: str = "") -> str:
    """What runs here, a line each."""
    lines = [
        f"Moebius {program_version()}",
        f"Python {platform.python_version()}, Qt {qVersion()}",
        f"{platform.system()} {platform.release()} {platform.machine()}",
    ]
    for name in _PACKAGES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            lines.append(f"{name} {metadata.version(name)}")
    return "\n".join([*lines, f"Device: {device or 'not known yet'}"])


class Watch:
    """Sees what nobody has caught, from ``__init__`` to ``end``; one in a process."""

    def __init__(self, told: Told = lambda _kind, _details: None) -> None:
        """``told`` is called with every exception that nobody caught and its traceback, on its thread."""
        self._told = told
        self._device = ""
        self._number = 0
        self._written: set[str] = set()
        self._folder: Folder | None = None
        self._file: BinaryIO | None = None
        self._ring: mmap.mmap | None = None
        self._lock = threading.Lock()
        with contextlib.suppress(OSError, ValueError):
            self._open()
        self._hooks = sys.excepthook, threading.excepthook, sys.unraisablehook
        sys.excepthook = self._on_exception
        threading.excepthook = self._on_thread
        sys.unraisablehook = self._on_unraisable
        self._qt = qInstallMessageHandler(self._on_qt)
        _Current.watch = self

    def _open(self) -> None:
        self._folder = Folder.create(reports_folder() / "running")
        path = self._folder.path / _FAULT
        path.write_bytes(bytes(_RING) + versions().encode() + b"\n")
        self._file = path.open("r+b", buffering=0)
        self._ring = mmap.mmap(self._file.fileno(), _RING)
        self._file.seek(0, os.SEEK_END)
        faulthandler.enable(self._file, all_threads=True)

    def note(self, command: str) -> None:
        """A command was given, by its id: only a few bytes of memory are written."""
        with self._lock:
            if self._ring is not None:
                at = self._number % _ENTRIES * _ENTRY
                line = f"{self._number} {time.strftime('%H:%M:%S')} {command}".encode()[: _ENTRY - 1]
                self._ring[at : at + _ENTRY] = line.ljust(_ENTRY, b"\0")
            self._number += 1

    def set_device(self, device: str) -> None:
        """What the model runs on."""
        if device and device != self._device and self._file is not None:
            self._file.write(f"Device: {device}\n".encode())
        self._device = device or self._device

    def end(self) -> None:
        """The program ends as it should."""
        _Current.watch = None
        qInstallMessageHandler(self._qt)
        sys.excepthook, threading.excepthook, sys.unraisablehook = self._hooks
        if self._file is not None:
            faulthandler.disable()
            with self._lock:
                if self._ring is not None:
                    self._ring.close()
                self._ring = None
            self._file.close()
        self._file = None
        if self._folder is not None:
            self._folder.remove()
        self._folder = None

    # -- what happens ----------------------------------------------------------------------

    def _on_exception(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        sys.__excepthook__(kind, error, trace)
        if issubclass(kind, KeyboardInterrupt | SystemExit):
            return
        details = "".join(traceback.format_exception(kind, error, trace))
        self._report(details)
        self._told(kind, details)

    def _on_thread(self, failure: threading.ExceptHookArgs) -> None:
        if failure.exc_value is not None:
            self._on_exception(failure.exc_type, failure.exc_value, failure.exc_traceback)

    def _on_unraisable(self, failure: sys.UnraisableHookArgs) -> None:
        sys.__unraisablehook__(failure)
        if failure.exc_value is not None:
            lines = traceback.format_exception(failure.exc_type, failure.exc_value, failure.exc_traceback)
            self._report("".join(lines))

    def _on_qt(self, kind: QtMsgType, _context: QMessageLogContext, text: str) -> None:
        if kind == QtMsgType.QtFatalMsg and self._file is not None:
            # Qt ends the process now: the fault follows in the same file.
            self._file.write(f"Qt: {redact(text)}\n".encode())
        if kind in _LEVELS:
            LOG.log(_LEVELS[kind], "Qt: %s", text)
        if kind != QtMsgType.QtDebugMsg and sys.stderr is not None:
            print(text, file=sys.stderr)

    def _report(self, details: str) -> None:
        LOG.error("Not caught:\n%s", details)
        with self._lock:
            if details in self._written or len(self._written) >= _MOST_A_RUN:
                return
            self._written.add(details)
            ring = b"" if self._ring is None else self._ring[:]
        write_report("Something went wrong that nobody had foreseen; the program went on.", details, ring, self._device)


def write_report(headline: str, details: str, ring: bytes, device: str, facts: str = "") -> Path | None:
    """Write a report; None where that can't be done. ``facts`` stand for the versions that run now."""
    commands = "\n".join(actions(ring)) or "none"
    text = redact(f"{headline}\n\n{facts or versions(device)}\n\nLast commands:\n{commands}\n\n{details.strip()}\n")
    folder = reports_folder()
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        for _ in range(10):
            # One reading of the clock: the names sort as they were written.
            seconds, rest = divmod(time.time_ns() // 1000, 1_000_000)
            path = folder / f"report-{time.strftime('%Y%m%d-%H%M%S', time.localtime(seconds))}-{rest:06}.txt"
            with contextlib.suppress(FileExistsError):
                with path.open("x", encoding="utf-8") as file:
                    file.write(text)
                for old in [old for old in reports() if old != path][_MOST_REPORTS - 1 :]:
                    old.unlink(missing_ok=True)
                return path
    return None


def actions(ring: bytes) -> list[str]:
    """The commands noted, the newest last."""
    found = []
    for at in range(0, len(ring) - _ENTRY + 1, _ENTRY):
        number, _, rest = ring[at : at + _ENTRY].rstrip(b"\0").decode("utf-8", "replace").partition(" ")
        if number.isdigit():
            found.append((int(number), rest))
    return [rest for _, rest in sorted(found)]


def collect_faults() -> None:
    """Make reports of what other runs of the program left behind when a fault ended them."""
    for path in folders(reports_folder() / "running"):
        with contextlib.suppress(OSError):
            folder = Folder.take(path)
            if folder is None:
                continue
            with contextlib.suppress(OSError):
                data = (path / _FAULT).read_bytes()
                facts, _, fault = data[_RING:].decode("utf-8", "replace").partition("Fatal Python error")
                if fault or "\nQt: " in facts:
                    details = f"Fatal Python error{fault}" if fault else ""
                    write_report("The program was ended by a fault.", details, data[:_RING], "", facts.strip())
            folder.remove()
