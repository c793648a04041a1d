"""The patch fill that continues structure: first what lies along the edges a hole interrupts, then the rest."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inference.fill.cancellable import cancellable_patch_fill
from inference.fill.edges import continue_edges
from inference.runtime import Check


def structured_patch_fill(
    rgb: NDArray[np.uint8],
    hole: NDArray[np.bool_],
    *,
    radius: int,
    seed: int,
    check: Check,
    source: NDArray[np.bool_] | None = None,
    edges: bool = True,
) -> NDArray[np.uint8]:
    """As :func:`inference.fill.cancellable.cancellable_patch_fill`, but for ``edges``, which are continued first.

    What they carry on counts as known to the patches: the rest is filled up to it.
    """
    if edges:
        continued = continue_edges(rgb, hole, seed=seed, check=check, source=source)
        rgb, hole = continued.rgb, continued.hole
    return cancellable_patch_fill(rgb, hole, radius=radius, seed=seed, check=check, source=source)
