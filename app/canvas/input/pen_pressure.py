"""The pressure curve of a pen, as the brush takes it."""

from __future__ import annotations

import math

EVEN = 0.5  # softness at which the brush follows the pen in proportion


def pressure_curve(pressure: float, softness: float = EVEN) -> float:
    """What the brush is given for a pen's ``pressure``, both 0 to 1.

    ``softness`` 0 (firm: full only when pressed hard) to 1 (soft: nearly full at a touch), 0.5 in
    proportion. A power whose exponent runs from 4 to 1/4; both ends stay where they are.
    """
    if not math.isfinite(pressure):
        return 1.0
    exponent: float = 4.0 ** (1 - 2 * min(max(softness, 0.0), 1.0))
    return float(min(max(pressure, 0.0), 1.0) ** exponent)
