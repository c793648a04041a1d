"""How long the phases of an erase take, from what it tells while it runs."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence

PHASES = ("draft", "encoding", "decoding")  # beside the kinds of steps


class PhaseClock:
    """Is told what ``on_stage`` and ``on_step`` of :meth:`inference.ErasePipeline.erase_parts` are told, when they are.

    It begins when it is made.
    """

    def __init__(self, kinds: Sequence[str], clock: Callable[[], float] = time.perf_counter) -> None:
        """``kinds``: a word for each step of the network in one square; those of one kind should take as long."""
        self._kinds, self._steps, self._clock = kinds, len(kinds), clock
        self._last = clock()
        self._total = self._done = 0
        self._seconds: dict[str, list[float]] = {name: [] for name in (*PHASES, *kinds)}
        self._stages: list[str] = []
        self._spoilt = False

    def on_stage(self, stage: str) -> None:
        """``stage`` begins."""
        now = self._clock()
        if stage == "encoding":
            self._add("draft", now - self._last)
        elif stage == "denoising":
            self._add("encoding", now - self._last)
        self._spoilt |= stage in self._stages  # another square
        self._stages.append(stage)
        self._last = now

    def on_step(self, step: int, total: int) -> None:
        """``step`` of ``total`` is done, 0: a draft."""
        now, self._total = self._clock(), total
        if step == 0:
            self._add("draft", now - self._last)
        elif self._stages[-1:] == ["decoding"]:  # the result, shown with the number of the last step
            self._add("decoding", now - self._last)
        elif step <= self._steps:
            self._add(self._kinds[step - 1], now - self._last)
            self._spoilt |= step <= self._done  # done again
        self._done = step
        self._last = now

    def spoil(self) -> None:
        """What it measured is not what an erase takes: it was begun again with less memory, or such."""
        self._spoilt = True

    def finish(self, parts: int = 1) -> dict[str, float] | None:
        """Seconds of each phase there was, of steps the median, now that it is over, or None.

        They tell something for an erase of one square (``parts``) without tiles, whose steps are those given.
        """
        self._add("decoding", self._clock() - self._last)
        if self._spoilt or parts != 1 or not self._done == self._total == self._steps:
            return None
        taken = {name: times for name, times in self._seconds.items() if times}
        return {  # those that are no steps are told of in pieces
            name: statistics.median(times) if name in self._kinds else sum(times) for name, times in taken.items()
        }

    def _add(self, phase: str, seconds: float) -> None:
        self._seconds[phase].append(seconds)
