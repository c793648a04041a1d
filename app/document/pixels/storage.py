"""Stored pixels, which never change: as they are, as one colour, compressed, or in a file."""

from __future__ import annotations

import errno
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import numpy as np
from numpy.typing import NDArray

Pixels: TypeAlias = NDArray[Any]
"""(H, W) or (H, W, C), uint8 or uint16."""

# Mask tiles are nearly constant and photographs nearly incompressible: the fastest level is enough.
_LEVEL = 1
_WORTH = 0.8


@dataclass(frozen=True, eq=False, slots=True)
class Raw:
    """An array of one's own."""

    array: Pixels

    @property
    def nbytes(self) -> int:
        """Memory held, in bytes."""
        return int(self.array.nbytes)

    def put(self, view: Pixels) -> None:
        """Write it to a view of the same shape."""
        view[...] = self.array


@dataclass(frozen=True, eq=False, slots=True)
class Flat:
    """One colour (a scalar or (C,)) for any shape."""

    colour: Pixels

    @property
    def nbytes(self) -> int:
        """Memory held, in bytes."""
        return int(self.colour.nbytes)

    def put(self, view: Pixels) -> None:
        """Fill a view with it."""
        view[...] = self.colour


@dataclass(frozen=True, eq=False, slots=True)
class Packed:
    """An array's bytes, compressed (zlib)."""

    data: bytes

    @property
    def nbytes(self) -> int:
        """Memory held, in bytes."""
        return len(self.data)

    def put(self, view: Pixels) -> None:
        """Write it to a view of the shape and type it was made of.

        Raises ``OSError`` where it is something else: what comes from a file may be. No more is unpacked then.
        """
        try:
            data = zlib.decompressobj().decompress(self.data, view.nbytes + 1)
        except zlib.error as error:
            raise OSError(errno.EIO, "what is stored is damaged") from error
        if len(data) != view.nbytes:
            raise OSError(errno.EIO, "what is stored has another size")
        view[...] = np.frombuffer(data, view.dtype).reshape(view.shape)


@dataclass(frozen=True, eq=False, slots=True)
class OnDisk:
    """Where in a file something packed is."""

    path: Path
    start: int
    length: int

    @property
    def nbytes(self) -> int:
        """Memory held: none to speak of."""
        return 0

    def load(self) -> Packed:
        """Read it. Raises ``OSError``, also for a file that is shorter than it was."""
        with self.path.open("rb") as file:
            file.seek(self.start)
            data = file.read(self.length)
        if len(data) != self.length:
            raise OSError(errno.EIO, "the file is shorter than it was", str(self.path))
        return Packed(data)


Stored: TypeAlias = Raw | Flat | Packed | OnDisk


def stored(view: Pixels) -> Raw | Flat:
    """A copy of a view, as one colour where it has no other."""
    colour = view[0, 0]
    # Most of a mask is of one level: this finds out much faster than it could be compressed.
    if bool((view[0] == colour).all()) and bool((view == colour).all()):
        return Flat(np.array(colour))
    return Raw(view.copy())


def packed(content: Stored) -> Stored:
    """The same, compressed if it is not yet; what gets hardly smaller stays as it is: it comes back sooner."""
    if not isinstance(content, Raw):
        return content
    smaller = compressed(content)
    return smaller if smaller.nbytes < _WORTH * content.nbytes else content


def append(content: Stored, file: BinaryIO, path: Path) -> Stored:
    """Write something to the end of the file at ``path``; answers what takes its place in memory.

    One colour stays: it is smaller than its place in a file. Raises ``OSError``.
    """
    if isinstance(content, Raw):
        content = compressed(content)
    if not isinstance(content, Packed):
        return content
    start = file.tell()
    file.write(content.data)
    return OnDisk(path, start, len(content.data))


def compressed(content: Raw) -> Packed:
    """The same, compressed whatever that gains."""
    return Packed(zlib.compress(content.array.tobytes(), _LEVEL))
