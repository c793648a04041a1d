"""The erase pipeline: any picture, any mask, one call; previews on the way, pixels elsewhere untouched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from inference.blend import composite, fade_mask, grown, lowpass, membrane, resize
from inference.catalogue import DEFAULT_MODEL, EraseSettings, ModelFolder
from inference.codec import ColourMap
from inference.devices import choose_device
from inference.errors import InputError, ModelError
from inference.fill import patch_fill
from inference.models import Model, load_model
from inference.regions import Box, Region, plan_regions
from inference.sampling import Step, denoise, plan_timesteps
from inference.schedules import ddim
from inference.whitening import Whitening

SMALLEST_CONTEXT = 512  # picture pixels around a hole, where the picture has them
LARGEST_FILL = 768  # side in pixels up to which patches are copied at the picture's own resolution
RING = 6  # native pixels around the hole on which colours are matched

RGB = NDArray[np.uint8]


@dataclass(frozen=True)
class Preview:
    """A part of the picture as it forms: ``rgb (y1 - y0, x1 - x0, 3)`` uint8 at ``box`` in picture pixels.

    NumPy takes it for the array of its pixels.
    """

    box: Box
    rgb: RGB = field(repr=False)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self.rgb, dtype=dtype, copy=True if copy is None else copy)


OnStep = Callable[[int, int, Preview], None]


class ErasePipeline:
    """A loaded model and the way its results get into pictures."""

    def __init__(self, model: Model, device: torch.device) -> None:
        self.model, self.device = model, device

    @classmethod
    def load(cls, model: str | Path = DEFAULT_MODEL, device: str = "auto") -> ErasePipeline:
        """Load a bundled model by name, or one from a folder or checkpoint file.

        ``device``: "auto", "cpu", "cuda", "mps", "xpu". Raises :class:`inference.errors.ModelError` where the
        model is missing, damaged or of another kind, and :class:`InputError` for an unknown device.
        """
        chosen = choose_device(device)
        return cls(load_model(model, chosen), chosen)

    @property
    def folder(self) -> ModelFolder:
        return self.model.folder

    def plan(self, mask: NDArray[Any]) -> list[Region]:
        """The squares that an erase of ``mask (H, W)`` works on, in order."""
        return plan_regions(_hole(mask), smallest=SMALLEST_CONTEXT)

    def affected(self, mask: NDArray[Any]) -> NDArray[np.bool_]:
        """``(H, W)``: where pixels may change, the grown and faded mask. Everywhere else bytes stay."""
        hole = _hole(mask)
        result = np.zeros(hole.shape, bool)
        for region in self.plan(mask):
            alpha = fade_mask(region.cut(hole), region.grow, region.fade)
            box = region.touched((hole.shape[0], hole.shape[1]))
            result[_slices(box)] |= alpha[_slices(box, region)] > 0
        return result

    def erase(
        self,
        image: RGB,
        mask: NDArray[Any],
        *,
        steps: int | None = None,
        guidance: float | None = None,
        strength: float | None = None,
        seed: int = 0,
        on_step: OnStep | None = None,
    ) -> RGB:
        """Fill the hole of ``image``; returns a new picture of the same size.

        ``image (H, W, 3)`` uint8 RGB of any size. ``mask (H, W)`` uint8, above 127 = erase (or bool).
        ``steps`` 1..1000, ``guidance`` >= 1 (1 runs one branch only), ``strength`` in (0, 1]: the share of the
        schedule that is run; None takes the model's own. ``on_step(step, total, preview)`` is called with step 0
        for the first draft where the model starts from one, then with 1 .. total over all regions; raising
        :class:`inference.errors.Cancelled` there stops within one step. The same seed gives the same bytes;
        global random state is not touched. Raises :class:`InputError` where there is nothing to erase, nothing
        left to learn from, or an argument is out of range.
        """
        result = image.copy()
        patches = self.erase_parts(
            image, mask, steps=steps, guidance=guidance, strength=strength, seed=seed, on_step=on_step
        )
        for part in patches:
            result[_slices(part.box)] = part.rgb
        return result

    def erase_parts(
        self,
        image: RGB,
        mask: NDArray[Any],
        *,
        steps: int | None = None,
        guidance: float | None = None,
        strength: float | None = None,
        seed: int = 0,
        on_step: OnStep | None = None,
    ) -> Sequence[Preview]:
        """As :meth:`erase`, but returns only the boxes that changed, with their final pixels."""
        hole = _check(image, mask)
        settings = _chosen(self.folder.settings, steps, guidance, strength)
        regions = self.plan(mask)
        each = len(plan_timesteps(ddim(self.folder.schedule), settings.steps, settings.strength))
        seed = int(seed)
        generator = torch.Generator().manual_seed(seed % (1 << 63))
        parts = []
        for index, region in enumerate(regions):

            def report(step: int, preview: Preview, index: int = index) -> None:
                if on_step is not None:
                    on_step(index * each + step, each * len(regions), preview)

            job = _RegionJob(self, settings, image, hole, region, generator, seed + index)
            parts.append(job.run(report))
        return parts


class _RegionJob:
    """One square: cut out, filled, denoised, brought back."""

    def __init__(
        self,
        pipeline: ErasePipeline,
        settings: EraseSettings,
        image: RGB,
        hole: NDArray[np.bool_],
        region: Region,
        generator: torch.Generator,
        seed: int,
    ) -> None:
        self.pipeline, self.settings, self.region = pipeline, settings, region
        self.generator, self.seed = generator, seed
        self.picture: RGB = region.cut(image)
        own_hole = region.cut(hole)
        self.hole = grown(own_hole, region.grow)
        self.alpha = fade_mask(own_hole, region.grow, region.fade)
        self.size = image.shape[0], image.shape[1]
        self.box = region.touched(self.size)
        self.window = _slices(self.box, region)
        self.native = pipeline.folder.native

    def preview(self, result: NDArray[Any]) -> Preview:
        """``result`` (side, side, 3), brought into the picture where it may change."""
        part = composite(self.picture[self.window], result[self.window], self.alpha[self.window])
        return Preview(self.box, part)

    def run(self, report: Callable[[int, Preview], None]) -> Preview:
        settings = self.settings
        from_fill = settings.start == "fill" or settings.condition == "fill"
        fill = self.fill() if from_fill else self.picture
        if from_fill:
            report(0, self.preview(fill))
        return self.denoise(fill, report)

    def fill(self) -> RGB:
        """The patch fill at the picture's own resolution, or at a reduced one where the square is large.

        Patches come from what lies in the picture: mirrored pixels beyond its edge would be seen to repeat.
        """
        part = _slices(self.region.inside(self.size), self.region)
        picture, hole = self.picture[part], self.hole[part]
        height, width = hole.shape
        scale = min(1.0, LARGEST_FILL / max(height, width))
        small = max(1, round(height * scale)), max(1, round(width * scale))
        reduced_hole = resize(hole.astype(np.float32), small) > 0
        radius, seed = self.settings.fill_radius, self.seed
        reduced = patch_fill(np.ascontiguousarray(resize(picture, small)), reduced_hole, radius=radius, seed=seed)
        filled = np.where(hole[..., None], resize(reduced, (height, width)), picture)
        return self.region.pad(filled.astype(np.uint8), self.size)

    @torch.inference_mode()
    def denoise(self, fill: RGB, report: Callable[[int, Preview], None]) -> Preview:
        pipeline, settings = self.pipeline, self.settings
        codec, unet = pipeline.model.codec, pipeline.model.unet
        size = (self.native, self.native)
        hole_pixels = self._tensor(resize(self.hole.astype(np.float32), size)[..., None] > 0)
        picture = self._tensor(resize(self.picture, size)) / 127.5 - 1
        filled = self._tensor(resize(fill, size)) / 127.5 - 1
        condition = filled if settings.condition == "fill" else picture * (1 - hole_pixels)
        start = filled if settings.start == "fill" else picture
        known, start = self._encode(condition), self._encode(start)
        if settings.condition == "fill":
            hole = F.max_pool2d(hole_pixels, codec.factor)
        else:
            hole = F.interpolate(hole_pixels, start.shape[-2:], mode="nearest")
        whitening = Whitening.measure(known, hole) if settings.whiten else None
        if whitening is not None:
            known, start = whitening.apply(known), whitening.apply(start)
        colours = ColourMap(whitening.undo(start) if whitening else start, picture, hole)

        def decode(latents: Tensor, *, cheaply: bool) -> NDArray[np.float32]:
            if whitening is not None:
                latents = whitening.undo(latents)
            decoded = codec.preview(latents) if cheaply else codec.decode(latents)
            if decoded is None:
                decoded = F.interpolate(colours(latents), size, mode="bilinear", align_corners=False)
            if not torch.isfinite(decoded).all():
                raise ModelError(f"{pipeline.folder.path} gives values that are not finite: its weights are damaged.")
            shades: Tensor = (decoded[0].permute(1, 2, 0).float() + 1) * 127.5
            return np.asarray(shades.cpu().numpy(), dtype=np.float32)

        transfer = settings.transfer_sigma > 0 and settings.strength < settings.transfer_below
        baseline = decode(start, cheaply=False) if transfer else None

        def bring_back(decoded: NDArray[np.float32]) -> NDArray[np.float32]:
            if baseline is not None:
                return self._transfer(fill, decoded - baseline)
            return self._match(decoded)

        def on_step(step: Step) -> None:
            report(step.index + 1, self.preview(bring_back(decode(step.x0, cheaply=True))))

        scheduler = ddim(pipeline.folder.schedule)
        timesteps = plan_timesteps(scheduler, settings.steps, settings.strength)
        latents = denoise(
            unet,
            scheduler,
            timesteps,
            start=start,
            noise=self._noise(start),
            hole=hole,
            known=known,
            guidance=settings.guidance,
            keep=start if settings.keep_known else None,
            on_step=on_step,
        )
        return self.preview(bring_back(decode(latents, cheaply=False)))

    def _transfer(self, fill: RGB, change: NDArray[np.float32]) -> NDArray[np.float32]:
        """The fill plus the model's change, low-passed and vanishing at the hole's edge."""
        settings, side = self.settings, self.region.side
        hole = resize(self.hole.astype(np.float32), change.shape[:2]) > 0
        change = change - membrane(change, hole, RING)
        smooth = lowpass(change * hole[..., None], settings.transfer_sigma) * settings.transfer_gain
        smooth *= 1 - fade_mask(~hole, 0, 2 * settings.transfer_sigma)[..., None]  # none at the edge
        return fill.astype(np.float32) + np.asarray(resize(smooth, (side, side)), dtype=np.float32)

    def _match(self, decoded: NDArray[np.float32]) -> NDArray[np.float32]:
        """``decoded`` (native) at the square's size, its colours matched to the ring around the hole."""
        side = self.region.side
        result = np.asarray(resize(decoded, (side, side)), dtype=np.float32)
        ring = max(RING * side / self.native, self.region.fade)
        return result + membrane(self.picture - result, self.hole, ring)

    def _encode(self, picture: Tensor) -> Tensor:
        return self.pipeline.model.codec.encode(picture, self.generator)

    def _noise(self, like: Tensor) -> Tensor:
        noise = torch.randn(like.shape, generator=self.generator)
        offset = torch.randn(*like.shape[:2], 1, 1, generator=self.generator)
        return (noise + self.settings.noise_offset * offset).to(like)

    def _tensor(self, values: NDArray[Any]) -> Tensor:
        """``(H, W, C)`` -> ``(1, C, H, W)`` float32 on the device."""
        tensor = torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))
        return tensor.permute(2, 0, 1)[None].contiguous().to(self.pipeline.device)


def _hole(mask: NDArray[Any]) -> NDArray[np.bool_]:
    return mask if mask.dtype == np.bool_ else mask > 127


def _slices(box: Box, region: Region | None = None) -> tuple[slice, slice]:
    """Rows and columns of ``box``, in the picture or in a region's square."""
    x, y = (region.x, region.y) if region else (0, 0)
    return slice(box[1] - y, box[3] - y), slice(box[0] - x, box[2] - x)


def _check(image: RGB, mask: NDArray[Any]) -> NDArray[np.bool_]:
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
        raise InputError(f"The picture must be (H, W, 3) uint8, not {image.shape} {image.dtype}.")
    if mask.shape != image.shape[:2]:
        raise InputError(
            f"The mask is {_named(mask.shape)} and the picture {_named(image.shape)} pixels; they must be the same."
        )
    if mask.dtype not in (np.uint8, np.bool_):
        raise InputError(f"The mask must be uint8 or bool, not {mask.dtype}.")
    hole = _hole(mask)
    if not hole.any():
        faint = f" (no value is above 127, the largest is {mask.max()})" if mask.any() else ""
        raise InputError(f"Nothing to erase: the mask is empty{faint}. Brush over what should go.")
    if hole.all():
        raise InputError("The mask covers the whole picture. Leave some of it to fill the hole from.")
    return hole


def _named(shape: tuple[int, ...]) -> str:
    return f"{shape[1]} x {shape[0]}" if len(shape) >= 2 else str(shape)


def _chosen(
    settings: EraseSettings, steps: int | None, guidance: float | None, strength: float | None
) -> EraseSettings:
    given = {"steps": steps, "guidance": guidance, "strength": strength}
    settings = replace(settings, **{k: v for k, v in given.items() if v is not None})  # type: ignore[arg-type]
    if not 1 <= settings.steps <= 1000:
        raise InputError(f"Steps must be between 1 and 1000, not {settings.steps}.")
    if not 0 < settings.strength <= 1:
        raise InputError(f"Strength must be above 0 and at most 1, not {settings.strength}.")
    if not 1 <= settings.guidance <= 30:
        raise InputError(f"Guidance must be between 1 and 30, not {settings.guidance}.")
    return settings
