"""The pinch gesture: how the picture follows two fingers."""

from __future__ import annotations

import math
from typing import TypeAlias

Spot: TypeAlias = tuple[float, float]  # the widget's pixels


class Pinch:
    """Two fingers; each step moves and zooms so that the picture stays under both."""

    def __init__(self, first: Spot, second: Spot) -> None:
        self._centre, self._distance = _measure(first, second)

    def move(self, first: Spot, second: Spot) -> tuple[Spot, float, Spot]:
        """The centre's shift, the factor to zoom by, and about what point, since the last step."""
        centre, distance = _measure(first, second)
        shift = centre[0] - self._centre[0], centre[1] - self._centre[1]
        # Fingers that touch each other measure next to nothing, and would zoom without bounds.
        factor = distance / self._distance if min(distance, self._distance) > 1.0 else 1.0
        self._centre, self._distance = centre, distance
        return shift, factor, centre


def _measure(first: Spot, second: Spot) -> tuple[Spot, float]:
    return ((first[0] + second[0]) / 2, (first[1] + second[1]) / 2), math.dist(first, second)
