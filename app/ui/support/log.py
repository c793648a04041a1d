"""The log: files of limited size that stay on this computer."""

from __future__ import annotations

import logging
import logging.handlers
import os
import queue
from pathlib import Path

from platformdirs import user_log_path

from app.ui.support.redaction import redact

LOG = logging.getLogger("moebius")

_BYTES, _OLDER = 500_000, 3


def log_folder() -> Path:
    """Where the log is; need not exist."""
    return user_log_path("moebius", appauthor=False)


def log_file() -> Path:
    """The newest part of the log."""
    return log_folder() / "moebius.log"


class _Redacting(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


class Logging:
    """Writes what is logged from a thread of its own, until ``end``."""

    def __init__(self) -> None:
        self._listener: logging.handlers.QueueListener | None = None
        self._handler: logging.handlers.QueueHandler | None = None
        try:
            log_folder().mkdir(parents=True, exist_ok=True)
            file = logging.handlers.RotatingFileHandler(log_file(), "a", _BYTES, _OLDER, "utf-8", delay=True)
        except OSError:  # without a log it works too
            return
        file.setFormatter(_Redacting(f"%(asctime)s %(levelname)s [{os.getpid()}] %(name)s: %(message)s"))
        waiting: queue.SimpleQueue[logging.LogRecord] = queue.SimpleQueue()
        self._listener = logging.handlers.QueueListener(waiting, file)
        self._handler = logging.handlers.QueueHandler(waiting)
        self._handler.setLevel(logging.INFO)
        logging.getLogger().addHandler(self._handler)
        LOG.setLevel(logging.INFO)
        self._listener.start()

    def end(self) -> None:
        """Write what waits, and close the file."""
        if self._handler is not None:
            logging.getLogger().removeHandler(self._handler)
        if self._listener is not None:
            self._listener.stop()
            for handler in self._listener.handlers:
                handler.close()
        self._listener = self._handler = None
