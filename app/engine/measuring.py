"""How long erases take here: noted after each, asked for by the window, measured by short ones where it is wanted."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from app.engine.protocol import EraseChoice, EraseOptions, TimesFound, TimesRequest

if TYPE_CHECKING:
    from inference import ErasePipeline
    from inference.models import ModelFolder, Preset, Timings, Work
    from inference.runtime import PhaseClock

_LOG = logging.getLogger("moebius")

QUICK = 5.0  # seconds: an erase to measure with that is over in less is made once more, as the first takes longer


class Measuring:
    """The measurements on the engine's thread, which reads and writes their file."""

    def __init__(self) -> None:
        self._timings: Timings | None = None
        self._clock: PhaseClock | None = None  # of the erase under way
        self._work: Work | None = None
        self._first = False  # whether nothing like it was run since the model was loaded
        self._waiting: tuple[Work, dict[str, float], bool] | None = None  # with whether it was the first
        self._ran: WeakKeyDictionary[ErasePipeline, set[str]] = WeakKeyDictionary()  # places of work each ran at
        self._places: set[str] = set()  # those of the pipeline that runs

    # -- erases that happen anyway ---------------------------------------------------------

    def begin(self, pipeline: ErasePipeline, options: EraseOptions) -> PhaseClock:
        """The clock of an erase that begins now; ``finish`` ends it."""
        from inference.erase import chosen_settings
        from inference.models import Preset
        from inference.runtime import PhaseClock

        names = ("steps", "guidance", "strength", "context", "solver", "guidance_until", "deep_every", "start")
        settings = chosen_settings(pipeline.folder.settings, **{name: getattr(options, name) for name in names})
        # Another way to fill takes another time, which is nobody's but its own
        self._work = None if options.variant else _work(pipeline, Preset.of(settings))
        self._places = self._ran.setdefault(pipeline, set())
        self._first = self._work is not None and self._work.place not in self._places
        self._clock = PhaseClock(() if self._work is None else self._work.kinds)
        return self._clock

    def finish(self, parts: int) -> None:
        """The erase is over, with so many boxes as its result; ``write`` keeps what it took."""
        clock, self._clock = self._clock, None
        found = None if clock is None else clock.finish(parts)
        if self._work is not None:
            self._places.add(self._work.place)
            self._waiting = None if found is None else (self._work, found, self._first)

    def write(self) -> None:
        """Keep what was measured last, once the answer is out. A disk that is full is no reason to stop."""
        try:
            self._keep()
        except OSError as error:
            _LOG.warning("How long an erase took could not be kept: %s", error)

    # -- what the window asks --------------------------------------------------------------

    def answer(self, request: TimesRequest) -> TimesFound:
        """The times that are known."""
        works = self._works(request.model, request.device, request.choices)
        return TimesFound(request.model, tuple(None if work is None else self._known().seconds(work) for work in works))

    def missing(self, model: str, device: str, choices: Iterable[EraseChoice]) -> list[EraseChoice]:
        """The choices of which a short erase tells how long all of ``choices`` take: one for each place of work.

        Its steps and their guided share are those that have to be measured there.
        """
        chosen: dict[str, EraseChoice] = {}
        kinds: dict[str, set[str]] = {}
        choices = list(choices)
        for choice, work in zip(choices, self._works(model, device, choices), strict=True):
            if work is not None:
                known = chosen.get(work.place)
                if known is None or known.guidance == 1:  # without guidance no step is guided, and none can be measured
                    chosen[work.place] = choice
                kinds.setdefault(work.place, set()).update(work.kinds)
        return [_short(choice, kinds[place]) for place, choice in chosen.items()]

    def measure(self, pipeline: ErasePipeline, choice: EraseChoice, cancelled: Callable[[], bool]) -> None:
        """A short erase with ``choice``, its phases kept. Raises what the erase does, ``OSError`` where it can't be."""
        from inference.bench import picture_to_erase

        picture, mask = picture_to_erase(_size(pipeline.folder))
        options = EraseOptions(**options_of(choice))
        for _ in range(2):
            clock, start = self.begin(pipeline, options), time.monotonic()
            parts = pipeline.erase_parts(
                picture,
                mask,
                **options_of(choice),
                on_step=self._on_step,
                on_stage=clock.on_stage,
                on_note=self._on_note,
                cancelled=cancelled,
            )
            self.finish(len(parts))
            slow = pipeline.device.type == "cpu" and time.monotonic() - start > QUICK  # a card is readied by the first
            if slow or not self._first:
                break
        self._keep()

    # -- inside ----------------------------------------------------------------------------

    def _keep(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            work, phases, first = waiting
            self._known().add(work, phases, first=first)

    def _on_step(self, step: int, total: int, _preview: object) -> None:
        if self._clock is not None:
            self._clock.on_step(step, total)

    def _on_note(self, _sentence: str) -> None:
        if self._clock is not None:
            self._clock.spoil()

    def _works(self, model: str, device: str, choices: Iterable[EraseChoice]) -> list[Work | None]:
        from inference.errors import InferenceError
        from inference.models import Preset, Work, choose_device, find_model, identity, precision_for

        choices = list(choices)
        try:
            folder, where = find_model(model), choose_device(device)
            known = identity(folder)  # once for all choices: it looks at every file
        except (InferenceError, OSError):  # its loading tells of it
            return [None] * len(choices)
        found: list[Work | None] = []
        for choice in choices:
            preset = Preset(**vars(choice))
            try:
                precision = precision_for(folder, where, choice.precision)
            except InferenceError:  # one that this device does not have
                found.append(None)
            else:
                found.append(Work.of(folder, preset, where.type, precision, known) if folder.has_weights else None)
        return found

    def _known(self) -> Timings:
        if self._timings is None:
            from inference.models import Timings

            self._timings = Timings()
        return self._timings


def options_of(choice: EraseChoice) -> dict[str, Any]:
    """What of :class:`EraseOptions` a choice sets."""
    values = {**vars(choice), "context": choice.context or None}
    del values["precision"]
    return values


def _size(folder: ModelFolder) -> int:
    """Pixels of a picture to measure with: one square, which is not tiled."""
    whole = folder.layout or folder.native > 512 / 1.5
    return 512 if whole else folder.native


def _short(choice: EraseChoice, kinds: set[str]) -> EraseChoice:
    """``choice`` with three steps of each kind, as of :attr:`Work.kinds`: the first of them takes longer."""
    branches, shallow = {kind.split()[0] for kind in kinds}, any("shallow" in kind for kind in kinds)
    steps = 3 * len(branches) * (2 if shallow else 1)
    until = len(branches & {"two"}) / len(branches)
    return replace(choice, steps=steps, guidance_until=until, deep_every=2 if shallow else 1, solver="ddim")


def _work(pipeline: ErasePipeline, preset: Preset) -> Work | None:
    """The work of a preset; None where it is nothing to be measured, or the model's files are gone."""
    from inference.models import Work

    if not pipeline.folder.has_weights:
        return None
    try:
        return Work.of(pipeline.folder, preset, pipeline.device.type, pipeline.precision)
    except OSError:
        return None
