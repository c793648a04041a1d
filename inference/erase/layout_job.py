"""One region erased by a layout: the layout's steps are shown, then the patch fill corrected by it."""

from __future__ import annotations

import numpy as np
import torch

from inference.erase.layout_erase import SIDE, LayoutDenoiser
from inference.erase.memory_fallback import MemoryFallback
from inference.erase.model_io import Decoded, Square
from inference.erase.region_job import Preview, RegionJob, Report
from inference.fill import corrected, correction
from inference.models import Model
from inference.runtime import Check


class LayoutJob(RegionJob):
    """Plans its steps when made, works when asked to: first :meth:`draft`, then :meth:`run`."""

    @property
    def from_fill(self) -> bool:
        return True

    @property
    def only_filled(self) -> bool:
        """A sample area says what belongs in the hole: what surrounds it is to have no say."""
        return self._source is not None

    def draft(self, report: Report, check: Check) -> None:
        """A smooth fill, there at once. The patch fill is not shown: texture comes after what it is to fit."""
        self.sketch(report, check)
        super().draft(report if self.only_filled else lambda step, preview: check(), check)

    def steps(self, fallback: MemoryFallback) -> int:
        """Those of the layout, and one for the texture."""
        return 0 if self.only_filled else self.settings.steps + 1

    def run(
        self, model: Model, device: torch.device, fallback: MemoryFallback, report: Report, check: Check
    ) -> Preview:
        """Denoise the layout and correct the patch fill by it; ``report`` and ``check`` may raise to stop."""
        assert self.filled is not None
        generator = torch.Generator().manual_seed(self.seed % (1 << 63))
        filled = self._square(self.filled.reduced, SIDE)
        # What was in the hole is nowhere in here: not even mixed into the pixels beside it by resizing.
        square = Square(filled, filled, self._square(self._whole_hole(), SIDE) > 0)

        def on_step(index: int, decoded: Decoded) -> None:
            report(index + 1, self._preview(self._bring_back(decoded, square)))

        guide = LayoutDenoiser(model, device, self.settings, generator, check).run(square, on_step)
        check()
        change = correction(guide, filled.astype(np.float32), square.hole)
        scale = SIDE / self.region.side
        matrix = np.array([[scale, 0, -scale * self.region.x], [0, scale, -scale * self.region.y]])
        result = self._result(corrected(self.filled.rgb, change, matrix, self.box), None)
        report(self.settings.steps + 1, result)
        return result
