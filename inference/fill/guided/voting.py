"""The estimate from the patches that overlap at every pixel of a hole, and the first guess at which ones."""

from __future__ import annotations

import torch
from torch import Tensor

from inference.fill.guided.features import Guide, padded
from inference.fill.guided.search import Search
from inference.runtime import Check

ROWS = 1 << 14  # pixels voted on at once
PAIRS = 1 << 20  # patches compared at once
UNKNOWN = 0.02  # what an unknown pixel of a patch counts where there is no guide


class Voter:
    """Means of overlapping patches at the pixels of a hole."""

    def __init__(self, shape: tuple[int, int], places: Tensor, pixels: Tensor, radius: int) -> None:
        """``places (n,)``, ``pixels (m,)``: flat indices of what has a source, and of the hole."""
        width = shape[1]
        self._radius, self._wide = radius, width + 2 * radius
        self._size = (shape[0] + 2 * radius) * self._wide
        self._pixels, self._at, self._own = pixels, self._in_margin(places, width), self._in_margin(pixels, width)
        reach = torch.arange(-radius, radius + 1, device=places.device)
        self._steps = (reach[:, None] * self._wide + reach).flatten()
        self._moves = (reach[:, None] * width + reach).flatten()

    def _in_margin(self, index: Tensor, width: int) -> Tensor:
        """The same pixels within the picture and a margin of ``radius``."""
        return (index // width + self._radius) * self._wide + index % width + self._radius

    def vote(
        self, estimate: Tensor, picture: Tensor, source: Tensor, weight: Tensor, shift: Tensor, check: Check
    ) -> Tensor:
        """``estimate (h, w, 3)`` with its hole voted anew; pixels on which nothing votes stay.

        ``picture (h, w, 3)``; of every place ``source (n,)``, ``weight (n,)``, and ``shift (n, 3)`` of its colours.
        """
        device = source.device
        sources = torch.zeros(self._size, dtype=torch.long, device=device)
        weights = torch.zeros(self._size, device=device)
        shifts = torch.zeros(self._size, 3, device=device)
        sources[self._at], weights[self._at], shifts[self._at] = source, weight, shift * weight[:, None]
        shifted = bool(shift.any())
        flat, made = picture.reshape(-1, 3), estimate.reshape(-1, 3).clone()
        for first in range(0, len(self._pixels), ROWS):
            check()
            rows = slice(first, first + ROWS)
            near = self._own[rows, None] - self._steps
            share = weights[near]
            copied = flat[(sources[near] + self._moves).clamp_(0, len(flat) - 1)]
            total = torch.bmm(share[:, None], copied)[:, 0]
            if shifted:
                total += shifts[near].sum(1)
            whole = share.sum(1, keepdim=True)
            at = self._pixels[rows]
            made[at] = torch.where(whole > 0, total / whole.clamp_min(1e-30), made[at])
        return made.reshape(estimate.shape)


def first_sources(search: Search, picture: Tensor, estimate: Tensor, known: Tensor, guide: Guide | None) -> Tensor:
    """``(n,)``: of all sources the best for every place, by what is known of its patch and by the guide.

    ``picture``, ``estimate (h, w, 3)``, ``known (h, w)`` 0 or 1. For levels small enough to compare all with all.
    """
    radius, width = search.radius, search.shape[1]
    wide, pixels = width + 2 * radius, (2 * radius + 1) ** 2
    reach = torch.arange(-radius, radius + 1, device=search.places.device)
    steps = (reach[:, None] * wide + reach).flatten()

    def windows(values: Tensor, at: Tensor) -> Tensor:
        index = ((at // width + radius) * wide + at % width + radius)[:, None] + steps
        return padded(values, radius).flatten(1).T[index].transpose(1, 2).flatten(1)

    sources = search.usable.nonzero()[:, 0]
    patches = windows(picture, sources)
    squares = patches.square()
    rows = max(1, PAIRS // len(sources))
    best = torch.empty_like(search.places)
    for first in range(0, len(best), rows):
        search.check()
        at = search.places[first : first + rows]
        weight = windows(known[..., None], at)
        if guide is None:
            weight = weight.clamp_min(UNKNOWN)
        weight = weight.repeat(1, 3)
        wanted = windows(estimate, at) * weight
        cost = weight @ squares.T - 2 * wanted @ patches.T
        cost *= 3 * pixels / weight.sum(1, keepdim=True).clamp_min(0.75 * pixels)
        if guide is not None:
            cost += torch.cdist(guide.wanted[at], guide.source[sources]).square() * guide.trust[at, None]
        best[first : first + rows] = sources[cost.argmin(1)]
    return best
