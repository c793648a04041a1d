"""Messages to the user, by one bridge: failures, and what could not be kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from PySide6.QtCore import QObject, Signal


class Level(Enum):
    """How bad it is."""

    INFO = "info"
    ERROR = "error"


@dataclass(frozen=True)
class Offer:
    """What a button beside a message does, once."""

    title: str
    accept: Callable[[], None]


@dataclass(frozen=True)
class Message:
    """One sentence, what stands behind the Details button, and what is offered with it."""

    text: str
    details: str = ""
    level: Level = Level.ERROR
    offer: Offer | None = None


class Messages(QObject):
    """Takes messages from anywhere, on any thread, and keeps them until a window shows them."""

    posted = Signal(object)  # Message

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._waiting: list[Message] | None = []

    def error(self, text: str, details: str = "") -> None:
        """Something failed."""
        self._post(Message(text, details))

    def info(self, text: str, details: str = "", offer: Offer | None = None) -> None:
        """Something the user should know."""
        self._post(Message(text, details, Level.INFO, offer))

    def begin_showing(self) -> None:
        """A window is connected to ``posted``: what has waited is posted now."""
        waiting, self._waiting = self._waiting or [], None
        for message in waiting:
            self.posted.emit(message)

    def _post(self, message: Message) -> None:
        if self._waiting is not None:
            self._waiting.append(message)
        else:
            self.posted.emit(message)
