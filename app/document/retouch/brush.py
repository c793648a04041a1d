"""What a retouching stroke does: which brush, from where, how much."""

from __future__ import annotations

from dataclasses import dataclass

from app.document.mask import Brush


@dataclass(frozen=True)
class RetouchBrush:
    """A brush that copies pixels from (x + dx, y + dy) to (x, y).

    ``offset`` is (dx, dy) in whole pixels; ``heal`` keeps the colours of the place and copies texture only;
    ``opacity`` 0 to 1 is how much of the copy is seen; ``pressure_opacity`` scales that by a pen's pressure.
    Raises ``ValueError`` outside these ranges.
    """

    brush: Brush
    offset: tuple[int, int]
    heal: bool = False
    opacity: float = 1.0
    pressure_opacity: bool = False

    def __post_init__(self) -> None:
        if not 0.0 <= self.opacity <= 1.0:
            raise ValueError(f"opacity {self.opacity} is not within 0..1")

    @property
    def name(self) -> str:
        """What a stroke with it is called."""
        return "Heal stroke" if self.heal else "Clone stroke"
