"""The image pyramid: copies of a picture at halved sizes, made block by block where they are looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from app.document.pixels import PLAIN_GREY, Box, Picture, colours_of, intersect, is_empty, to_srgb, zeros

Block: TypeAlias = tuple[int, int]  # row, column
Array: TypeAlias = NDArray[np.uint8]
See: TypeAlias = Callable[[NDArray[Any]], Array]

BLOCK = 1024  # px of the base; a power of two, so that halving a block needs no neighbour
_DEEPEST = 10  # levels at which a block has become one pixel
_SMALLEST = 128  # px of the short side at which halving further gains nothing
_COARSE = 512  # px of the long side of the stand-in
_AT_ONCE = 4_000_000  # px that are halved while the caller waits: a few milliseconds


def premultiply(array: Array) -> Array:
    """(H, W, 4) with colours weighted by alpha, so that averaging does not bleed hidden colours."""
    return np.asarray(cv2.cvtColor(array, cv2.COLOR_RGBA2mRGBA), np.uint8)


def eight_bits(array: NDArray[np.generic]) -> Array:
    """uint8 of uint8 (itself) or of uint16 (its upper half)."""
    return array.view(np.uint8) if array.dtype == np.uint8 else (array >> 8).astype(np.uint8)  # type: ignore[operator]


def srgb_converter(picture: Picture) -> See | None:
    """What makes a part of the picture look right on the screen; None where its upper 8 bits do."""
    colours = colours_of(picture)
    if colours is None or colours is PLAIN_GREY:
        return None
    return lambda part: to_srgb(np.ascontiguousarray(part), colours)


class Pyramid:
    """Level 0 is the array itself, each further level half of the one before.

    ``base`` is (H, W), (H, W, 3) or (H, W, 4), uint8 or uint16; it is looked at, never copied or
    written. Levels are uint8. A pixel of level k covers 2**k x 2**k pixels of the base, also at the
    far edges. Levels above 0 of a four-channel base are premultiplied.

    Levels are made by blocks of 1024 x 1024 pixels of the base, all levels of a block at once. Where
    ``want`` is given and the picture is large, blocks that are looked at and not there are asked for
    with it, and a coarse stand-in shows meanwhile; else they are made at once. What was never
    looked at, and what is 0 throughout, takes no memory.
    """

    def __init__(self, base: NDArray[np.generic], twin: Pyramid | None = None, see: See | None = None) -> None:
        """``twin``: a pyramid of nearly the same picture, whose blocks are the stand-in.

        ``see`` makes sRGB of 8 bits of a part of the base where its upper 8 bits are something else.
        """
        self.base, self._see = base, see or eight_bits
        self.source: Callable[[Box], Array] | None = None  # reads 8-bit pixels in the place of the base
        self.want: Callable[[Pyramid, list[Block]], None] | None = None
        self._twin = twin
        height, width = base.shape[:2]
        self._shape = height, width
        self._depth = self.level_for(0.0)
        self._levels: list[Array] = []  # from level 1
        self._grid = -(-height // BLOCK), -(-width // BLOCK)
        self._ready = np.zeros(self._grid, bool)
        self._shown = np.zeros((self._depth + 1, *self._grid), bool)  # by level: something is there, if only a stand-in
        self._version = np.zeros(self._grid, np.int64)
        self._stride = max(1, -(-max(height, width) // _COARSE))
        self._coarse: Array | None = None

    @property
    def small(self) -> bool:
        """Whether the whole is made in a few milliseconds."""
        return self._shape[0] * self._shape[1] <= _AT_ONCE

    @property
    def nbytes(self) -> int:
        """Bytes taken beside the base where every block has been looked at."""
        return sum(level.nbytes for level in self._levels) + (0 if self._coarse is None else self._coarse.nbytes)

    def read(self, box: Box) -> Array:
        """The 8-bit pixels of level 0 inside ``box``."""
        # Not a bound method put by: a pyramid that refers to itself would keep its memory until the collector comes.
        return self._see(_crop(self.base, box)) if self.source is None else self.source(box)

    def level_for(self, zoom: float) -> int:
        """The smallest level that still has a pixel for every device pixel at ``zoom``."""
        level, (height, width) = 0, self._shape
        while zoom * 2 <= 1.0 and min(height, width) > _SMALLEST and level < _DEEPEST:
            level, zoom, height, width = level + 1, zoom * 2, (height + 1) // 2, (width + 1) // 2
        return level

    def size(self, index: int) -> tuple[int, int]:
        """(height, width) of level ``index``."""
        return -(-self._shape[0] >> index), -(-self._shape[1] >> index)

    def part(self, index: int, box: Box) -> Array:
        """The pixels of a level inside ``box``, a box of that level; see the class about what is not there yet."""
        if index == 0:
            return self.read(box)
        self._ensure(index, self._blocks(index, box))
        x0, y0, x1, y1 = box
        return self._levels[index - 1][y0:y1, x0:x1]

    def level(self, index: int) -> Array:
        """The whole of a level, made now where it is not there yet."""
        height, width = self.size(index)
        if index == 0:
            return self.read((0, 0, width, height))
        self.build()
        return self._levels[index - 1]

    def build(self) -> None:
        """Make every level that will be asked for (for use off the main thread)."""
        if self._depth:
            self._make_now(self._blocks(0, (0, 0, self._shape[1], self._shape[0])))

    def prepare(self) -> None:
        """Make the stand-in (for use off the main thread; else it is made when first needed)."""
        if self._coarse is None and not self.small:
            half = self._stride // 2
            coarse = np.ascontiguousarray(self._see(self.base[half :: self._stride, half :: self._stride]))
            self._coarse = premultiply(coarse) if coarse.ndim == 3 and coarse.shape[2] == 4 else coarse

    def update(self, box: Box) -> None:
        """Bring what exists up to date after ``box`` of the base changed."""
        x0, y0, x1, y1 = box = intersect(box, (0, 0, self._shape[1], self._shape[0]))
        if is_empty(box):
            return
        self._coarse = None
        blocks = (slice(y0 // BLOCK, (y1 - 1) // BLOCK + 1), slice(x0 // BLOCK, (x1 - 1) // BLOCK + 1))
        self._version[blocks] += 1  # what is being made of them is out of date
        if not self._levels:
            return
        if self.want is not None and not self.small and (x1 - x0) * (y1 - y0) > _AT_ONCE:
            self._ready[blocks] = False  # what was there stands in
            return
        for index, level in enumerate(self._levels, 1):
            x0, y0, x1, y1 = x0 // 2, y0 // 2, (x1 + 1) // 2, (y1 + 1) // 2
            height, width = self.size(index - 1)
            source = (2 * x0, 2 * y0, min(2 * x1, width), min(2 * y1, height))
            above = self.read(source) if index == 1 else _crop(self._levels[index - 2], source)
            level[y0:y1, x0:x1] = _halve(above, index == 1)

    # -- blocks ----------------------------------------------------------------------------

    def missing(self, blocks: Iterable[Block]) -> list[Block]:
        """Those of ``blocks`` that are not up to date."""
        return [block for block in blocks if not self._ready[block]]

    def version(self, block: Block) -> int:
        """A number that changes when what the block is made of does."""
        return int(self._version[block])

    def make(self, block: Block) -> None:
        """Make all levels of a block; on any thread, one at a time."""
        self._allocate()
        x0, y0, x1, y1 = self.block_box(block)
        part = self.read((x0, y0, x1, y1))
        if part.ndim == 2 and not self._shown[(slice(None), *block)].any() and not cv2.countNonZero(part):
            return  # zeros already, which take no memory as long as nobody writes them
        for index, level in enumerate(self._levels, 1):
            part = _halve(part, index == 1)
            top, left = y0 >> index, x0 >> index
            level[top : top + part.shape[0], left : left + part.shape[1]] = part

    def accept(self, block: Block, version: int) -> bool:
        """Take over a block made of what was there at ``version``; False where that is out of date."""
        if self._version[block] != version:
            return False
        self._take(block)
        return True

    def block_box(self, block: Block) -> Box:
        """The pixels of the base that a block is made of."""
        top, left = block[0] * BLOCK, block[1] * BLOCK
        return left, top, min(left + BLOCK, self._shape[1]), min(top + BLOCK, self._shape[0])

    def _blocks(self, index: int, box: Box) -> list[Block]:
        size = BLOCK >> index
        rows = range(box[1] // size, (box[3] - 1) // size + 1)
        return [(row, column) for row in rows for column in range(box[0] // size, (box[2] - 1) // size + 1)]

    def _ensure(self, index: int, blocks: list[Block]) -> None:
        missing = self.missing(blocks)
        if not missing:
            return
        if self.want is None or self.small:
            self._make_now(missing)
            return
        self._allocate()
        bare = [block for block in missing if not self._shown[(index, *block)]]
        for run in _runs(bare) if self._twin is None else [[block] for block in bare]:
            for block in run:
                self._shown[(index, *block)] = True
            self._stand_in(index, run)
        self.want(self, missing)

    def _make_now(self, blocks: list[Block]) -> None:
        for block in self.missing(blocks):
            self.make(block)
            self._take(block)

    def _take(self, block: Block) -> None:
        self._ready[block] = True
        self._shown[(slice(None), *block)] = True

    def _allocate(self) -> None:
        if not self._levels:  # zeros, not empty: the system gives the memory where it is written
            self._levels = [zeros((*self.size(k), *self.base.shape[2:])) for k in range(1, self._depth + 1)]

    def _stand_in(self, index: int, run: list[Block]) -> None:
        first, last = self.block_box(run[0]), self.block_box(run[-1])
        box = _shrink((first[0], first[1], last[2], last[3]), index)
        into, twin = _crop(self._levels[index - 1], box), self._twin
        if twin is not None and twin._shown[(index, *run[0])]:
            into[...] = _crop(twin._levels[index - 1], box)
            return
        self.prepare()
        assert self._coarse is not None
        if self._coarse.ndim == 2 and not self._coarse.any():
            return
        # The coarse picture's pixel i is the base's pixel i * stride + stride // 2.
        step, size, middle = self._stride, 2**index, self._stride // 2 + 0.5
        first_x, first_y = (((start + 0.5) * size - middle) / step for start in box[:2])
        way = np.array([[size / step, 0, first_x], [0, size / step, first_y]])
        shape, flags = (into.shape[1], into.shape[0]), cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        into[...] = cv2.warpAffine(self._coarse, way, shape, flags=flags, borderMode=cv2.BORDER_REPLICATE)


def _runs(blocks: list[Block]) -> list[list[Block]]:
    """Blocks, row by row, as runs of neighbours in a row: many small calls cost more than a few."""
    runs: list[list[Block]] = []
    for block in blocks:
        if runs and runs[-1][-1] == (block[0], block[1] - 1):
            runs[-1].append(block)
        else:
            runs.append([block])
    return runs


def _shrink(box: Box, index: int) -> Box:
    x0, y0, x1, y1 = box
    return x0 >> index, y0 >> index, -(-x1 >> index), -(-y1 >> index)


def _crop(array: NDArray[np.generic], box: Box) -> Array:
    return array[box[1] : box[3], box[0] : box[2]]  # type: ignore[return-value]


def _halve(part: Array, first: bool) -> Array:
    if first and part.ndim == 3 and part.shape[2] == 4:
        part = premultiply(part)
    height, width = part.shape[:2]
    if height % 2 or width % 2:
        even = cv2.copyMakeBorder(part, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
        part = np.asarray(even, np.uint8)
    size = ((width + 1) // 2, (height + 1) // 2)
    return np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
