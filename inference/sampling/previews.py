"""Steps on their way from the device to whoever watches: on a graphics card without the card waiting for it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

SHARE = 0.05  # of the time so far that drawing previews may take where a card is quicker than they are
AHEAD_MS = 20.0  # of work queued on a card while a preview is drawn; more would be done after a cancel
MOST_AHEAD = 4  # steps

Picture = NDArray[np.float32]


class Mark(Protocol):
    """A place in what a device is to do."""

    def done(self) -> bool: ...

    def wait(self) -> None: ...

    def milliseconds_since(self, before: Any) -> float: ...


class _CudaMark:
    def __init__(self) -> None:
        self.event = torch.cuda.Event(enable_timing=True)
        self.event.record()

    def done(self) -> bool:
        return bool(self.event.query())

    def wait(self) -> None:
        self.event.synchronize()

    def milliseconds_since(self, before: _CudaMark) -> float:
        return float(before.event.elapsed_time(self.event))


def _copied(tensor: Tensor) -> Tensor:
    """A copy in page-locked memory, complete once a mark made after it is reached."""
    host = torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True)
    return host.copy_(tensor, non_blocking=True)


@dataclass(frozen=True)
class _Step:
    index: int
    picture: Tensor | None
    finite: Tensor
    mark: Mark | None


class Previews:
    """Takes what each step decodes to, in order, and hands it on, in order; None where one was left out.

    On a processor at once. On a card a step is handed on while the following ones are computed, and previews are left
    out where they would take more than :data:`SHARE` of the time; the first is always drawn.
    """

    def __init__(
        self,
        device: torch.device,
        *,
        mark: Callable[[], Mark] | None = None,
        copied: Callable[[Tensor], Tensor] = _copied,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._sparing = device.type != "cpu"
        self._mark = mark if mark is not None else _CudaMark if device.type == "cuda" else None
        self._copied, self._clock = copied, clock
        self._waiting: deque[_Step] = deque()
        self._before: Mark | None = None  # the last one reached
        self._ahead = 1
        self._start, self._spent, self._drawn = clock(), 0.0, False

    def due(self) -> bool:
        """Whether the next step should be decoded for a preview."""
        return not self._sparing or not self._drawn or self._spent <= SHARE * (self._clock() - self._start)

    def put(
        self, index: int, picture: Tensor | None, finite: Tensor, deliver: Callable[[int, Picture | None, bool], None]
    ) -> None:
        """``picture (H, W, 3)`` float 0..255 on the device; ``finite`` one truth value there.

        ``deliver(index, picture, finite)`` is called for this step or for earlier ones, and may raise to stop.
        """
        self._drawn |= picture is not None
        if self._mark is None:
            self._hand_on(_Step(index, picture, finite, None), deliver)
            return
        host = None if picture is None else self._copied(picture)
        self._waiting.append(_Step(index, host, self._copied(finite), self._mark()))
        while self._waiting and (len(self._waiting) > self._ahead or self._reached(self._waiting[0])):
            self._hand_on(self._waiting.popleft(), deliver)

    def finish(self, deliver: Callable[[int, Picture | None, bool], None]) -> None:
        """Hand on what is still waiting."""
        while self._waiting:
            self._hand_on(self._waiting.popleft(), deliver)

    @staticmethod
    def _reached(step: _Step) -> bool:
        return step.mark is None or step.mark.done()

    def _hand_on(self, step: _Step, deliver: Callable[[int, Picture | None, bool], None]) -> None:
        if step.mark is not None:
            step.mark.wait()
            if self._before is not None:
                each = max(step.mark.milliseconds_since(self._before), 0.1)
                self._ahead = min(max(int(AHEAD_MS / each), 1), MOST_AHEAD)
            self._before = step.mark
        start = self._clock()
        picture = None if step.picture is None else np.asarray(step.picture.cpu().numpy(), dtype=np.float32)
        deliver(step.index, picture, bool(step.finite))
        if picture is not None:
            self._spent += self._clock() - start
