"""Which of the pages of a TIFF file is the picture, and which are thumbnails, masks or raw sensor data."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import tifffile

logging.getLogger("tifffile").setLevel(logging.CRITICAL + 1)  # of damage, which the user is told in one sentence

_REDUCED, _MASK = 1, 4  # bits of NewSubfileType
_OLD_REDUCED = 2  # of SubfileType
_SENSOR = (32803, 34892)  # PhotometricInterpretation of sensor data: mosaic, linear
_DNG_VERSION = 50706
_MOST_PAGES = 2000
_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


@dataclass(frozen=True)
class Pages:
    """What a file holds; tifffile's pages."""

    first: Any
    main: Any  # the picture: the first page, unless that is a thumbnail
    count: int  # of pages that are pictures
    sensor: bool  # whether there is raw sensor data
    big: bool  # BigTIFF


def is_tiff(head: bytes) -> bool:
    """Whether a file begins as a TIFF does."""
    return head[:4] in _MAGIC


def open_pages(file: BinaryIO) -> Pages | None:
    """The pages of an opened file, valid while it stays open; None where tifffile makes nothing of it."""
    try:
        found = tifffile.TiffFile(file)
        pages = [_whole(page) for page in found.pages[:_MOST_PAGES]]
        if not pages:
            return None
        below = [below for page in pages[:4] for below in _below(page)]
        first, every = pages[0], [*pages, *below]
        full = [page for page in every if not _is_small(page)]
        main = first
        if _is_small(first) and full:
            main = max(full, key=lambda page: page.imagewidth * page.imagelength)
        count = sum(not _is_small(page) for page in pages)
        return Pages(first, main, max(count, 1), any(map(is_sensor, every)), found.is_bigtiff)
    except Exception:  # parsers meet damaged data with every kind of exception
        return None


def _whole(page: Any) -> Any:
    return page.aspage() if isinstance(page, tifffile.TiffFrame) else page


def _below(page: Any) -> Iterator[Any]:
    """Pages of a page: of raw files the picture itself, else smaller copies."""
    try:
        yield from [_whole(below) for below in (page.pages or [])][:16]
    except Exception:
        return


def _is_small(page: Any) -> bool:
    """Whether it is a smaller copy, or a mask for another page."""
    kind, old = page.tags.get(254), page.tags.get(255)
    try:
        return bool(
            (kind is not None and int(kind.value) & (_REDUCED | _MASK))
            or (old is not None and int(old.value) == _OLD_REDUCED)
        )
    except (TypeError, ValueError):
        return False


def is_sensor(page: Any) -> bool:
    """Whether a page is raw sensor data."""
    tag = page.tags.get(262)
    try:
        return tag is not None and int(tag.value) in _SENSOR
    except (TypeError, ValueError):
        return False
