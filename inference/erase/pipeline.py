"""The erase pipeline: any picture, any mask, one call; previews on the way, pixels elsewhere untouched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from inference.erase.compositing import Preview
from inference.erase.denoising import OnStage
from inference.erase.geometry import (
    Region,
    RegionView,
    blend_share,
    parted,
    plan_regions,
    room_for_traces,
    window,
    with_traces,
)
from inference.erase.inputs import checked_hole, checked_source
from inference.erase.jobs import LayoutJob, RegionJob
from inference.erase.model_runner import ModelRunner
from inference.erase.settings import chosen_settings
from inference.models import DEFAULT_MODEL
from inference.runtime import Check, both, never, stopped_by

if TYPE_CHECKING:
    from inference.models import Model

SMALLEST_CONTEXT = 512  # picture pixels around a hole, where the picture has them

RGB = NDArray[np.uint8]

OnStep = Callable[[int, int, Preview], None]


@dataclass(frozen=True)
class Plan:
    """What an erase will do, known before it runs."""

    regions: tuple[Region, ...]
    steps: int  # over all regions; previews of step 0 come before them


class ErasePipeline:
    """A loaded model and the way its results get into pictures."""

    def __init__(self, runner: ModelRunner) -> None:
        self.runner, self.folder = runner, runner.folder

    @property
    def model(self) -> Model | None:
        """None: holes are filled with patches, nothing else, or the model is not there yet."""
        return self.runner.model

    @property
    def device(self) -> Any:
        """Where it runs: torch's device, or what has its ``type`` where there is no model."""
        return self.runner.device

    @property
    def precision(self) -> str:
        """What the U-Net calculates in."""
        return self.runner.precision

    @property
    def load_seconds(self) -> float:
        """How long the model took to load, erasing meanwhile or not."""
        return self.runner.load_seconds

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
        return cls(ModelRunner.load(model, device, precision, stopped_by(cancelled), meanwhile=meanwhile))

    def wait(self, cancelled: Callable[[], bool] | None = None) -> None:
        """Wait for a model that is loaded meanwhile; raises what :meth:`load` does."""
        self.runner.wait(stopped_by(cancelled))

    def plan(self, mask: NDArray[Any], *, exact: bool = False) -> list[Region]:
        """The squares that an erase of ``mask (H, W)`` works on, in order; ``exact`` as ``exact_mask`` of an erase.

        Where traces of a thing lie beside its mask, they are a little larger.
        """
        return self._regions(parted(mask)[0], exact)

    def affected(self, mask: NDArray[Any], image: RGB | None = None, *, exact: bool = False) -> NDArray[np.bool_]:
        """``(H, W)``: where pixels may change, the mask with the traces beside it, grown and faded; else bytes stay.

        Without the ``image`` wherever traces might lie; ``exact`` as ``exact_mask`` of an erase.
        """
        hole, soft = parted(mask)
        if not exact and soft is None:
            hole = room_for_traces(hole) if image is None else with_traces(image, hole, never)
        result = np.zeros(hole.shape, bool)
        for region in self._regions(hole, exact):
            part = window(region.touched((hole.shape[0], hole.shape[1])))
            result[part] |= blend_share(hole[part], None if soft is None else soft[part], region) > 0
        return result

    def planned(self, image: RGB, mask: NDArray[Any], **options: Any) -> Plan:
        """How :meth:`erase` with these ``options`` would go; raises :class:`InputError` as it would."""
        jobs = self._jobs(image, mask, never, **options)
        return Plan(tuple(job.view.region for job in jobs), sum(self._steps(job) for job in jobs))

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
        cover_traces: bool | None = None,
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
        brushed tightly leave traces; ``cover_traces``: whether what of a thing lies beside a mask that is not exact
        goes too (:mod:`inference.erase.geometry.traces`); ``continue_edges``: whether a patch fill first continues the
        edges that a hole interrupts; ``start``: of the published models, "noise" or "published", from the picture as
        their authors run them, which leaves traces of the object; ``previews``: "exact" decodes every step as the
        result is, "fast" by a small decoder where it is installed, "fitted" by a linear map;
        ``variant``: which of the ways to fill a hole, as of :func:`inference.erase.chosen_settings`;
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
        check = both(stopped_by(cancelled), self.runner.check)

        def report(step: int, total: int, preview: Preview) -> None:
            check()
            if on_step is not None:
                on_step(step, total, preview)

        jobs = self._jobs(
            image,
            mask,
            check,
            steps=steps,
            guidance=guidance,
            strength=strength,
            context=context,
            colour=colour,
            solver=solver,
            guidance_until=guidance_until,
            deep_every=deep_every,
            exact_mask=exact_mask,
            cover_traces=cover_traces,
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
        self.runner.wait(check)
        note = on_note or (lambda sentence: None)
        self.runner.tell(note)
        parts, done = [], 0
        for job in jobs:
            if self.model is None or job.only_filled:
                parts.append(job.result())
                continue
            own = self._steps(job)
            parts.append(self.runner.run(job, _Numbered(report, done, total), check, note))
            done += own
        return parts

    def _jobs(
        self,
        image: RGB,
        mask: NDArray[Any],
        check: Check,
        *,
        seed: int = 0,
        sixteen_bit: bool = False,
        source: NDArray[Any] | None = None,
        **options: Any,
    ) -> list[RegionJob]:
        hole = checked_hole(image, mask)
        copied = None if source is None else checked_source(source, hole)
        settings = chosen_settings(self.folder.settings, **options)
        native = self.folder.native
        soft = parted(mask)[1]
        if settings.cover_traces and not settings.exact_mask and soft is None:  # a soft edge is as wide as was wanted
            wider = with_traces(image, hole, check)
            left = None if copied is None or wider is hole else copied & ~wider
            if wider is not hole and not wider.all() and (left is None or left.any()):  # else nothing to fill it from
                hole, copied = wider, left
        regions = self._regions(hole, settings.exact_mask)
        kind = LayoutJob if self.folder.layout else RegionJob
        views = [RegionView(image, hole, region, soft) for region in regions]
        return [
            kind(settings, native, view, seed + i, sixteen_bit=sixteen_bit, source=copied)
            for i, view in enumerate(views)
        ]

    def _regions(self, hole: NDArray[np.bool_], exact: bool) -> list[Region]:
        least = self.folder.settings.least_context
        return plan_regions(hole, smallest=SMALLEST_CONTEXT, least=least, exact=exact)

    def _steps(self, job: RegionJob) -> int:
        return job.steps(self.runner.fallback) if self.folder.has_weights else 0


class _Numbered:
    """Steps of one region, counted over all; a step done again after memory ran out keeps its number."""

    def __init__(self, report: Callable[[int, int, Preview], None], before: int, total: int) -> None:
        self.report, self.before, self.total = report, before, total

    def __call__(self, step: int, preview: Preview) -> None:
        self.report(min(self.before + step, self.total), self.total, preview)
