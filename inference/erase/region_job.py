"""One region of a picture from the mask to its final pixels: draft, denoising, tiles, colours, seam.

What is as large as the hole is held in bytes; floats cover a band of it, or a square of the model's size.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from inference.erase.blending import compensate, composite, grown, lowpass, membrane, robust_match
from inference.erase.high_bit_depth import TO_16_BIT, SixteenBitValues, debanded
from inference.erase.memory_fallback import MemoryFallback
from inference.erase.model_io import OnStage, Square, Squares
from inference.erase.regions import Box, Region, window
from inference.erase.soft_masks import blend_share
from inference.erase.tiles import feather, plan_tiles, tiled_side
from inference.fill import LARGEST, Fill, fill_box, fill_from, reduce_hole, resize, sample, smooth_fill
from inference.models import EraseSettings
from inference.runtime import Check

if TYPE_CHECKING:
    import torch

    from inference.models import Model

RGB = NDArray[np.uint8]
Float = NDArray[np.float32]

RING = 6  # native pixels around the hole on which colours are matched
TILED_FROM = 1.5  # times the native side: from there on the enlarged result would be soft
BAND = 256  # rows of the result made at once


@dataclass(frozen=True)
class Preview:
    """A part of the picture as it forms: ``rgb (y1 - y0, x1 - x0, 3)`` uint8 at ``box`` in picture pixels.

    NumPy takes it for the array of its pixels.
    """

    box: Box
    rgb: RGB = field(repr=False)
    sixteen_bit: SixteenBitValues | None = field(default=None, repr=False)  # of a result, where it was asked for

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self.rgb, dtype=dtype, copy=True if copy is None else copy)


Report = Callable[[int, Preview], None]  # step of this region, 0 for a draft


class RegionJob:
    """Plans its steps when made, works when asked to: first :meth:`draft`, then :meth:`run`."""

    def __init__(
        self,
        settings: EraseSettings,
        native: int,
        image: RGB,
        hole: NDArray[np.bool_],
        region: Region,
        seed: int,
        sixteen_bit: bool = False,
        source: NDArray[np.bool_] | None = None,
        soft: NDArray[np.uint8] | None = None,
    ) -> None:
        """``sixteen_bit``: results come with their values before they are rounded and laid into the picture.

        ``source``, of the picture's size: where the fill may copy from, None: everywhere.
        ``soft`` is what ``soft_masks.parted`` answers: where it is above 0, the share of the result, of 255.
        """
        self._image, self._source = image, source
        self.settings, self.native, self.region = settings, native, region
        self.seed, self.sixteen_bit = seed, sixteen_bit
        self.size = image.shape[0], image.shape[1]
        self.inside = region.inside(self.size)
        self.view = image[window(self.inside)]  # what lies in the picture; nobody writes to it
        self.box = region.touched(self.size)
        x, y, *_ = self.inside
        self.own = self.box[0] - x, self.box[1] - y, self.box[2] - x, self.box[3] - y  # the box within the view
        self.mask = mask = hole[window(self.box)]
        self.hole = grown(mask, region.grow)
        self.alpha = blend_share(mask, None if soft is None else soft[window(self.box)], region)
        self.soft = soft is not None
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
        fill: Callable[..., Fill]
        if self._source is None:
            fill = partial(fill_box, self.view, self.own, self.hole)
        else:
            fill = partial(fill_from, self._image, self._source, self.inside, self.box, self.hole)
        self.filled = fill(
            thickness=self.region.thickness + 2 * self.region.grow,
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
        known = self.view[window(self.own)]
        scale = min(1.0, 256 / max(known.shape[:2]))
        size = max(1, round(known.shape[0] * scale)), max(1, round(known.shape[1] * scale))
        small = smooth_fill(np.ascontiguousarray(resize(known, size)), reduce_hole(self.hole, size))
        return np.asarray(resize(small, known.shape[:2]), dtype=np.uint8)

    # -- the model -------------------------------------------------------------------------

    def side(self, fallback: MemoryFallback) -> int:
        """Pixels of the square the model works on."""
        chosen = self.settings.context or self.native
        return min(chosen, fallback.context or chosen)

    def tiles(self, fallback: MemoryFallback) -> tuple[int, list[tuple[int, int]]]:
        """The side the whole square is brought to for tiles, and their corners ``(y, x)`` in what lies inside."""
        side, settings = self.side(fallback), self.settings
        if settings.refine <= 0 or self.region.side <= TILED_FROM * self.native:
            return 0, []
        height, width = self.hole.shape
        whole = tiled_side((height, width), self.region.side, side)
        height, width = (round(n * whole / self.region.side) for n in self.view.shape[:2])
        return (0, []) if min(height, width) < side else (whole, plan_tiles(self._hole_at((height, width)), side))

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

        from inference.erase.square import denoiser_of

        generator = torch.Generator().manual_seed(self.seed % (1 << 63))
        side = self.side(fallback)
        fill = self.filled
        reduced = fill.reduced if fill is not None else self.view
        square = Square(
            self._square(self.view, side), self._square(reduced, side), self._square(self._whole_hole(), side) > 0
        )
        denoiser = denoiser_of(model, device, self.settings, generator, fallback, self.on_stage)
        done, shown = 0, Preview(self.box, self.view[window(self.own)])

        def on_step(index: int, made: Float | None) -> None:
            nonlocal done, shown
            done = index + 1
            shown = shown if made is None else self._preview(self._bring_back(made, square))
            report(done, shown)

        made = denoiser.run(square, on_step)
        result = self._bring_back(made, square)
        whole, tiles = self.tiles(fallback)
        if tiles:
            refined = denoiser_of(model, device, self._refining, generator, fallback)

            def on_tile(preview: Preview | None) -> None:
                nonlocal done, shown
                done += 1
                shown = preview or shown
                report(done, shown)

            return self._result(self._refine(refined, result, whole, tiles, side, on_tile), None)
        return self._result(result, lambda: self._bring_back(made, square, sixteen_bit=True))

    def _refine(
        self,
        denoiser: Squares,
        coarse: RGB,
        whole: int,
        tiles: list[tuple[int, int]],
        side: int,
        on_step: Callable[[Preview | None], None],
    ) -> RGB:
        """``coarse``, the box's pixels, denoised again tile by tile; each tile continues those before it."""
        scale = whole / self.region.side
        height, width = (round(n * scale) for n in self.view.shape[:2])
        original = np.asarray(resize(self.view, (height, width)))
        x0, y0, x1, y1 = (round(n * scale) for n in self.own)
        hole = self._hole_at((height, width))
        canvas = original.copy()
        part = window((x0, y0, x1, y1))
        canvas[part][hole[part]] = np.asarray(resize(coarse, (y1 - y0, x1 - x0)))[hole[part]]
        for y, x in tiles:
            place = slice(y, y + side), slice(x, x + side)
            before = canvas[place].astype(np.float32)
            edges = y == 0, y + side == height, x == 0, x + side == width
            share = (feather(side, edges) * hole[place])[..., None]

            def blended(made: Float, before: Float = before, share: Float = share) -> RGB:
                toned = made + lowpass(before - made, side / 16)  # its tones are the coarse pass's
                return np.clip(np.rint(before + (toned - before) * share), 0, 255).astype(np.uint8)

            def report(_index: int, made: Float | None, y: int = y, x: int = x, blended: Any = blended) -> None:
                on_step(None if made is None else self._tile_preview(blended(made), (x, y), scale))

            made = denoiser.run(Square(original[place], canvas[place], hole[place]), report)
            canvas[place] = blended(made)
        return np.asarray(resize(canvas[part], coarse.shape[:2]), dtype=np.uint8)

    def _tile_preview(self, rgb: RGB, corner: tuple[int, int], scale: float) -> Preview:
        """A tile at ``corner (x, y)`` of the scaled view, where the picture may change."""
        start = [self.inside[i] + round(corner[i] / scale) for i in (0, 1)]
        end = [min(start[i] + round(rgb.shape[0] / scale), self.inside[i + 2]) for i in (0, 1)]
        enlarged = np.asarray(resize(rgb, (end[1] - start[1], end[0] - start[0])))
        box = max(start[0], self.box[0]), max(start[1], self.box[1]), min(end[0], self.box[2]), min(end[1], self.box[3])
        picture = self.view[window(box, self.inside[:2])]
        alpha = self.alpha[window(box, self.box[:2])]
        return Preview(box, composite(picture, enlarged[window(box, (start[0], start[1]))], alpha))

    # -- from the model's square to the picture --------------------------------------------

    def _bring_back(self, made: Float, square: Square, *, sixteen_bit: bool = False) -> NDArray[Any]:
        """The box's pixels: the model's picture with its colours matched.

        uint8, or uint16 where ``sixteen_bit``, as of :class:`SixteenBitValues`.
        """
        return self._sampled(self._match(made, square), None, sixteen_bit)

    def _sampled(self, values: Float, base: RGB | None, sixteen_bit: bool) -> NDArray[Any]:
        """``values``, given on the model's square, at the box; added to ``base`` where there is one."""
        x0, y0, x1, y1 = self.box
        scale = values.shape[0] / self.region.side
        matrix = np.array([[scale, 0, -scale * self.region.x], [0, scale, -scale * self.region.y]])
        result = np.empty((y1 - y0, x1 - x0, 3), np.uint16 if sixteen_bit else np.uint8)
        for top in range(y0, y1, BAND):
            bottom = min(top + BAND, y1)
            rows = slice(top - y0, bottom - y0)
            part = sample(values, matrix, (x0, top, x1, bottom))
            if base is not None:
                part += debanded(base, rows.start, rows.stop) if sixteen_bit else base[rows]
            result[rows] = np.rint(np.clip(part, 0, 255) * TO_16_BIT) if sixteen_bit else np.clip(np.rint(part), 0, 255)
        return result

    def _match(self, rgb: Float, square: Square) -> Float:
        """``rgb``, its colours matched to the picture on the ring around the hole as the settings say."""
        colour = self.settings.colour
        if colour in ("none", "released"):
            return rgb
        reach = max(RING, self.region.fade * square.hole.shape[0] / self.region.side)
        ring = grown(square.hole, reach) & ~square.hole
        rgb = robust_match(rgb, square.picture, ring, gain=colour == "gain")
        if colour == "offset":
            return rgb
        return rgb + membrane(square.picture.astype(np.float32) - rgb, square.hole, reach)

    def _result(self, result: RGB, finer: Callable[[], NDArray[np.uint16]] | None) -> Preview:
        """``result`` brought into the picture; where it was asked for with what ``finer`` answers, or smoothed."""
        preview = self._preview(result)
        if not self.sixteen_bit:
            return preview
        # What was published is made of bytes.
        if self.settings.colour == "released" and self.filled is None and not self.soft:
            share = (self.alpha > 0).astype(np.float32)
            return replace(preview, sixteen_bit=SixteenBitValues(preview.rgb.astype(np.uint16) * TO_16_BIT, share))
        if finer is not None:
            return replace(preview, sixteen_bit=SixteenBitValues(finer(), self.alpha))
        colours = np.empty(result.shape, np.uint16)
        for top in range(0, len(result), BAND):
            bottom = min(top + BAND, len(result))
            colours[top:bottom] = np.rint(debanded(result, top, bottom) * TO_16_BIT)
        return replace(preview, sixteen_bit=SixteenBitValues(colours, self.alpha))

    def _preview(self, result: RGB) -> Preview:
        """``result``, the box's pixels, brought into the picture where it may change."""
        picture = self.view[window(self.own)]
        if self.settings.colour == "released" and self.filled is None and not self.soft:
            mask = self.mask.astype(np.uint8) * 255
            pasted = compensate(picture, mask, result)
            return Preview(self.box, np.where(self.alpha[..., None] > 0, pasted, picture))
        made = np.empty_like(picture)
        for top in range(0, len(made), BAND):
            rows = slice(top, top + BAND)
            made[rows] = composite(picture[rows], result[rows], self.alpha[rows])
        return Preview(self.box, made)

    # -- the region at other sizes ---------------------------------------------------------

    def _whole_hole(self) -> RGB:
        """``(H, W)`` of the view: 255 in the grown hole."""
        whole = np.zeros(self.view.shape[:2], np.uint8)
        whole[window(self.own)][self.hole] = 255
        return whole

    def _hole_at(self, size: tuple[int, int]) -> NDArray[np.bool_]:
        return reduce_hole(self._whole_hole() > 0, size)

    def _square(self, values: RGB, side: int) -> RGB:
        """``values``, all that lies in the picture at any size, as the region's square of ``side`` pixels.

        Beyond a small picture's edges it is mirrored.
        """
        full = self.region.side
        height, width = self.view.shape[:2]
        if values.shape[:2] == (full, full) or (height, width) == (full, full):
            return np.asarray(resize(values, (side, side)))
        if full <= 2 * LARGEST:
            values = np.asarray(resize(values, (height, width)))
            return np.asarray(resize(self.region.pad(values, self.size), (side, side)))
        # A long picture's square would be mostly mirrored pixels: it is reduced before it is mirrored.
        scale = side / full
        top, left = (round((self.inside[i] - at) * scale) for i, at in ((1, self.region.y), (0, self.region.x)))
        small = np.asarray(resize(values, (max(1, round(height * scale)), max(1, round(width * scale)))))
        pads = [(top, side - top - small.shape[0]), (left, side - left - small.shape[1])]
        small = small[: side - top, : side - left]
        return np.pad(small, [(a, max(b, 0)) for a, b in pads] + [(0, 0)] * (small.ndim - 2), mode="symmetric")
