"""The status line of a terminal, which changes in place; nothing where the output is no terminal."""

from __future__ import annotations

import shutil
import sys
from typing import TextIO


class Line:
    """Shows the newest of what it is told, on stderr."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self.live = self._stream.isatty()
        self._width = 0  # of what is shown

    def show(self, text: str) -> None:
        """Show this in the place of what was shown, cut to the terminal's width."""
        if not self.live:
            return
        most = shutil.get_terminal_size().columns - 1
        text = text if len(text) <= most else f"{text[: max(most - 3, 0)]}..."
        print(f"\r{text}{' ' * (self._width - len(text))}\r{text}", end="", file=self._stream, flush=True)
        self._width = len(text)

    def say(self, text: str) -> None:
        """Write a line that stays."""
        self.clear()
        print(text, file=self._stream, flush=True)

    def clear(self) -> None:
        """Take the changing line away."""
        if self._width:
            print(f"\r{' ' * self._width}\r", end="", file=self._stream, flush=True)
            self._width = 0
