"""Reading and writing picture files; every failure is a sentence in a ``DocumentError``."""

from __future__ import annotations

import contextlib
import io
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, PngImagePlugin, UnidentifiedImageError

from app.document.errors import DocumentError
from app.document.formats import decode
from app.document.formats.atomic_write import check_writable, why_out_of_reach, write_file
from app.document.formats.encode import encode_picture
from app.document.formats.kinds import KINDS, OPEN_FORMATS, PILLOW_FORMATS, SAVE_FORMATS, listed, missing_reader
from app.document.formats.reading import Mask, bmp, identify, masks, raw, recovery, tiff, tiff_pages
from app.document.formats.writing import original_with_further
from app.document.notes import About, Note
from app.document.pixels import Picture

__all__ = [
    "MAX_MEGAPIXELS",
    "OPEN_FORMATS",
    "SAVE_FORMATS",
    "check_target",
    "format_of",
    "read_mask",
    "read_mask_with_notes",
    "read_picture",
    "read_picture_data",
    "write_file",
    "write_picture",
]

MAX_MEGAPIXELS = 400

_HEAD = 1 << 16  # bytes

# Pillow's own limit is a warning at 89 megapixels; _opened has a clear error at ours instead.
Image.MAX_IMAGE_PIXELS = None
# Its limits to texts, which files of some programs are beyond, are ours too: no more than is in a picture.
PngImagePlugin.MAX_TEXT_CHUNK = PngImagePlugin.MAX_TEXT_MEMORY = 1 << 26
# warnings.catch_warnings is not thread-safe: one decoder at a time.
_decoding = threading.Lock()


def read_picture(path: str | Path) -> Picture:
    """Read a picture file, upright, with what has to survive a save.

    8 or 16 bits per channel as the file has them; grey becomes RGB (``Picture.grey`` says so), a palette RGB or
    RGBA, CMYK RGB; raw files are developed. What could not be kept, or was mended, is in ``Picture.notes``.
    Raises ``DocumentError``.
    """
    path = Path(path)
    picture = _read(path, path.name, path.read_bytes)
    picture.path = path
    wrong = _wrong_ending(picture, path)
    if wrong:
        picture.notes = (*picture.notes, Note(About.FORMAT, wrong))
    return picture


def read_picture_data(data: bytes, name: str) -> Picture:
    """Read the bytes of a picture file, as ``read_picture`` does; ``name`` is for the sentence where that fails."""
    return _read(data, name, lambda: data)


def read_mask(
    path: str | Path | bytes, size: tuple[int, int] | None = None, *, orientation: int = 1, name: str = ""
) -> NDArray[np.uint8]:
    """What ``read_mask_with_notes`` reads, without the notes: (H, W) uint8, 0 keep to 255 erase."""
    return read_mask_with_notes(path, size, orientation=orientation, name=name).values


def read_mask_with_notes(
    path: str | Path | bytes, size: tuple[int, int] | None = None, *, orientation: int = 1, name: str = ""
) -> Mask:
    """Read any picture, a file or the bytes of one, as a mask.

    What counts in it is told in ``masks.mask_of``; notes say how it was understood where that is not plain. ``size``
    is the (width, height) the mask must have, ``orientation`` how EXIF turned the picture that it is for, ``name``
    what to call it, by default the file's name. Raises ``DocumentError``.
    """
    source = path if isinstance(path, bytes) else Path(path)
    name = name or (source.name if isinstance(source, Path) else "mask")
    picture = _read(source, name, lambda: source if isinstance(source, bytes) else source.read_bytes())
    mask = masks.mask_of(picture)
    if size is not None:
        mask = masks.placed(mask, size, orientation, picture.orientation)
        height, width = mask.values.shape
        if (width, height) != tuple(size):
            raise DocumentError(masks.sizes_differ(name, (width, height), size, orientation))
    damage = tuple(note for note in picture.notes if note.about in (About.DAMAGE, About.PAGES))
    told = tuple(Note(note.about, f'Of the mask "{name}": {note.text}') for note in damage)
    return Mask(mask.values, (*told, *mask.notes))


def write_picture(
    picture: Picture,
    path: str | Path,
    *,
    format: str | None = None,
    quality: int | None = None,
    depth: int | None = None,
) -> None:
    """Write a picture file, whole or not at all: an older file stays until the new one is complete.

    ``format`` is one of ``SAVE_FORMATS``, taken from the file name's ending by default; ``quality`` and ``depth``
    as for ``encode_picture``: by default like the original. ``picture`` is not changed. Raises ``DocumentError``,
    and ``ValueError`` for a quality or depth out of range.
    """
    path = Path(path)
    check_writable(path)  # before the work, not after it
    check_target(picture, path)
    format = format or format_of(path)
    original = original_with_further(picture, format)
    write_file(path, encode_picture(picture, format, path.name, quality=quality, depth=depth, original=original))


def check_target(picture: Picture, path: str | Path) -> None:
    """Raise ``DocumentError`` where ``path`` is the raw file that the picture was developed from."""
    path = Path(path)
    if picture.format != "RAW" or picture.path is None or not path.exists():
        return
    with contextlib.suppress(OSError):
        if path.samefile(picture.path):
            raise DocumentError(
                f'"{path.name}" is the raw file itself, which is never written over; choose another name.'
            )


def format_of(path: str | Path) -> str:
    """The format a file name's ending stands for: one of ``SAVE_FORMATS``. Raises ``DocumentError``."""
    path = Path(path)
    for name, suffixes in SAVE_FORMATS.items():
        if path.suffix.lower() in suffixes:
            return name
    endings = [suffixes[0] for suffixes in SAVE_FORMATS.values()]
    heic = " HEIC files can be opened here but not written;" if path.suffix.lower() in KINDS["HEIF"].suffixes else ""
    raise DocumentError(
        f'"{path.name}" does not end in a format that can be written;{heic} '
        f"use {', '.join(endings[:-1])} or {endings[-1]}."
    )


def _wrong_ending(picture: Picture, path: Path) -> str:
    """What to say of a file whose ending means another format than its content."""
    if path.suffix.lower() in OPEN_FORMATS.get(picture.format, ()):
        return ""
    meant = next((name for name, suffixes in SAVE_FORMATS.items() if path.suffix.lower() in suffixes), None)
    if meant is None:
        return ""
    holds, title = KINDS[picture.format].title, KINDS[meant].title
    return f'"{path.name}" is really a {holds} picture: saving it under this name writes {title}.'


def _read(source: Path | bytes, name: str, data: Callable[[], bytes]) -> Picture:
    """Every failure becomes a ``DocumentError``."""
    head = b""
    try:
        with _decoding, warnings.catch_warnings(), decode.freed_gradually():
            warnings.simplefilter("ignore")  # what matters of a damaged file is whether it opens
            with _stream(source)() as file:
                head = file.read(_HEAD)
                picture = _special(file, head, name)
            return picture if picture is not None else _ordinary(source, name, head, data)
    except DocumentError:
        raise
    except Exception as error:  # decoders meet damaged data with every kind of exception
        raise DocumentError(_why_not_read(source, name, head, error)) from error


def _special(file: BinaryIO, head: bytes, name: str) -> Picture | None:
    """A raw file, or a TIFF that Pillow does not read rightly."""
    pages = None
    if tiff_pages.is_tiff(head):
        file.seek(0)
        pages = tiff_pages.open_pages(file)
    if raw.is_raw(head) or (pages is not None and pages.sensor):
        file.seek(0)
        found = raw.read_raw(file, name, MAX_MEGAPIXELS)
        if found is not None:
            return found
        if pages is not None and tiff_pages.is_sensor(pages.main):
            raise DocumentError(
                f'"{name}" is a raw file that cannot be developed here; convert it to DNG or TIFF first.'
            )
    if pages is None or not tiff.is_unusual(pages):
        return None
    return tiff.read_tiff(pages, file, file.seek(0, io.SEEK_END), MAX_MEGAPIXELS)


def _ordinary(source: Path | bytes, name: str, head: bytes, data: Callable[[], bytes]) -> Picture:
    """A picture by Pillow; of a damaged one what can be had."""
    try:
        return _by_pillow(source, name, data)
    except (DocumentError, MemoryError):
        raise
    except Exception as error:  # decoders meet damaged data with every kind of exception
        if isinstance(error, OSError) and error.errno is not None:
            raise
        found = _recovered(name, head, data())
        if found is None:
            raise
        return found


def _by_pillow(source: Path | bytes, name: str, data: Callable[[], bytes]) -> Picture:
    with _stream(source)() as file:
        head = file.read(_HEAD)
        file.seek(0)
        with Image.open(file, formats=PILLOW_FORMATS) as image:
            _check_size(image.size, name)
            picture = decode.to_picture(image, head, data)
            image.close()
            return picture


def _recovered(name: str, head: bytes, whole: bytes) -> Picture | None:
    """What can be had of a damaged or strange file."""
    file = io.BytesIO(whole)
    if tiff_pages.is_tiff(head):
        pages = tiff_pages.open_pages(file)
        picture = None if pages is None else tiff.read_tiff(pages, file, len(whole), MAX_MEGAPIXELS)
        if picture is not None:
            return picture
    if head[:2] == b"BM" and (size := bmp.size_of(whole)) is not None:
        _check_size(size, name)
        return bmp.read_bmp(whole)
    for version in recovery.versions(whole):
        ImageFile.LOAD_TRUNCATED_IMAGES = version.tolerant  # one decoder at a time
        try:
            picture = _by_pillow(version.data, name, lambda data=version.data: data)  # type: ignore[misc]
        except (DocumentError, MemoryError):
            raise
        except Exception:
            continue
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = False
        picture.notes = (*version.notes, *picture.notes)
        return picture
    return None


def _check_size(size: tuple[int, int], name: str) -> None:
    megapixels = size[0] * size[1] / 1e6
    if megapixels > MAX_MEGAPIXELS:
        raise DocumentError(
            f'"{name}" has {megapixels:.0f} megapixels; the most that can be opened is {MAX_MEGAPIXELS}.'
        )


def _stream(source: Path | bytes) -> Callable[[], BinaryIO]:
    if isinstance(source, bytes):
        return lambda: io.BytesIO(source)
    return lambda: source.open("rb")


def _why_not_read(source: Path | bytes, name: str, head: bytes, error: Exception) -> str:
    name = f'"{name}"'
    reason = why_out_of_reach(name, source if isinstance(source, Path) else None, error, "a picture")
    if reason is not None:
        return reason
    if isinstance(error, MemoryError):
        return f"{name} is too large for the memory of this computer; close other programs or reduce it."
    missing = missing_reader(head)
    if missing is not None:
        return f"{name} is a {missing} picture, which this installation cannot read; convert it to JPEG or PNG first."
    if not head and isinstance(error, UnidentifiedImageError):
        return f"{name} is an empty file; try another copy of it."
    if identify.known(head) is None:
        what = identify.foreign(head, source.suffix.lower() if isinstance(source, Path) else "")
        if what is not None:
            return f"{name} is {what}, which cannot be opened here; convert it to PNG, TIFF or JPEG first."
        if isinstance(error, UnidentifiedImageError):
            return f"{name} is not a {listed(OPEN_FORMATS)} picture, or it is damaged."
    if isinstance(error, OSError) and error.errno is not None:
        return f"{name} could not be read ({error.strerror}); check the disk it is on."
    return f"{name} is damaged or incomplete and cannot be opened; try another copy of it."
