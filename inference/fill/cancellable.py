"""Patch fills that can be cancelled: the library cannot be stopped, so it works on a thread of its own."""

from __future__ import annotations

import threading

import numpy as np
from numpy.typing import NDArray

from inference.fill.classical import patch_fill
from inference.runtime import Check

LOOK = 0.05  # seconds between two looks at whether the fill is still wanted

_turn = threading.Lock()  # a fill given up goes on to its end, and must not compete with the next


class _Filling(threading.Thread):
    def __init__(
        self,
        rgb: NDArray[np.uint8],
        hole: NDArray[np.bool_],
        radius: int,
        seed: int,
        source: NDArray[np.bool_] | None,
    ) -> None:
        super().__init__(name="patch-fill", daemon=True)
        self.task = rgb, hole, radius, seed, source
        self.wanted = True
        self.filled: NDArray[np.uint8] | None = None
        self.failure: BaseException | None = None

    def run(self) -> None:
        rgb, hole, radius, seed, source = self.task
        with _turn:
            if not self.wanted:
                return
            try:
                self.filled = patch_fill(rgb, hole, radius=radius, seed=seed, source=source)
            except BaseException as error:  # raised again where it is waited for
                self.failure = error


def cancellable_patch_fill(
    rgb: NDArray[np.uint8],
    hole: NDArray[np.bool_],
    *,
    radius: int,
    seed: int,
    check: Check,
    source: NDArray[np.bool_] | None = None,
) -> NDArray[np.uint8]:
    """As :func:`inference.fill.classical.patch_fill`, but ends within a twentieth of a second where ``check`` raises.

    The arrays must not be written to afterwards: a fill given up goes on to its end, a few seconds at most for
    the sizes it is asked for, and the next one waits for it.
    """
    check()
    filling = _Filling(rgb, hole, radius, seed, source)
    filling.start()
    try:
        while filling.is_alive():
            filling.join(LOOK)
            check()
    finally:
        filling.wanted = False
    if filling.failure is not None:
        raise filling.failure
    assert filling.filled is not None
    return filling.filled
