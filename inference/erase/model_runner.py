"""``ModelRunner``: a model in memory, loaded at once or meanwhile; what it needs less of where memory runs out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inference.erase.compositing import Preview
from inference.erase.jobs import RegionJob, Report
from inference.erase.memory_fallback import MemoryFallback, free_caches, next_fallbacks
from inference.errors import NotFiniteError, out_of_memory
from inference.models import HALVES, PATCH_FILL, ModelFolder, find_model
from inference.runtime import Background, Check, both

# What needs torch is imported where there is a model: the patch fill does without, and is there at once.
if TYPE_CHECKING:
    import torch

    from inference.models import Model

LOADING = "loading a model"  # the name of the thread on which that is done meanwhile
SAVING_TILE = 256  # pixels of a tile of the large autoencoder where memory is short

OnNote = Callable[[str], None]  # a sentence for the user


@dataclass(frozen=True)
class Processor:
    """Where holes are filled without a model; in the place of torch's device."""

    type: str = "cpu"


@dataclass(frozen=True)
class _Loaded:
    """A model as it was loaded; None: for a device that only the thread which erases may use."""

    model: Model | None
    device: torch.device
    precision: str
    seconds: float


class ModelRunner:
    """Holds a model and runs regions through it; what it had to give up for that, it does without from then on."""

    def __init__(
        self,
        folder: ModelFolder,
        model: Model | None = None,
        device: torch.device | Processor | None = None,
        precision: str = "fp32",
    ) -> None:
        """``model`` None: there is none, or :meth:`wait` brings it. ``device`` None: as without a model."""
        self.folder, self.model, self.precision = folder, model, precision
        self.device: Any = device or Processor()
        self.fallback = MemoryFallback(half=precision in HALVES)  # grows where memory runs out, and stays so
        self.load_seconds = 0.0  # how long its model took to load, erasing meanwhile or not
        self._told: Model | None = None  # the one whose notes have been told
        self._loading: Background[_Loaded] | None = None

    # -- loading ---------------------------------------------------------------------------

    @classmethod
    def load(cls, model: str | Path, device: str, precision: str, check: Check, *, meanwhile: bool) -> ModelRunner:
        """Find a model and load it; arguments and errors as of :meth:`inference.ErasePipeline.load`."""
        folder = find_model(model)
        runner = cls(folder)
        if str(model) == PATCH_FILL:
            return runner

        def load(check: Check) -> _Loaded:
            start = time.perf_counter()
            from inference.models import choose_device, load_model, precision_for

            chosen = choose_device(device)
            found = precision_for(folder, chosen, precision)
            # A card is used on one thread alone: the one that erases.
            elsewhere = meanwhile and chosen.type != "cpu"
            loaded = None if elsewhere else load_model(model, chosen, check, precision=found)
            return _Loaded(loaded, chosen, found, time.perf_counter() - start)

        if meanwhile:
            runner._loading = Background(lambda wanted: load(both(wanted, check)), LOADING)
        else:
            runner._take(load(check))
        return runner

    def check(self) -> None:
        """Raise what loading the model meanwhile has failed with, if it has."""
        if self._loading is not None:
            self._loading.check()

    def wait(self, check: Check) -> None:
        """Wait for a model that is loaded meanwhile; raises what :meth:`load` does, and what ``check`` raises."""
        if self._loading is not None:
            self._take(self._loading.result(check))
            self._loading = None
        if self.model is None and self.folder.has_weights:  # a card's, or given back on the way to another device
            start = time.perf_counter()
            self._load_again(check)
            self.load_seconds += time.perf_counter() - start

    def tell(self, note: OnNote) -> None:
        """Tell what of the model can't be used, once."""
        if self.model is not None and self.model is not self._told:
            self._told = self.model
            for sentence in self.model.notes:
                note(sentence)

    def _take(self, loaded: _Loaded) -> None:
        self.model, self.device, self.precision = loaded.model, loaded.device, loaded.precision
        self.fallback, self.load_seconds = MemoryFallback(half=loaded.precision in HALVES), loaded.seconds

    def _load_again(self, check: Check) -> None:
        """Read the model anew, for the device and in the precision set."""
        from inference.models import load_model

        self.model = None  # before it is read again
        free_caches()
        self.model = load_model(self.folder.path, self.device, check, precision=self.precision)
        self._tile()

    # -- running ---------------------------------------------------------------------------

    def run(self, job: RegionJob, report: Report, check: Check, note: OnNote) -> Preview:
        """Run one region; where memory runs out, again with less of it, one fallback after the other."""
        fallbacks: Iterator[tuple[MemoryFallback, str]] | None = None
        while True:
            try:
                return self._run(job, report, check, note)
            except Exception as error:
                if not out_of_memory(error):
                    raise
                failure = error
                error.__traceback__ = None  # its frames hold the memory that is missing
            if fallbacks is None:
                guided = job.settings.guidance != 1 and not self.folder.flux  # that has one branch only
                kind = "cpu" if self.folder.flux else self.device.type  # and neither other device nor precision
                fallbacks = next_fallbacks(self.fallback, guided=guided, context=job.side(self.fallback), device=kind)
            step = next(fallbacks, None)
            if step is None:
                raise failure
            fallback, sentence = step
            check()
            note(sentence)
            self.fall_back(fallback, check)

    def fall_back(self, fallback: MemoryFallback, check: Check) -> None:
        """Run with ``fallback`` from now on."""
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

    def _tile(self) -> None:
        """The large autoencoder works on tiles where memory was short."""
        from inference.models import KLCodec

        if self.fallback.tiled and self.model is not None and isinstance(self.model.codec, KLCodec):
            vae = self.model.codec.autoencoder
            vae.enable_slicing()
            vae.enable_tiling()
            vae.tile_sample_min_size = SAVING_TILE
            vae.tile_latent_min_size = SAVING_TILE // self.model.codec.factor

    def _run(self, job: RegionJob, report: Report, check: Check, note: OnNote) -> Preview:
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
        return self._run(job, report, check, note)
