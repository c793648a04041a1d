"""Reading and writing picture files; every failure is a sentence in a ``DocumentError``."""

from __future__ import annotations

import contextlib
import io
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, UnidentifiedImageError

from app.document.errors import DocumentError
from app.document.formats import decode
from app.document.formats.atomic_write import check_writable, why_out_of_reach, write_file
from app.document.formats.encode import encode_picture
from app.document.formats.kinds import KINDS, OPEN_FORMATS, SAVE_FORMATS, listed, missing_reader
from app.document.formats.tiff_reader import is_tiff, read_tiff
from app.document.pixels import Picture

__all__ = [
    "MAX_MEGAPIXELS",
    "OPEN_FORMATS",
    "SAVE_FORMATS",
    "format_of",
    "read_mask",
    "read_picture",
    "read_picture_data",
    "write_file",
    "write_picture",
]

MAX_MEGAPIXELS = 400

_HEAD = 1 << 16  # bytes

# Pillow's own limit is a warning at 89 megapixels; _opened has a clear error at ours instead.
Image.MAX_IMAGE_PIXELS = None
# warnings.catch_warnings is not thread-safe: one decoder at a time.
_decoding = threading.Lock()


def read_picture(path: str | Path) -> Picture:
    """Read a picture file, upright, with what has to survive a save.

    8 or 16 bits per channel as the file has them; grey becomes RGB (``Picture.grey`` says so), a palette RGB or
    RGBA, CMYK RGB; what could not be kept is in ``Picture.note``. Raises ``DocumentError``.
    """
    path = Path(path)
    picture = _read(path, path.name, path.read_bytes)
    picture.path = path
    picture.note = " ".join(part for part in (picture.note, _wrong_ending(picture, path)) if part)
    return picture


def read_picture_data(data: bytes, name: str) -> Picture:
    """Read the bytes of a picture file, as ``read_picture`` does; ``name`` is for the sentence where that fails."""
    return _read(data, name, lambda: data)


def _read(source: Path | bytes, name: str, data: Callable[[], bytes]) -> Picture:
    try:
        with _opened(source, name) as (image, head):
            return decode.to_picture(image, head, data)
    except DocumentError as error:
        if not isinstance(error.__cause__, UnidentifiedImageError) or not is_tiff(whole := data()):
            raise
        with _decoding, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            picture = read_tiff(whole, MAX_MEGAPIXELS)
        if picture is None:
            raise
        return picture


def read_mask(path: str | Path | bytes, size: tuple[int, int] | None = None, *, name: str = "") -> NDArray[np.uint8]:
    """Read any picture, a file or the bytes of one, as a mask, (H, W) uint8: 0 keep to 255 erase.

    Alpha counts when there is any that is not opaque, brightness otherwise. ``size`` is the (width, height) the
    mask must have, ``name`` what to call it, by default the file's name. Raises ``DocumentError``.
    """
    source = path if isinstance(path, bytes) else Path(path)
    name = name or (source.name if isinstance(source, Path) else "mask")
    with _opened(source, name) as (image, _):
        mask = decode.to_mask(image)
    height, width = mask.shape
    if size is not None and (width, height) != tuple(size):
        raise DocumentError(
            f'The mask "{name}" is {width} x {height} pixels but the picture is {size[0]} x {size[1]}; '
            "they must be the same size."
        )
    return mask


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
    write_file(path, encode_picture(picture, format or format_of(path), path.name, quality=quality, depth=depth))


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


@contextlib.contextmanager
def _opened(source: Path | bytes, name: str) -> Iterator[tuple[ImageFile.ImageFile, bytes]]:
    """An opened image to decode in the block, and how its file begins; every failure becomes a ``DocumentError``."""
    head = b""
    try:
        with _decoding, warnings.catch_warnings(), decode.freed_gradually():
            warnings.simplefilter("ignore")  # what matters of a damaged file is whether it opens
            with _stream(source)() as file:
                head = file.read(_HEAD)
                file.seek(0)
                with Image.open(file, formats=list(OPEN_FORMATS)) as image:
                    megapixels = image.width * image.height / 1e6
                    if megapixels > MAX_MEGAPIXELS:
                        raise DocumentError(
                            f'"{name}" has {megapixels:.0f} megapixels; '
                            f"the most that can be opened is {MAX_MEGAPIXELS}."
                        )
                    yield image, head
                    image.close()
    except DocumentError:
        raise
    except Exception as error:  # decoders meet damaged data with every kind of exception
        raise DocumentError(_why_not_read(source, name, head, error)) from error


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
    if isinstance(error, UnidentifiedImageError):
        if not head:
            return f"{name} is an empty file; try another copy of it."
        return f"{name} is not a {listed(OPEN_FORMATS)} picture, or it is damaged."
    if isinstance(error, OSError) and error.errno is not None:
        return f"{name} could not be read ({error.strerror}); check the disk it is on."
    return f"{name} is damaged or incomplete and cannot be opened; try another copy of it."
