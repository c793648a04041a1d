"""Exports: how a copy is to be written, and how large it will be, estimated from samples where it would take long."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from app.document.errors import DocumentError
from app.document.formats.atomic_write import check_writable, write_file
from app.document.formats.before_after import beside
from app.document.formats.encode import encode_picture
from app.document.formats.files import write_picture
from app.document.formats.writing import LAYERED, encode_layers
from app.document.pixels import Picture, Pixels, colour

EXACT = 1_000_000
"""Pixels up to which all of the picture is encoded."""

_TILE = 256  # px
_TILES = 4  # in a row and in a column


@dataclass(frozen=True)
class Export:
    """How a copy is to be written."""

    format: str  # one of ``SAVE_FORMATS``
    quality: int | None = None  # None: like the original
    depth: int | None = None  # bits per channel; None: the picture's own
    srgb: bool = False  # converted, for programs that know no profiles
    both: bool = False  # before and after beside each other
    layers: bool = False  # the result as a layer over the original; ``format`` is then one of ``LAYERED``

    def prepared(self, picture: Picture) -> Picture:
        """The picture to encode. Takes as long as converting it."""
        if not self.srgb or picture.icc_profile is None:
            return picture
        return replace(picture, pixels=colour.as_srgb(picture), icc_profile=None, grey=False)

    def write(self, picture: Picture, before: Pixels | None, path: Path) -> None:
        """Write the copy; ``before`` is the picture as it was, None: as it is. Raises ``DocumentError``."""
        if self.layers:
            write_layers(picture.pixels if before is None else before, picture, path, self.format)
            return
        if self.both:
            picture = beside(picture.pixels if before is None else before, picture)
        write_picture(self.prepared(picture), path, format=self.format, quality=self.quality, depth=self.depth)


def estimate(picture: Picture, export: Export, stopped: Callable[[], bool]) -> int | None:
    """About how many bytes the file has; exact up to ``EXACT`` pixels. None where ``stopped`` became true.

    Larger pictures are told from 16 parts spread over them. Encodes about a million pixels: off the main thread.
    Raises ``DocumentError``.
    """
    pixels, whole = picture.pixels, picture.width * picture.height
    exact = whole <= EXACT
    if not exact:
        pixels = _mosaic(pixels)
    if stopped():
        return None
    part = export.prepared(replace(picture, pixels=np.ascontiguousarray(pixels)))
    if stopped():
        return None
    kind: dict[str, Any] = {"quality": export.quality, "depth": export.depth}
    size = len(encode_picture(part, export.format, "the file", **kind))
    fixed = 0
    if not exact and not stopped():
        small = replace(part, pixels=np.ascontiguousarray(part.pixels[:16, :16]))
        fixed = len(encode_picture(small, export.format, "the file", **kind))
    ratio = whole / (pixels.shape[0] * pixels.shape[1])
    bytes_ = fixed + max(size - fixed, 0) * ratio
    return None if stopped() else round(bytes_ * (2 if export.both else 1))


def _mosaic(pixels: Pixels) -> Pixels:
    """Parts from all over a picture as one."""
    height, width = pixels.shape[:2]
    down, across = (max(1, min(_TILES * _TILE, length)) for length in (height, width))
    rows = _spread(height, down)
    columns = _spread(width, across)
    return pixels[rows][:, columns]


def _spread(length: int, wanted: int) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """``wanted`` indices of ``length``, in runs as long as a tile, evenly spread."""
    runs = math.ceil(wanted / _TILE)
    starts = np.linspace(0, length - wanted // runs, runs).astype(np.intp)
    return np.concatenate([np.arange(start, start + wanted // runs) for start in starts])


def layered_kind(path: str | Path) -> str | None:
    """The kind of file with layers that a name's ending stands for, "ORA" or "PSD"; None for every other."""
    suffix = Path(path).suffix.lower()
    return next((kind for kind in ("ORA", "PSD") if LAYERED[kind] == suffix), None)


def write_layers(before: Pixels, picture: Picture, path: Path, kind: str) -> None:
    """Write ``picture`` as a layer over ``before``, with the mask of what changed; ``kind`` is one of ``LAYERED``.

    The original is in the file: that is what it is for. Raises ``DocumentError``.
    """
    check_writable(path)

    def png(part: Picture) -> bytes:
        return encode_picture(part, "PNG", path.name)

    try:
        data = encode_layers(kind, before, picture, png)
    except MemoryError as error:
        raise DocumentError(
            f'There is not enough memory to write "{path.name}"; close other programs and try again.'
        ) from error
    write_file(path, data)
