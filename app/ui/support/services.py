"""Services: settings, messages, and threads to work on, which nearly every part of the window is given."""

from __future__ import annotations

from dataclasses import dataclass

from app.ui.support.background import Background
from app.ui.support.messages import Messages
from app.ui.support.settings import Settings


@dataclass(frozen=True)
class Services:
    """One object instead of four arguments; made by the window, alive as long as it is."""

    settings: Settings
    messages: Messages
    background: Background  # reads and writes files
    thumbnails: Background  # draws small pictures: they wait for no file

    def wait(self) -> None:
        """Return when nothing is under way any more."""
        self.background.wait()
        self.thumbnails.wait()
