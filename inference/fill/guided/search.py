"""The nearest patch of every pixel of a hole, all at once, on any device.

Barnes et al., "PatchMatch" (2009), vectorised: the pixels of one colour of a chessboard try their neighbours' offsets,
then random sources nearby, while the others hold still. A pixel pays for neighbours whose sources do not go on from
its own, so that what is copied is copied in pieces.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from inference.fill.guided.features import Guide, Weights
from inference.runtime import Check

JUMPS = (3, 1)  # pixels to the neighbours whose offsets are tried
SHRINK = 0.5  # of the reach of random sources, from try to try


@dataclass
class _Half:
    """The pixels of one colour of the chessboard."""

    rows: Tensor  # (n,) among all places
    places: Tensor  # (n,) flat indices
    beside: dict[int, Tensor]  # by jump: (4, n) flat indices, the map's last entry where there is no place
    price: Tensor  # (4, n) what a neighbour costs whose source does not go on
    source: Tensor  # (n,)
    wanted: Tensor = field(init=False)  # (n, K + G + 3)
    trust: Tensor | None = field(init=False, default=None)  # (n, 1)
    cost: Tensor = field(init=False)  # (n,)
    around: Tensor = field(init=False)  # (4, n) offsets of the neighbours
    total: Tensor = field(init=False)  # (n,) cost and what is paid for neighbours

    def pay(self, source: Tensor) -> Tensor:
        return ((self.around != source - self.places) * self.price).sum(0)


class Search:
    """The sources of all places of one level: pixels about which a patch touches the hole."""

    def __init__(
        self,
        shape: tuple[int, int],
        places: Tensor,
        usable: Tensor,
        guide: Guide | None,
        radius: int,
        weights: Weights,
        generator: torch.Generator,
        check: Check,
    ) -> None:
        """``places (n,)``: flat indices; ``usable (h * w,)``: centres of patches that lie within the picture and may
        be copied, so none at its edge."""
        self.shape, self.places, self.usable, self.guide = shape, places, usable, guide
        self.radius, self.weights, self.generator, self.check = radius, weights, generator, check
        height, width = shape
        self._offsets = torch.full((height * width + 1,), 4 * height * width, device=places.device)
        taken = torch.zeros(height * width + 1, dtype=torch.bool, device=places.device)
        taken[places] = True
        y, x = places // width, places % width
        price = weights.coherence * (2 * radius + 1) ** 2 / 4
        self.halves = []
        for side in (0, 1):
            rows = ((y + x) % 2 == side).nonzero()[:, 0]
            beside = {jump: self._beside(y[rows], x[rows], jump, taken) for jump in JUMPS}
            self.halves.append(_Half(rows, places[rows], beside, taken[beside[1]] * price, places[rows]))

    def _beside(self, y: Tensor, x: Tensor, jump: int, taken: Tensor) -> Tensor:
        """``(4, n)``: the places ``jump`` pixels above, below, left and right."""
        height, width = self.shape
        found = []
        for down, right in ((-jump, 0), (jump, 0), (0, -jump), (0, jump)):
            v, u = y + down, x + right
            inside = (v >= 0) & (v < height) & (u >= 0) & (u < width)
            index = torch.where(inside, v * width + u, height * width)
            found.append(torch.where(taken[index], index, height * width))
        return torch.stack(found)

    @property
    def source(self) -> Tensor:
        """``(n,)``: the flat index of every place's source."""
        return self._gathered([half.source for half in self.halves])

    @property
    def cost(self) -> Tensor:
        """``(n,)``: squared difference of every place's patch and its source's, neighbours aside."""
        return self._gathered([half.cost for half in self.halves])

    def _gathered(self, parts: list[Tensor]) -> Tensor:
        whole = torch.empty(len(self.places), dtype=parts[0].dtype, device=self.places.device)
        for half, part in zip(self.halves, parts, strict=True):
            whole[half.rows] = part
        return whole

    def begin(self, source: Tensor) -> None:
        """Take ``source (n,)``, all of them usable."""
        self._offsets[self.places] = source - self.places
        for half in self.halves:
            half.source = source[half.rows]

    def compare(self, known: Tensor, estimate: Tensor) -> None:
        """Compare by these features ``(h * w, K)``, of the picture and of the estimate, from now on."""
        self._columns = known.shape[1]
        guide = self.guide
        if guide is None:
            self._known = known
        else:
            self._known = torch.cat([known, guide.source, guide.source_colour], 1)
        for half in self.halves:
            self.check()
            half.wanted = estimate[half.places]
            if guide is not None:
                half.wanted = torch.cat([half.wanted, guide.wanted[half.places], guide.wanted_colour[half.places]], 1)
                half.trust = guide.trust[half.places, None]
            half.cost = self._cost(half.wanted, half.source, half.trust)

    def _cost(self, wanted: Tensor, source: Tensor, trust: Tensor | None) -> Tensor:
        difference = self._known.index_select(0, source).sub_(wanted)
        if trust is None:
            return difference.square_().sum(1)
        side, k, most = 2 * self.radius + 1, self._columns, self.weights.shift
        difference[:, k - 3 : k] -= difference[:, -3:].clamp(-most, most).mul_(trust * side)
        difference.square_()
        difference[:, k:-3] *= trust
        return difference[:, :-3].sum(1)

    def shifts(self) -> Tensor:
        """``(n, 3)``: the levels by which the guide moves the colours of every place's source."""
        if self.guide is None:
            return torch.zeros(len(self.places), 3, device=self.places.device)
        most = self.weights.shift
        difference = self.guide.wanted_colour[self.places] - self.guide.source_colour[self.source]
        return difference.clamp(-most, most) * self.guide.trust[self.places, None]

    def sweep(self, reach: float) -> None:
        """Every place tries its neighbours' offsets, and random sources within ``reach`` and less."""
        width = self.shape[1]
        for half in self.halves:
            half.around = self._offsets[half.beside[1]]
            half.total = half.cost + half.pay(half.source)
            for jump in JUMPS:
                for side in range(4):
                    self._try(half, half.places + self._offsets[half.beside[jump][side]])
            radius = reach
            while radius >= 1:
                step = torch.rand(2, len(half.places), generator=self.generator).to(half.places.device)
                step = step.mul_(2 * radius).sub_(radius).round_().long()
                self._try(half, half.source + step[0] * width + step[1])
                radius *= SHRINK
            self._offsets[half.places] = half.source - half.places

    def _try(self, half: _Half, source: Tensor) -> None:
        """Take ``source`` where it may be copied and costs less.

        One that ran over an edge is merely another place of the picture; its first and last pixel are never usable.
        """
        self.check()
        source = source.clamp(0, len(self.usable) - 1)
        penalty = half.pay(source)
        chosen = (self.usable[source] & (source != half.source) & (penalty < half.total)).nonzero()[:, 0]
        if not len(chosen):
            return
        candidate = source[chosen]
        cost = self._cost(half.wanted[chosen], candidate, None if half.trust is None else half.trust[chosen])
        total = cost + penalty[chosen]
        better = (total < half.total[chosen]).nonzero()[:, 0]
        won = chosen[better]
        half.source[won], half.cost[won], half.total[won] = candidate[better], cost[better], total[better]
