"""The Qt binding that is installed fits this Python."""

from __future__ import annotations

import sys

from PySide6.QtCore import QObject, Signal


class _Sender(QObject):
    sent = Signal(str)


def test_signals_give_back_what_they_take() -> None:
    """PySide6 6.12.0 gives away a reference to True with every emit: under Python 3.11 that ends in a crash."""
    sender = _Sender()
    received: list[str] = []
    sender.sent.connect(received.append)
    before = sys.getrefcount(True), sys.getrefcount(None)
    for _ in range(100):
        sender.sent.emit("x")
        sender.blockSignals(False)
    assert len(received) == 100
    assert sys.getrefcount(True) > before[0] - 50
    assert sys.getrefcount(None) > before[1] - 50
