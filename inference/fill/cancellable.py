"""Patch fills that can be cancelled: the library cannot be stopped, so it works on a thread of its own."""

from __future__ import annotations

import threading

import numpy as np
from numpy.typing import NDArray

from inference.fill.classical import patch_fill
from inference.runtime import Background, Check

_turn = threading.Lock()  # a fill given up goes on to its end, and must not compete with the next


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

    def fill(wanted: Check) -> NDArray[np.uint8]:
        with _turn:
            wanted()
            return patch_fill(rgb, hole, radius=radius, seed=seed, source=source)

    filling = Background(fill, "patch-fill", daemon=True)
    try:
        return filling.result(check)
    finally:
        filling.give_up()
