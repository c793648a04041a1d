"""Guided patch synthesis, coarse to fine: patches that fit what surrounds them and a coarse picture of what belongs.

Wexler et al., "Space-time completion of video" (2007), with the search of Barnes et al., "PatchMatch" (2009), and a
guide as in Hertzmann et al., "Image analogies" (2001).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inference.fill.classical import push_pull
from inference.fill.guided.energy import resized
from inference.fill.guided.features import PatchFeatures, Weights
from inference.fill.guided.fetching import Copied, Reduced, fetched, reduced
from inference.fill.guided.levels import Cells, Level, make_level, sizes
from inference.fill.guided.search import Search
from inference.fill.guided.voting import Voter, first_sources
from inference.runtime import Check, never

Float = NDArray[np.float32]
Mask = NDArray[np.bool_]
Pixels = NDArray[Any]  # uint8 or uint16
Show = Callable[[NDArray[np.uint8]], None]

ROUNDS = (4, 5, 6, 8)  # of search and vote, finest level first; further ones as the last
SWEEPS = 2
CONFIDENCE = 1.2  # a vote counts less by this factor for every pixel deeper in the hole
TYPICAL = 0.75  # quantile of the costs by which votes are weighed
MOST_PIXELS = 1_500_000  # searched at; what is larger is reduced, and its pixels are fetched
MOST_PLACES = 400_000
USUAL = Weights()
MID_GREY = 127.5  # of a picture of which nothing is known


def synthesize(
    rgb: Pixels,
    hole: Mask,
    guide: Float | None,
    *,
    energy: Float | None = None,
    trust: Float | None = None,
    source: Mask | None = None,
    seed: int = 0,
    check: Check = never,
    on_preview: Show | None = None,
    blur: float = 0.0,
    weights: Weights = USUAL,
    device: torch.device | str = "cpu",
) -> Pixels:
    """``rgb (H, W, 3)`` with its hole filled by copied texture; the pixels outside ``hole (H, W)`` stay.

    ``rgb``: uint8 or uint16; values are copied at full depth. ``guide (h, w, 3)`` 0..255: what is expected in the
    hole, each cell the mean colour of its pixels, at any size; ``blur``: the standard deviation, in cells, by which
    it is blurred beyond that. ``energy (h, w)`` 0..255: see :func:`energy_of_cells`. ``trust (h, w)`` or ``(H, W)``
    0..1: how much the guide counts. ``source (H, W)``: what may be copied, where not everything outside the hole.
    ``on_preview`` is given the picture as it forms, ``(H, W, 3)`` uint8, at every level and with every round of the
    last. What ``check`` raises ends it. The same arguments give the same bytes.

    Where nothing may be copied the guide is the answer, enlarged, and without one a smooth fill. Above 1.5 megapixels,
    or 400,000 places to fill, patches are searched for at a reduced size. Raises ``ValueError`` for other shapes and
    kinds, and for a guide that is not finite.
    """
    _validate(rgb, hole, guide, energy, trust, source)
    check()
    if not hole.any():
        return rgb.copy()
    free = ~hole if source is None else ~hole & source
    scale = min(1.0, (MOST_PIXELS / hole.size) ** 0.5, (MOST_PLACES / np.count_nonzero(hole)) ** 0.5)
    size = max(1, int(hole.shape[0] * scale)), max(1, int(hole.shape[1] * scale))
    small = reduced(rgb, hole, free, size)
    check()
    if guide is None:
        told = small.free if small.free.any() else ~small.hole
        start = push_pull(small.picture, told.astype(np.float32), MID_GREY)
        cells = None
    else:
        guide = np.asarray(guide[..., :3], np.float32)
        start = resized(guide, size)
        cells = Cells.of(small.picture, small.hole, guide, energy, trust, blur)
    start = np.where(small.hole[..., None], np.clip(start, 0, 255), small.picture).astype(np.float32)
    show = None if on_preview is None else _shown(rgb, hole, on_preview)
    made = _Synthesis(small, cells, weights, seed, check, show, torch.device(device)).run(start)
    check()
    return fetched(rgb, hole, free, made, check)


class _Synthesis:
    """The levels of one picture, one after the other."""

    def __init__(
        self,
        picture: Reduced,
        cells: Cells | None,
        weights: Weights,
        seed: int,
        check: Check,
        show: Callable[[Float], None] | None,
        device: torch.device,
    ) -> None:
        self.picture, self.cells, self.weights, self.check, self.show = picture, cells, weights, check, show
        self.device = device
        self.generator = torch.Generator().manual_seed(seed % (1 << 63))

    def run(self, start: Float) -> Copied:
        size = self.picture.hole.shape[0], self.picture.hole.shape[1]
        made = Copied(start, None, None)
        for index, shape in reversed(list(enumerate(sizes(size)))):
            self.check()
            level = make_level(self.picture.picture, self.picture.hole, self.picture.free, shape)
            if level is not None and level.hole.any():
                made = self._level(level, index, made, start)
                if self.show is not None:
                    self.show(made.estimate)
        return made

    def _level(self, level: Level, index: int, before: Copied, start: Float) -> Copied:
        """Go through one level; ``before``: the coarser one, or only ``start``."""
        shape, radius, device = level.hole.shape, level.radius, self.device
        picture, usable, places, pixels = (
            torch.from_numpy(np.ascontiguousarray(array)).to(device)
            for array in (level.picture, level.usable.ravel(), np.flatnonzero(level.target), np.flatnonzero(level.hole))
        )
        guide = None if self.cells is None else self.cells.at(shape, radius, self.weights, device)
        search = Search(shape, places, usable, guide, radius, self.weights, self.generator, self.check)
        voter = Voter(shape, places, pixels, radius)
        depth = np.asarray(cv2.distanceTransform(level.hole.astype(np.uint8), cv2.DIST_L2, 5)).ravel()
        confidence = torch.from_numpy(CONFIDENCE ** -depth[np.flatnonzero(level.target)]).float().to(device)
        estimate = self._begun(level, before.estimate if before.sources is not None else start)
        if before.sources is None:
            known = torch.from_numpy((~level.hole).astype(np.float32)).to(device)
            search.begin(first_sources(search, picture, estimate, known, guide))
        else:
            source, right = self._enlarged(before.sources, search)
            search.begin(source)
            weight = confidence * right
            estimate = voter.vote(estimate, picture, source, weight, search.shifts(), self.check)
        features = PatchFeatures(picture, usable, radius, self.generator)
        known_features = features(picture)
        rounds = ROUNDS[min(index, len(ROUNDS) - 1)]
        for turn in range(rounds):
            self.check()
            search.compare(known_features, features(estimate))
            for _ in range(SWEEPS):
                search.sweep(max(shape))
            cost = search.cost / (3 * (2 * radius + 1) ** 2)
            typical = cost.sort().values[int(TYPICAL * (len(cost) - 1))].clamp_min(1.0)
            weight = torch.exp(-cost / (2 * typical)) * confidence + 1e-12
            estimate = voter.vote(estimate, picture, search.source, weight, search.shifts(), self.check)
            if self.show is not None and index == 0 and turn < rounds - 1:
                self.show(estimate.cpu().numpy())
        sources, shifts = np.full(level.hole.size, -1), np.zeros((level.hole.size, 3), np.float32)
        at = places.cpu().numpy()
        sources[at], shifts[at] = search.source.cpu().numpy(), search.shifts().cpu().numpy()
        return Copied(estimate.cpu().numpy(), sources.reshape(shape), shifts.reshape(*shape, 3))

    def _begun(self, level: Level, estimate: Float) -> Tensor:
        """The picture of a level, its hole from an estimate at any size."""
        inside = resized(estimate, level.hole.shape)
        return torch.from_numpy(np.where(level.hole[..., None], inside, level.picture)).to(self.device)

    def _enlarged(self, sources: NDArray[np.int64], search: Search) -> tuple[Tensor, Tensor]:
        """``(n,)``: the sources of a level half as large, brought to this one, and 1; random ones, and 0, elsewhere."""
        height, width = search.shape
        half = sources.shape
        y, x = (axis.cpu().numpy() for axis in (search.places // width, search.places % width))
        row, column = np.minimum(y // 2, half[0] - 1), np.minimum(x // 2, half[1] - 1)
        found = sources[row, column]
        v = np.clip(found // half[1] * 2 + y - 2 * row, 0, height - 1)
        u = np.clip(found % half[1] * 2 + x - 2 * column, 0, width - 1)
        source = torch.from_numpy(v * width + u).to(self.device)
        right = search.usable[source] & torch.from_numpy(found >= 0).to(self.device)
        free = search.usable.nonzero()[:, 0]
        drawn = torch.randint(len(free), (len(source),), generator=self.generator).to(self.device)
        return torch.where(right, source, free[drawn]), right.float()


def _shown(rgb: Pixels, hole: Mask, on_preview: Show) -> Callable[[Float], None]:
    """What makes a preview of an estimate at any size."""
    known = rgb if rgb.dtype == np.uint8 else (rgb // 257).astype(np.uint8)

    def show(estimate: Float) -> None:
        shades = np.clip(np.rint(estimate), 0, 255).astype(np.uint8)
        enlarged = (
            shades
            if shades.shape == known.shape
            else cv2.resize(shades, hole.shape[::-1], interpolation=cv2.INTER_CUBIC)
        )
        on_preview(np.where(hole[..., None], enlarged, known))

    return show


def _validate(
    rgb: Pixels, hole: Mask, guide: Float | None, energy: Float | None, trust: Float | None, source: Mask | None
) -> None:
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype not in (np.uint8, np.uint16) or not rgb.size:
        raise ValueError(f"the picture must be (H, W, 3) uint8 or uint16, not {rgb.shape} {rgb.dtype}")
    for name, mask in (("hole", hole), ("source", source)):
        if mask is not None and (mask.shape != rgb.shape[:2] or mask.dtype != np.bool_):
            raise ValueError(f"the {name} must be {rgb.shape[:2]} bool, not {mask.shape} {mask.dtype}")
    if guide is None:
        return
    if guide.ndim != 3 or guide.shape[2] < 3 or not guide.size:
        raise ValueError(f"the guide must be (h, w, 3), not {guide.shape}")
    if energy is not None and energy.shape != guide.shape[:2]:
        raise ValueError(f"the guide's energy must be {guide.shape[:2]}, not {energy.shape}")
    if trust is not None and trust.shape not in (guide.shape[:2], rgb.shape[:2]):
        raise ValueError(f"the trust must be {guide.shape[:2]} or {rgb.shape[:2]}, not {trust.shape}")
    if not all(np.isfinite(array).all() for array in (guide, energy, trust) if array is not None):
        raise ValueError("the guide has values that are not finite")
