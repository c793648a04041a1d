"""The erase pipeline: any picture, any mask, one call; previews on the way, pixels elsewhere untouched."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from inference.erase.inputs import checked_hole, checked_source
from inference.erase.memory_fallback import MemoryFallback, free_caches, next_fallbacks
from inference.erase.model_io import OnStage
from inference.erase.region_job import Preview, RegionJob
from inference.erase.regions import Region, plan_regions, window
from inference.erase.settings import chosen_settings
from inference.erase.soft_masks import blend_share, parted
from inference.errors import NotFiniteError, out_of_memory
from inference.models import DEFAULT_MODEL, HALVES, PATCH_FILL, QUICK, ModelFolder, find_model
from inference.runtime import Background, Check, both, stopped_by

# What needs torch is imported where there is a model: the patch fill does without, and is there at once.
if TYPE_CHECKING:
    import torch

    from inference.models import Model

SMALLEST_CONTEXT = 512  # picture pixels around a hole, where the picture has them
LOADING = "loading a model"  # the name of the thread on which that is done meanwhile
SAVING_TILE = 256  # pixels of a tile of the large autoencoder where memory is short

RGB = NDArray[np.uint8]

OnStep = Callable[[int, int, Preview], None]


@dataclass(frozen=True)
class Processor:
    """Where holes are filled without a model; in the place of torch's device."""

    type: str = "cpu"


@dataclass(frozen=True)
class Plan:
    """What an erase will do, known before it runs."""

    regions: tuple[Region, ...]
    steps: int  # over all regions; previews of step 0 come before them


@dataclass(frozen=True)
class _Loaded:
    """A model as it was loaded; None: for a device that only the thread which erases may use."""

    model: Model | None
    device: torch.device
    precision: str
    seconds: float


class ErasePipeline:
    """A loaded model and the way its results get into pictures."""

    def __init__(
        self, folder: ModelFolder, model: Model | None, device: torch.device | Processor, precision: str = "fp32"
    ) -> None:
        """``model`` None: holes are filled with patches, nothing else."""
        self.folder, self.model, self.precision = folder, model, precision
        self.device: Any = device
        self.fallback = MemoryFallback(half=precision in HALVES)  # grows where memory runs out, and stays so
        self._told: Model | None = None  # the one whose notes have been told
        self._loading: Background[_Loaded] | None = None
        self.load_seconds = 0.0  # how long its model took to load, erasing meanwhile or not

    @property
    def copies(self) -> bool:
        """Whether what it fills holes with begins with a copy from elsewhere, for which a source may be given."""
        settings = self.folder.settings
        return self.folder.layout or not self.folder.has_weights or "fill" in (settings.start, settings.condition)

    @classmethod
    def load(
        cls,
        model: str | Path = DEFAULT_MODEL,
        device: str = "auto",
        cancelled: Callable[[], bool] | None = None,
        *,
        precision: str = "auto",
        meanwhile: bool = False,
    ) -> ErasePipeline:
        """Load a bundled model by name, or one from a folder or checkpoint file; "patch-fill" loads nothing.

        ``device``: "auto", "cpu", "cuda", "mps", "xpu". ``precision``: the U-Net's, "auto", "fp32", "bf16", "fp16" or
        "int8"; "auto" is exact on a processor, "quick" the quickest there is with this model. ``cancelled()``, looked
        at many times a second, stops it by :class:`inference.errors.Cancelled`. Raises
        :class:`inference.errors.ModelError` where the model is missing, damaged or of another kind, and
        :class:`InputError` for an unknown device or a precision it does not have.

        ``meanwhile``: returns as soon as the model is found; on another thread torch is imported and the model read,
        while the first erase fills its holes for a draft. That erase raises what loading does; ``model``, ``device``
        and ``precision`` are known after it, or after :meth:`wait`.
        """
        folder = find_model(model)
        if str(model) == PATCH_FILL:
            return cls(folder, None, Processor())

        def load(check: Check) -> _Loaded:
            start = time.perf_counter()
            from inference.models import choose_device, load_model

            chosen = choose_device(device)
            found = cls.precision_for(folder, chosen, precision)
            # A card is used on one thread alone: the one that erases.
            elsewhere = meanwhile and chosen.type != "cpu"
            loaded = None if elsewhere else load_model(model, chosen, check, precision=found)
            return _Loaded(loaded, chosen, found, time.perf_counter() - start)

        pipeline, check = cls(folder, None, Processor()), stopped_by(cancelled)
        if meanwhile:
            pipeline._loading = Background(lambda wanted: load(both(wanted, check)), LOADING)
        else:
            pipeline._take(load(check))
        return pipeline

    def wait(self, cancelled: Callable[[], bool] | None = None) -> None:
        """Wait for a model that is loaded meanwhile; raises what :meth:`load` does."""
        self._arrive(stopped_by(cancelled))

    def _arrive(self, check: Check) -> None:
        if self._loading is not None:
            self._take(self._loading.result(check))
            self._loading = None
        if self.model is None and self.folder.has_weights:  # a card's, or given back on the way to another device
            start = time.perf_counter()
            self._load_again(check)
            self.load_seconds += time.perf_counter() - start

    def _take(self, loaded: _Loaded) -> None:
        self.model, self.device, self.precision = loaded.model, loaded.device, loaded.precision
        self.fallback, self.load_seconds = MemoryFallback(half=loaded.precision in HALVES), loaded.seconds

    @staticmethod
    def precision_for(folder: ModelFolder, device: torch.device, wanted: str) -> str:
        """The precision that ``wanted``, as of :meth:`load`, comes to; raises :class:`InputError` as that does."""
        from inference.models import choose_precision, quick_precision

        precision = quick_precision(device, folder) if wanted == QUICK else choose_precision(device, wanted)
        if folder.flux:  # it has one on each kind of device
            return "fp32" if device.type == "cpu" else "bf16"
        return precision

    def plan(self, mask: NDArray[Any], *, exact: bool = False) -> list[Region]:
        """The squares that an erase of ``mask (H, W)`` works on, in order; ``exact`` as ``exact_mask`` of an erase."""
        least = self.folder.settings.least_context
        return plan_regions(parted(mask)[0], smallest=SMALLEST_CONTEXT, least=least, exact=exact)

    def affected(self, mask: NDArray[Any], *, exact: bool = False) -> NDArray[np.bool_]:
        """``(H, W)``: where pixels may change, the grown and faded mask. Everywhere else bytes stay."""
        hole, soft = parted(mask)
        result = np.zeros(hole.shape, bool)
        for region in self.plan(mask, exact=exact):
            part = window(region.touched((hole.shape[0], hole.shape[1])))
            result[part] |= blend_share(hole[part], None if soft is None else soft[part], region) > 0
        return result

    def planned(self, image: RGB, mask: NDArray[Any], **options: Any) -> Plan:
        """How :meth:`erase` with these ``options`` would go; raises :class:`InputError` as it would."""
        jobs = self._jobs(image, mask, **options)
        return Plan(tuple(job.region for job in jobs), sum(self._steps(job) for job in jobs))

    def erase(self, image: RGB, mask: NDArray[Any], **options: Any) -> RGB:
        """Fill the hole of ``image``; returns a new picture of the same size. Options as :meth:`erase_parts`."""
        result = image.copy()
        for part in self.erase_parts(image, mask, **options):
            result[window(part.box)] = part.rgb
        return result

    def erase_parts(
        self,
        image: RGB,
        mask: NDArray[Any],
        *,
        steps: int | None = None,
        guidance: float | None = None,
        strength: float | None = None,
        context: int | None = None,
        colour: str | None = None,
        solver: str | None = None,
        guidance_until: float | None = None,
        deep_every: int | None = None,
        exact_mask: bool | None = None,
        continue_edges: bool | None = None,
        start: str | None = None,
        previews: str | None = None,
        variant: int | None = None,
        seed: int = 0,
        sixteen_bit: bool = False,
        source: NDArray[Any] | None = None,
        on_step: OnStep | None = None,
        on_stage: OnStage | None = None,
        on_note: Callable[[str], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Sequence[Preview]:
        """Fill the hole of ``image``; returns the boxes that changed, with their final pixels.

        ``image (H, W, 3)`` uint8 RGB of any size. ``mask (H, W)`` uint8 (or bool), erased above 0:
        hard holes are grown and faded, soft ones blend by their values.
        ``steps`` 1..1000: how many are run; ``guidance`` >= 1 (1 runs one branch only); ``strength`` in (0, 1]:
        how far towards noise the start is brought; ``context``: the side in pixels at which the model works, a
        multiple of 32, smaller is faster; ``colour``: "membrane", "offset", "gain", "released" or "none";
        ``solver``: "ddim", "dpm++" or "unipc"; ``guidance_until``: the share of the steps that are guided;
        ``deep_every`` 1..10: deep features of the network are computed at one of so many steps only, which is quicker;
        ``exact_mask``: nothing beyond the mask changes, which else is grown a little and faded, for masks that are
        brushed tightly leave traces; ``continue_edges``: whether a patch fill first continues the edges that a hole
        interrupts; ``start``: of the published models, "noise" or "published", from the picture as
        their authors run them, which leaves traces of the object; ``previews``: "exact" decodes every step as the
        result is, "fast" by a small decoder where it is installed, "fitted" by a linear map;
        ``variant``: which of the ways to fill a hole, as of :func:`inference.erase.settings.chosen_settings`;
        None takes the model's own. ``on_step(step, total, preview)`` is called with step 0 for the drafts of all
        regions, then with 1 .. total; ``on_stage`` with "encoding", "denoising" or "decoding" where the model begins
        with that. ``on_note(sentence)`` is told what was done where memory ran out. Raising
        :class:`inference.errors.Cancelled` in ``on_step``, or ``cancelled()`` becoming true, which is looked at many
        times a second, stops the erase. The same seed gives the same bytes; global random state is not touched.
        ``sixteen_bit``: every part comes with its values at 16 bits, not yet laid into the picture, for pictures that
        have more than ``image`` shows. ``source (H, W)`` uint8, above 127 (or bool): where the fill may copy from,
        None: everywhere outside the hole. Raises :class:`InputError` where there is nothing to erase, nothing left to
        learn from, or an argument is out of range.
        """
        check = stopped_by(cancelled)
        if self._loading is not None:
            check = both(check, self._loading.check)

        def report(step: int, total: int, preview: Preview) -> None:
            check()
            if on_step is not None:
                on_step(step, total, preview)

        jobs = self._jobs(
            image,
            mask,
            steps=steps,
            guidance=guidance,
            strength=strength,
            context=context,
            colour=colour,
            solver=solver,
            guidance_until=guidance_until,
            deep_every=deep_every,
            exact_mask=exact_mask,
            continue_edges=continue_edges,
            start=start,
            previews=previews,
            variant=variant,
            seed=int(seed),
            sixteen_bit=sixteen_bit,
            source=source,
        )
        total = sum(self._steps(job) for job in jobs)
        for job in jobs:
            job.on_stage = on_stage
            draft = job.draft if job.from_fill or not self.folder.has_weights else job.sketch
            draft(lambda _step, preview: report(0, total, preview), check)
        self._arrive(check)
        note = on_note or (lambda sentence: None)
        if self.model is not None and self.model is not self._told:
            self._told = self.model
            for sentence in self.model.notes:
                note(sentence)
        parts, done = [], 0
        for job in jobs:
            if self.model is None or job.only_filled:
                parts.append(job.result())
                continue
            own, on_job = self._steps(job), _Numbered(report, done, total)
            parts.append(self._spared(job, on_job, check, note))
            done += own
        return parts

    def _jobs(
        self,
        image: RGB,
        mask: NDArray[Any],
        *,
        seed: int = 0,
        sixteen_bit: bool = False,
        source: NDArray[Any] | None = None,
        **options: Any,
    ) -> list[RegionJob]:
        hole = checked_hole(image, mask)
        copied = None if source is None else checked_source(source, hole)
        settings = chosen_settings(self.folder.settings, **options)
        regions = self.plan(mask, exact=settings.exact_mask)
        soft = parted(mask)[1]
        kind = RegionJob
        if self.folder.layout:
            from inference.erase.layout_job import LayoutJob

            kind = LayoutJob
        return [
            kind(settings, self.folder.native, image, hole, region, seed + i, sixteen_bit, copied, soft)
            for i, region in enumerate(regions)
        ]

    def _steps(self, job: RegionJob) -> int:
        return job.steps(self.fallback) if self.folder.has_weights else 0

    def _spared(self, job: RegionJob, report: _Numbered, check: Check, note: Callable[[str], None]) -> Preview:
        """Run one region; where memory runs out, again with less of it, rung by rung."""
        ladder: Iterator[tuple[MemoryFallback, str]] | None = None
        while True:
            try:
                return self._once(job, report, check, note)
            except Exception as error:
                if not out_of_memory(error):
                    raise
                failure = error
                error.__traceback__ = None  # its frames hold the memory that is missing
            if ladder is None:
                guided = job.settings.guidance != 1 and not self.folder.flux  # that has one branch only
                kind = "cpu" if self.folder.flux else self.device.type  # and neither other device nor precision
                ladder = next_fallbacks(self.fallback, guided=guided, context=job.side(self.fallback), device=kind)
            step = next(ladder, None)
            if step is None:
                raise failure
            fallback, sentence = step
            check()
            note(sentence)
            self._make(fallback, check)

    def _make(self, fallback: MemoryFallback, check: Check) -> None:
        """Take a rung: what it saves is saved from now on."""
        from inference.models import choose_device, precisions
        from inference.networks.fast import GraphedUNet

        narrower = fallback.half and not self.fallback.half
        self.fallback = fallback
        if fallback.device is not None and self.device.type != fallback.device:
            self.device, self.precision = choose_device(fallback.device), "fp32"
            self._load_again(check)
        elif narrower:
            self.precision = next(name for name in precisions(self.device) if name in HALVES)
            self._load_again(check)
        self._tile()
        if self.model is not None and isinstance(self.model.unet, GraphedUNet):
            self.model.unet.release()
        free_caches()

    def _load_again(self, check: Check) -> None:
        """Read the model anew, for the device and in the precision set."""
        from inference.models import load_model

        self.model = None  # before it is read again
        free_caches()
        self.model = load_model(self.folder.path, self.device, check, precision=self.precision)
        self._tile()

    def _tile(self) -> None:
        """The large autoencoder works on tiles where memory was short."""
        from inference.models import KLCodec

        if self.fallback.tiled and self.model is not None and isinstance(self.model.codec, KLCodec):
            vae = self.model.codec.autoencoder
            vae.enable_slicing()
            vae.enable_tiling()
            vae.tile_sample_min_size = SAVING_TILE
            vae.tile_latent_min_size = SAVING_TILE // self.model.codec.factor

    def _once(self, job: RegionJob, report: _Numbered, check: Check, note: Callable[[str], None]) -> Preview:
        """Run one region; where values outgrow the precision, again in fp32, which it stays at."""
        from inference.networks.fast import GraphedUNet
        from inference.runtime import interruptible

        assert self.model is not None
        if isinstance(self.model.unet, GraphedUNet):
            self.model.unet.on_note = note
        try:
            with interruptible(check, *(part for part in (self.model.unet, self.model.codec) if part is not None)):
                return job.run(self.model, self.device, self.fallback, report, check)
        except NotFiniteError:
            if self.precision == "fp32":
                raise
        check()
        note(f"The model's values outgrew {self.precision}. It now calculates in fp32, which is slower.")
        self.precision = "fp32"
        self._load_again(check)
        return self._once(job, report, check, note)


class _Numbered:
    """Steps of one region, counted over all; a step done again after memory ran out keeps its number."""

    def __init__(self, report: Callable[[int, int, Preview], None], before: int, total: int) -> None:
        self.report, self.before, self.total = report, before, total

    def __call__(self, step: int, preview: Preview) -> None:
        self.report(min(self.before + step, self.total), self.total, preview)
