"""Training batches: from shards, or from photographs directly.

A batch is a function of the seed, the step and the numbers of its samples, nothing else: an interrupted run goes on
with the batches it would have had, and two processes together draw what one would.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from training.config import TrainConfig
from training.data.photos import Photographs, PictureFiles, read_cutouts
from training.data.samples import KEYS, Sample, make_sample, vary

Batch = dict[str, NDArray[np.uint8]]  # (B, ...) of the samples' arrays
T = TypeVar("T")


class Source(Protocol):
    """Anything that gives the same sample for the same random generator."""

    name: str  # what it holds, kept with checkpoints

    def sample(self, size: int, rng: np.random.Generator) -> Sample: ...


class Shards:
    """The samples of prepared shards, varied as they are drawn. Raises ``ValueError`` where there are none."""

    def __init__(self, folder: Path) -> None:
        self.samples: list[Sample] = []
        paths = sorted(folder.glob("*.npz"))
        for path in paths:
            with np.load(path) as shard:
                arrays = {key: shard[key] for key in KEYS}
            self.samples.extend(dict(zip(arrays, parts, strict=True)) for parts in zip(*arrays.values(), strict=True))
        if not self.samples:
            raise ValueError(f"no samples in {folder}; make some with: python -m training prepare")
        self.name = f"{len(paths)} shards up to {paths[-1].name}"

    def sample(self, size: int, rng: np.random.Generator) -> Sample:
        return vary(self.samples[rng.integers(len(self.samples))], size, rng)


class Drawn:
    """Samples drawn from photographs as they are needed, their colours as they are."""

    def __init__(self, config: TrainConfig) -> None:
        assert config.photos is not None
        self.photos = Photographs(PictureFiles(config.photos, config.segments), config.size)
        self.cutouts = read_cutouts(config.cutouts)
        self.name = f"{len(self.photos.fitting)} photographs, {len(self.cutouts)} cut-outs"

    def sample(self, size: int, rng: np.random.Generator) -> Sample:
        return make_sample(self.photos, self.cutouts, size, rng)


class Mixed:
    """A share of samples from one source, the others from another."""

    def __init__(self, first: Source, second: Source, share: float) -> None:
        self.first, self.second, self.share = first, second, share
        self.name = f"{first.name}; {share:g} of them: {second.name}"

    def sample(self, size: int, rng: np.random.Generator) -> Sample:
        return (self.second if rng.random() < self.share else self.first).sample(size, rng)


def open_source(config: TrainConfig) -> Source:
    """The shards or photographs of a training, or both; raises ``ValueError`` where neither is named."""
    if config.samples is None and config.photos is None:
        raise ValueError("training needs samples (a folder of shards) or photos (a folder of photographs)")
    if config.samples is None:
        return Drawn(config)
    shards = Shards(config.samples)
    if config.photos is None:
        return shards
    return Mixed(shards, Drawn(config), config.drawn_share)


def draw_size(step: int, largest: int, varied: bool) -> int:
    """The side of a step's squares: where varied the largest one time in three, else 3/4 or 1/2 of it."""
    if not varied:
        return largest
    share = np.random.default_rng(step).choice([1, 0.75, 0.5], p=[0.34, 0.33, 0.33])
    return int(largest * share)


def draw_batch(source: Source, seed: int, step: int, numbers: Sequence[int], size: int) -> Batch:
    """The samples ``numbers`` of the whole batch of ``step``, stacked."""
    samples = [source.sample(size, np.random.default_rng([seed, step, number])) for number in numbers]
    return {key: np.stack([s[key] for s in samples]) for key in samples[0]}


class Ahead(Generic[T]):
    """``make(0), make(1), ...`` from ``first`` on, made in threads before they are asked for. Close it."""

    def __init__(self, make: Callable[[int], T], first: int, last: int, workers: int) -> None:
        self._make, self._next, self._last = make, first, last
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="batches")
        self._pending: deque[Future[T]] = deque()
        self._depth = workers + 1

    def __iter__(self) -> Iterator[T]:
        while True:
            while len(self._pending) < self._depth and self._next < self._last:
                self._pending.append(self._pool.submit(self._make, self._next))
                self._next += 1
            if not self._pending:
                return
            yield self._pending.popleft().result()

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
