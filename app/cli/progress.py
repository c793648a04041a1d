"""The progress of a batch on the terminal: one line that changes, or a line for each picture where there is none."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import TextIO

from app.batch.report import Outcome
from app.cli.line import Line
from app.engine.formatting import time_text

_RECENT = 20  # pictures the pace is taken from
_QUIET = 0.1  # seconds between two drawings of the line


class Progress:
    """Told of pictures begun and ended; writes to stderr."""

    def __init__(self, total: int, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._total, self._line, self._clock = total, Line(stream), clock
        self._ended = self._worked = 0
        self._under_way: list[str] = []
        self._share, self._step = 0.0, ""  # of the picture under way
        self._seen: deque[tuple[float, int]] = deque(maxlen=_RECENT)  # times at which so many were worked on
        self._drawn = float("-inf")

    def began(self, name: str) -> None:
        """A picture is being worked on."""
        if not self._seen:
            self._seen.append((self._clock(), 0))
        self._under_way.append(name)
        self._share, self._step = 0.0, ""
        self._draw()

    def step(self, done: int, total: int) -> None:
        """How far the picture under way is."""
        self._share, self._step = (done / total if total else 0.0), f"step {done} of {total}"
        if self._clock() - self._drawn > _QUIET:
            self._draw()

    def ended(self, outcome: Outcome) -> None:
        """What became of a picture."""
        self._ended += 1
        self._share, self._step = 0.0, ""
        if outcome.name in self._under_way:
            self._under_way.remove(outcome.name)
            self._worked += 1
            if self._worked == 1:  # loading the model came before the first, and comes only once
                self._seen[0] = (self._clock() - outcome.seconds, 0)
            self._seen.append((self._clock(), self._worked))
        if outcome.state == "failed":
            self.say(f"{self._count()} {outcome.name}: {outcome.message}")
        elif not self._line.live:
            what = "done before" if outcome.state == "skipped" else f"done in {outcome.seconds:.1f} s{self._left()}"
            self.say(f"{self._count()} {outcome.name}: {what}")
        self._draw()

    def say(self, text: str) -> None:
        """A line that stays."""
        self._line.say(text)
        self._draw()

    def close(self) -> None:
        """Take the changing line away."""
        self._under_way.clear()
        self._line.clear()

    def seconds_left(self) -> float | None:
        """By the pace of the last pictures; None while there is none."""
        if self._worked == 0:
            return None
        (start, first), (_, last) = self._seen[0], self._seen[-1]
        share = self._share if len(self._under_way) == 1 else 0.0
        pace = (self._clock() - start) / (last - first + share)
        return max(0.0, pace * (self._total - self._ended - share))

    def _left(self) -> str:
        left = self.seconds_left()
        return "" if left is None or self._ended >= self._total else f", {time_text(left)} left"

    def _count(self) -> str:
        return f"[{self._ended}/{self._total}]"

    def _draw(self) -> None:
        if self._under_way:
            names = self._under_way[0] if len(self._under_way) == 1 else f"{len(self._under_way)} pictures at once"
            step = f" {self._step}" if self._step else ""
            self._line.show(f"{self._count()}{step}{self._left()}: {names}")  # what may be cut off comes last
            self._drawn = self._clock()
