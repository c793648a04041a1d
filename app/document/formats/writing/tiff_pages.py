"""One page of a TIFF file replaced; the others stay as they lie there, byte by byte."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from PIL import ExifTags

from app.document.formats.writing.tiff_writer import append_page, page_fields
from app.document.metadata import (
    Directory,
    Layout,
    blank,
    directories,
    directory,
    first_at,
    layout_of,
    numbers,
)
from app.document.pixels import Picture, Pixels

_TAGS = ExifTags.Base
_KIND, _OLD_KIND, _BELOW = 254, 255, 330
_REDUCED, _MASK, _OLD_REDUCED = 1, 4, 2
_NESTED = (34665, 34853, 40965)
_PIXELS = ((273, 279), (324, 325), (513, 514))
_DEEPEST = 4


@dataclass(frozen=True)
class _Pages:
    """The pages of a file: the picture that is edited, those beside it, and smaller copies of any."""

    layout: Layout
    main: Directory
    others: tuple[Directory, ...]  # in their order
    before: int  # how many of them come before the picture
    small: tuple[Directory, ...]


def other_pages(original: bytes) -> int:
    """How many pages there are beside the picture in a TIFF file; 0 for one that is none, or is not understood."""
    pages = _pages(original)
    return 0 if pages is None else len(pages.others)


def with_page_replaced(original: bytes, picture: Picture, pixels: Pixels) -> bytes:
    """The file with its picture replaced by ``pixels`` (H, W, 1 to 4); where its old ones were are zeros or nothing.

    Smaller copies are left out: they show what was erased. Raises ``ValueError`` where ``other_pages`` answers 0.
    """
    pages = _pages(original)
    if pages is None:
        raise ValueError("no TIFF of several pages")
    data, layout, main = bytearray(original), pages.layout, pages.main
    fields = page_fields(data, layout, main, picture)
    kept = sorted([(0, first_at(layout) + layout.width), *_needed(data, layout, pages)])
    gone = [part for page in (main, *pages.small) for part in _everything(data, layout, page)]
    for start, end in gone:  # after all are known: what says where is overwritten, too
        blank(data, start, end, kept)
    last = max(end for _, end in kept)
    if not any(data[last:]):
        del data[last:]
    following = pages.others[pages.before].start if pages.before < len(pages.others) else 0
    start = append_page(data, layout, fields, picture, pixels, following)
    places = [page.start for page in pages.others]
    places.insert(pages.before, start)
    # Smaller copies between pages are passed over. The new page's own link is written already.
    links = {page.start: page.next_at for page in pages.others}
    ways = zip([first_at(layout), *(links.get(place, 0) for place in places)], [*places, 0], strict=True)
    for link, place in ways:
        if link:
            data[link : link + layout.width] = layout.pack(layout.offset, place)
    return bytes(data)


def _pages(original: bytes) -> _Pages | None:
    try:
        layout, start = layout_of(original)
    except ValueError:
        return None
    chain = [*directories(original, layout, start)]
    small = [page for page in chain if _is_small(original, layout, page)]
    full = [page for page in chain if page not in small]
    if len(full) < 2:
        return None
    main = full[0]
    if chain[0] in small:  # the largest is what was opened
        main = max(full, key=lambda page: _area(original, layout, page))
    others = tuple(page for page in full if page is not main)
    return _Pages(layout, main, others, full.index(main), tuple(small))


def _number(data: bytes, layout: Layout, page: Directory, tag: int) -> int:
    entry = page.find(tag)
    return next(iter(numbers(data, layout, entry)), 0) if entry is not None else 0


def _is_small(data: bytes, layout: Layout, page: Directory) -> bool:
    kind, old = (_number(data, layout, page, tag) for tag in (_KIND, _OLD_KIND))
    return bool(kind & (_REDUCED | _MASK)) or old == _OLD_REDUCED


def _area(data: bytes, layout: Layout, page: Directory) -> int:
    return _number(data, layout, page, _TAGS.ImageWidth) * _number(data, layout, page, _TAGS.ImageLength)


def _needed(data: bytearray, layout: Layout, pages: _Pages) -> Iterator[tuple[int, int]]:
    """What must not be written to: all of the other pages, and the nested directories of the picture's."""
    for page in pages.others:
        yield from _everything(data, layout, page)
    for nested in _below(data, layout, pages.main, _NESTED):
        yield from _everything(data, layout, nested)


def _everything(data: bytearray, layout: Layout, page: Directory, depth: int = 0) -> Iterator[tuple[int, int]]:
    """Every range that a directory takes up, with those below it and with the pixels of all."""
    yield page.start, page.end
    for entry in page.entries:
        if not entry.inside:
            yield entry.start, entry.end
    for offsets, lengths in _PIXELS:
        places, sizes = page.find(offsets), page.find(lengths)
        if places is not None and sizes is not None:
            pairs = zip(numbers(data, layout, places), numbers(data, layout, sizes), strict=False)
            yield from ((start, start + size) for start, size in pairs)
    if depth < _DEEPEST:
        for nested in _below(data, layout, page, (_BELOW, *_NESTED)):
            yield from _everything(data, layout, nested, depth + 1)


def _below(data: bytearray, layout: Layout, page: Directory, tags: tuple[int, ...]) -> Iterator[Directory]:
    for entry in page.entries:
        if entry.tag in tags:
            for offset in numbers(data, layout, entry):
                try:
                    yield directory(data, layout, offset)
                except ValueError:
                    continue
