"""``RegionJob``: one region of a picture, drafted, then denoised whole and, where it is large, in tiles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from inference.erase.compositing import Compositor, Preview
from inference.erase.denoising import OnStage
from inference.erase.geometry import RegionView, Square, plan_tiles, tiled_side
from inference.erase.jobs.tile_refinement import refined_in_tiles
from inference.erase.memory_fallback import MemoryFallback
from inference.fill import Fill, fill_box, fill_from, reduce_hole, resize, smooth_fill
from inference.models import EraseSettings
from inference.runtime import Check

if TYPE_CHECKING:
    import torch

    from inference.models import Model

RGB = NDArray[np.uint8]
Float = NDArray[np.float32]

TILED_FROM = 1.5  # times the native side: from there on the enlarged result would be soft

Report = Callable[[int, Preview], None]  # step of this region, 0 for a draft


class RegionJob:
    """Plans its steps when made, works when asked to: first :meth:`draft`, then :meth:`run`."""

    def __init__(
        self,
        settings: EraseSettings,
        native: int,
        view: RegionView,
        seed: int,
        *,
        sixteen_bit: bool = False,
        source: NDArray[np.bool_] | None = None,
    ) -> None:
        """``native``: the side in pixels that the model was made for.

        ``sixteen_bit``: results come with their values before they are rounded and laid into the picture.
        ``source``, of the picture's size: where the fill may copy from, None: everywhere.
        """
        self.settings, self.native, self.view, self.seed = settings, native, view, seed
        self.compositor = Compositor(view, settings.colour, sixteen_bit=sixteen_bit)
        self.source = source
        self.filled: Fill | None = None
        self.on_stage: OnStage | None = None  # is told what the model is at in the whole square, not in tiles

    @property
    def from_fill(self) -> bool:
        """Whether the model starts from a filled hole, which is then shown as the first draft."""
        return "fill" in (self.settings.start, self.settings.condition)

    @property
    def only_filled(self) -> bool:
        """Whether the draft is the result, though there is a model."""
        return False

    # -- the draft -------------------------------------------------------------------------

    def sketch(self, report: Report, check: Check) -> None:
        """Show a smooth fill of the hole: there at once, and nothing that a model sees."""
        check()
        report(0, self._preview(self._smooth()))

    def draft(self, report: Report, check: Check) -> None:
        """Fill the hole without the model: smoothly, shown at once, then with patches, shown too."""
        self.sketch(report, check)
        view = self.view
        fill: Callable[..., Fill]
        if self.source is None:
            fill = partial(fill_box, view.pixels, view.own, view.hole)
        else:
            fill = partial(fill_from, view.picture, self.source, view.inside, view.box, view.hole)
        self.filled = fill(
            thickness=view.region.thickness + 2 * view.region.grow,
            radius=self.settings.fill_radius,
            edges=self.settings.continue_edges,
            seed=self.seed,
            check=check,
        )
        report(0, self._preview(self.filled.rgb))

    def result(self) -> Preview:
        """The draft as the result."""
        assert self.filled is not None
        return self._result(self.filled.rgb, None)

    def _smooth(self) -> RGB:
        """The smooth fill, made at a reduced size: it has no detail to lose."""
        known = self.view.original
        scale = min(1.0, 256 / max(known.shape[:2]))
        size = max(1, round(known.shape[0] * scale)), max(1, round(known.shape[1] * scale))
        small = smooth_fill(np.ascontiguousarray(resize(known, size)), reduce_hole(self.view.hole, size))
        return np.asarray(resize(small, known.shape[:2]), dtype=np.uint8)

    # -- the model -------------------------------------------------------------------------

    def side(self, fallback: MemoryFallback) -> int:
        """Pixels of the square the model works on."""
        chosen = self.settings.context or self.native
        return min(chosen, fallback.context or chosen)

    def tiles(self, fallback: MemoryFallback) -> tuple[int, list[tuple[int, int]]]:
        """The side the whole square is brought to for tiles, and their corners ``(y, x)`` in what lies inside."""
        side, settings, view = self.side(fallback), self.settings, self.view
        if settings.refine <= 0 or view.region.side <= TILED_FROM * self.native:
            return 0, []
        height, width = view.hole.shape
        whole = tiled_side((height, width), view.region.side, side)
        height, width = (round(n * whole / view.region.side) for n in view.pixels.shape[:2])
        return (0, []) if min(height, width) < side else (whole, plan_tiles(view.hole_at((height, width)), side))

    def steps(self, fallback: MemoryFallback) -> int:
        """How many steps :meth:`run` takes."""
        return self.settings.steps + len(self.tiles(fallback)[1]) * self._refining.steps

    @property
    def _refining(self) -> EraseSettings:
        """Settings for tiles: at a lower strength, from what the coarse pass made."""
        settings = self.settings
        strength = min(settings.refine, settings.strength)
        steps = max(1, round(settings.steps * strength / settings.strength))
        return replace(settings, strength=strength, steps=steps, start="fill")

    def run(
        self, model: Model, device: torch.device, fallback: MemoryFallback, report: Report, check: Check
    ) -> Preview:
        """Denoise, and bring the result into the picture; ``report`` and ``check`` may raise to stop."""
        import torch  # here, as the patch fill does without

        from inference.erase.denoising import denoiser_of

        generator = torch.Generator().manual_seed(self.seed % (1 << 63))
        side, view, compositor = self.side(fallback), self.view, self.compositor
        reduced = self.filled.reduced if self.filled is not None else view.pixels
        square = Square(view.square(view.pixels, side), view.square(reduced, side), view.square_hole(side))
        denoiser = denoiser_of(model, device, self.settings, generator, fallback, self.on_stage)
        done, shown = 0, Preview(view.box, view.original)

        def on_step(index: int, made: Float | None) -> None:
            nonlocal done, shown
            done = index + 1
            shown = shown if made is None else self._preview(compositor.from_square(made, square))
            report(done, shown)

        made = denoiser.run(square, on_step)
        result = compositor.from_square(made, square)
        whole, tiles = self.tiles(fallback)
        if tiles:
            refining = denoiser_of(model, device, self._refining, generator, fallback)

            def on_tile(preview: Preview | None) -> None:
                nonlocal done, shown
                done += 1
                shown = preview or shown
                report(done, shown)

            return self._result(refined_in_tiles(refining, result, view, whole, tiles, side, on_tile), None)
        return self._result(result, lambda: compositor.from_square(made, square, sixteen_bit=True))

    # -- into the picture ------------------------------------------------------------------

    @property
    def _released(self) -> bool:
        """Whether results are pasted as the published code does."""
        return self.settings.colour == "released" and self.filled is None and not self.view.soft

    def _preview(self, result: RGB) -> Preview:
        return self.compositor.preview(result, released=self._released)

    def _result(self, result: RGB, finer: Callable[[], NDArray[np.uint16]] | None) -> Preview:
        return self.compositor.result(result, finer, released=self._released)
