"""One region erased by a layout: the layout's steps are shown, then texture as it becomes finer."""

from __future__ import annotations

import numpy as np
import torch

from inference.erase.layout_erase import SIDE, TEXTURE_STEPS, LayoutDenoiser, with_texture
from inference.erase.memory_fallback import MemoryFallback
from inference.erase.model_io import Decoded, Square
from inference.erase.region_job import RGB, Preview, RegionJob, Report
from inference.erase.regions import window
from inference.fill import looked_at
from inference.models import Model
from inference.runtime import Check


class LayoutJob(RegionJob):
    """Plans its steps when made, works when asked to: :meth:`draft` only shows that it has begun."""

    @property
    def from_fill(self) -> bool:
        return True

    def draft(self, report: Report, check: Check) -> None:
        """A smooth fill, there at once."""
        self.sketch(report, check)

    def steps(self, fallback: MemoryFallback) -> int:
        """Those of the layout, and some for the texture."""
        return self.settings.steps + TEXTURE_STEPS

    def _without_object(self) -> RGB:
        """The view with a smooth fill in the hole: resizing mixes what is in a hole into the pixels beside it."""
        view, own = self.view.copy(), window(self.own)
        view[own][self.hole] = self._smooth()[self.hole]
        return view

    def run(
        self, model: Model, device: torch.device, fallback: MemoryFallback, report: Report, check: Check
    ) -> Preview:
        """Denoise the layout and copy texture that fits it; ``report`` and ``check`` may raise to stop."""
        generator = torch.Generator().manual_seed(self.seed % (1 << 63))
        denoiser = LayoutDenoiser(model, device, self.settings, generator, check)
        picture = self._square(self._without_object(), SIDE)
        square = Square(picture, picture, self._square(self._whole_hole(), SIDE) > 0)
        steps = done = self.settings.steps

        def show(step: int, decoded: Decoded) -> None:
            report(step, self._preview(self._bring_back(decoded, square)))

        guide = denoiser.run(square, lambda draft: show(0, draft), lambda index, decoded: show(index + 1, decoded))
        seen = self.inside if self._source is None else looked_at(self.inside, self._source, self.hole)
        x0, y0 = seen[:2]
        own = window((self.box[0] - x0, self.box[1] - y0, self.box[2] - x0, self.box[3] - y0))
        view = self._image[window(seen)]
        hole = np.zeros(view.shape[:2], bool)
        hole[own] = self.hole

        def on_texture(rgb: RGB) -> None:
            nonlocal done
            done = min(done + 1, steps + TEXTURE_STEPS - 1)
            report(done, self._preview(rgb[own]))

        filled = with_texture(
            view,
            hole,
            None if self._source is None else self._source[window(seen)],
            guide,
            (self.region.x, self.region.y, self.region.side),
            seen,
            seed=self.seed,
            check=check,
            on_preview=on_texture,
            device=device,
        )
        result = self._result(np.ascontiguousarray(filled[own]), None)
        report(steps + TEXTURE_STEPS, result)
        return result
