"""``LayoutJob``: one region erased by a layout, whose steps are shown, then the patch fill corrected by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from inference.erase.compositing import BAND, Preview, lowpass
from inference.erase.geometry import Square
from inference.erase.jobs.region_job import RegionJob, Report
from inference.erase.memory_fallback import MemoryFallback
from inference.fill import colour_correction
from inference.runtime import Check

if TYPE_CHECKING:
    import torch

    from inference.models import Model

RGB = NDArray[np.uint8]
Float = NDArray[np.float32]

RIM = 1.0  # standard deviation in pixels of how far a rim reaches into a hole


class LayoutJob(RegionJob):
    """Plans its steps when made, works when asked to: first :meth:`draft`, then :meth:`run`."""

    @property
    def from_fill(self) -> bool:
        return True

    @property
    def only_filled(self) -> bool:
        """Whether the draft is the result: of a speck among many, and where a sample area says what belongs there."""
        return self.source is not None or self.view.region.side < min(self.native, max(self.view.size))

    def draft(self, report: Report, check: Check) -> None:
        """A smooth fill, there at once. The patch fill is not shown: texture comes after what it is to fit."""
        if self.only_filled:
            super().draft(report, check)
            return
        self.sketch(report, check)
        super().draft(lambda step, preview: check(), check)

    def steps(self, fallback: MemoryFallback) -> int:
        """Those of the layout; after the last of them the texture is shown too."""
        return 0 if self.only_filled else self.settings.steps

    def run(
        self, model: Model, device: torch.device, fallback: MemoryFallback, report: Report, check: Check
    ) -> Preview:
        """Denoise the layout and correct the patch fill by it; ``report`` and ``check`` may raise to stop."""
        import torch  # here, as drafts do without

        from inference.erase.denoising import LayoutDenoiser

        assert self.filled is not None
        generator = torch.Generator().manual_seed(self.seed % (1 << 63))
        compositor, filled = self.compositor, self.view.square(self.filled.reduced, self.native)
        # What was in the hole is nowhere in here: not even mixed into the pixels beside it by resizing.
        square = Square(filled, filled, self.view.square_hole(self.native))

        def on_step(index: int, made: Float) -> None:
            report(index + 1, self._preview(compositor.from_square(made, square)))

        denoiser = LayoutDenoiser(model, device, self.settings, generator, check, self.on_stage)
        made, patches = denoiser.run(square, on_step)
        check()
        change, base = colour_correction(made, patches, square.hole), self._rimmed(self.filled.rgb, check)
        result = self._result(
            compositor.sampled(change, base, sixteen_bit=False),
            lambda: compositor.sampled(change, base, sixteen_bit=True),
        )
        report(self.settings.steps, result)  # now, as other regions may follow
        return result

    def _rimmed(self, filled: RGB, check: Check) -> RGB:
        """``filled``, the box's pixels, with a rim that does not break off at the hole's edge.

        Copied texture meets what is known with a jagged line of one or two pixels. There the mean of the known pixels
        nearby is the better guess, the more of them there are.
        """
        if not self.settings.rim:
            return filled
        result = filled.copy()
        for top in range(0, len(filled), BAND):
            check()
            first, last = max(top - 8, 0), min(top + BAND + 8, len(filled))
            known = ~self.view.hole[first:last]
            picture = self.view.original[first:last].astype(np.float32)
            near = lowpass(known[..., None].astype(np.float32), RIM)[..., None]  # OpenCV drops a last axis of 1
            mean = lowpass(picture * known[..., None], RIM) / np.maximum(near, 1e-6)
            share = np.minimum(self.settings.rim * near, 1) * self.view.hole[first:last][..., None]
            rimmed = np.rint(filled[first:last] + share * (mean - filled[first:last]))
            result[top : top + BAND] = rimmed[top - first : top - first + BAND]
        return result
