"""Reading and writing picture files; every failure is a sentence in a ``DocumentError``."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import secrets
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, UnidentifiedImageError

from app.document import decode
from app.document.errors import DocumentError
from app.document.picture import Picture
from app.document.tiff import encode_tiff

OPEN_FORMATS: dict[str, tuple[str, ...]] = {
    "PNG": (".png",),
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "WEBP": (".webp",),
    "TIFF": (".tif", ".tiff"),
    "BMP": (".bmp",),
}
"""Formats that can be opened: Pillow's name, then the file name endings, the usual one first."""

SAVE_FORMATS = OPEN_FORMATS
"""Formats that can be written, in the order to offer them."""

MAX_MEGAPIXELS = 400

_MAX_SIDE = {"JPEG": 65535, "WEBP": 16383}
_MAX_JPEG_EXIF = 65533  # bytes in one JPEG marker
_NAMES = "PNG, JPEG, WebP, TIFF or BMP"

# Pillow's own limit is a warning at 89 megapixels; _opened has a clear error at ours instead.
Image.MAX_IMAGE_PIXELS = None
# warnings.catch_warnings is not thread-safe: one decoder at a time.
_decoding = threading.Lock()


def read_picture(path: str | Path) -> Picture:
    """Read a picture file, upright, with what has to survive a save.

    Gray becomes RGB, a palette with transparency RGBA, 16 bits per channel 8, CMYK RGB
    (``Picture.note`` says so). Raises ``DocumentError``.
    """
    path = Path(path)
    with _opened(path) as image:
        picture = decode.to_picture(image)
    picture.path = path
    return picture


def read_mask(path: str | Path, size: tuple[int, int] | None = None) -> NDArray[np.uint8]:
    """Read any picture as a mask, (H, W) uint8: 0 keep to 255 erase.

    Alpha counts when there is any that is not opaque, brightness otherwise. ``size`` is
    the (width, height) the mask must have. Raises ``DocumentError``.
    """
    path = Path(path)
    with _opened(path) as image:
        mask = decode.to_mask(image)
    height, width = mask.shape
    if size is not None and (width, height) != tuple(size):
        raise DocumentError(
            f'The mask "{path.name}" is {width} x {height} pixels but the picture is {size[0]} x {size[1]}; '
            "they must be the same size."
        )
    return mask


def write_picture(picture: Picture, path: str | Path, *, format: str | None = None, quality: int = 95) -> None:
    """Write a picture file, whole or not at all: an older file stays until the new one is complete.

    ``format`` is one of ``SAVE_FORMATS``, taken from the file name's ending by default;
    ``quality`` 1 to 100 is for JPEG and WebP (100: WebP without loss). Transparency becomes
    white where the format has none (JPEG, BMP). ``picture`` is not changed. Raises
    ``DocumentError``, and ``ValueError`` for a quality out of range.
    """
    if not 1 <= quality <= 100:
        raise ValueError(f"quality {quality} is not within 1..100")
    path = Path(path)
    write_file(path, _encode(picture, path, format or format_of(path), quality))


def write_file(path: Path, data: bytes) -> None:
    """Write a file, whole or not at all: an older one stays until the new one is complete. Raises ``DocumentError``."""
    try:
        _replace(path, data)
    except OSError as error:
        raise DocumentError(_why_not_written(path, error)) from error


def format_of(path: str | Path) -> str:
    """The format a file name's ending stands for: one of ``SAVE_FORMATS``. Raises ``DocumentError``."""
    path = Path(path)
    for name, suffixes in SAVE_FORMATS.items():
        if path.suffix.lower() in suffixes:
            return name
    raise DocumentError(
        f'"{path.name}" does not end in a format that can be written; use .png, .jpg, .webp, .tif or .bmp.'
    )


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[ImageFile.ImageFile]:
    """An opened image to decode in the block; every failure there becomes a ``DocumentError``."""
    try:
        with _decoding, warnings.catch_warnings(), decode.freed_gradually():
            warnings.simplefilter("ignore")  # what matters of a damaged file is whether it opens
            with Image.open(path, formats=list(OPEN_FORMATS)) as image:
                megapixels = image.width * image.height / 1e6
                if megapixels > MAX_MEGAPIXELS:
                    raise DocumentError(
                        f'"{path.name}" has {megapixels:.0f} megapixels; '
                        f"the most that can be opened is {MAX_MEGAPIXELS}."
                    )
                yield image
                image.close()
    except DocumentError:
        raise
    except Exception as error:  # decoders meet damaged data with every kind of exception
        raise DocumentError(_why_not_read(path, error)) from error


def _why_not_read(path: Path, error: Exception) -> str:
    name = f'"{path.name}"'
    if isinstance(error, FileNotFoundError):
        return f"{name} was not found; it may have been moved or renamed."
    if _is_folder(path):
        return f"{name} is a folder, not a picture."
    if isinstance(error, PermissionError):
        return f"{name} cannot be opened because you have no permission to read it."
    if isinstance(error, MemoryError):
        return f"{name} is too large for the memory of this computer; close other programs or reduce it."
    if isinstance(error, UnidentifiedImageError):
        if path.stat().st_size == 0:
            return f"{name} is an empty file; try another copy of it."
        return f"{name} is not a {_NAMES} picture, or it is damaged."
    if isinstance(error, OSError) and error.errno is not None:
        return f"{name} could not be read ({error.strerror}); check the disk it is on."
    return f"{name} is damaged or incomplete and cannot be opened; try another copy of it."


def _encode(picture: Picture, path: Path, format: str, quality: int) -> bytes:
    if format not in SAVE_FORMATS:
        raise DocumentError(f'"{path.name}" cannot be written as {format}; choose {_NAMES}.')
    limit = _MAX_SIDE.get(format)
    if limit is not None and max(picture.size) > limit:
        raise DocumentError(
            f'"{path.name}" cannot hold a side of {max(picture.size)} pixels ({format} ends at {limit}); '
            "choose PNG or TIFF."
        )
    buffer = io.BytesIO()
    try:
        if format == "TIFF":
            return encode_tiff(picture)
        image = Image.fromarray(picture.pixels)
        if picture.has_alpha and format in ("JPEG", "BMP"):
            white = Image.new("RGBA", image.size, "white")
            image = Image.alpha_composite(white, image).convert("RGB")
        image.save(buffer, format=format, **_options(picture, format, quality))
    except MemoryError as error:
        raise DocumentError(
            f'There is not enough memory to write "{path.name}"; close other programs and try again.'
        ) from error
    except Exception as error:  # encoders refuse data with every kind of exception
        raise DocumentError(f'"{path.name}" could not be written as {format}; choose another format.') from error
    return buffer.getvalue()


def _options(picture: Picture, format: str, quality: int) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if picture.dpi is not None:
        options["dpi"] = picture.dpi
    if picture.icc_profile is not None:
        options["icc_profile"] = picture.icc_profile
    # Too large a block cannot be in a JPEG: the picture matters more.
    if picture.exif is not None and not (format == "JPEG" and len(picture.exif) > _MAX_JPEG_EXIF):
        options["exif"] = picture.exif
    if format == "PNG":
        # Measured on photographs: the usual 6 takes twice as long and saves nothing.
        options |= {"compress_level": 4}
    elif format == "JPEG":
        options |= {"quality": quality, "subsampling": "4:4:4" if quality >= 90 else "4:2:0"}
    elif format == "WEBP" and quality == 100:
        # Quality is the effort here; exact keeps the colours under transparent pixels.
        options |= {"lossless": True, "quality": 70, "exact": True}
    elif format == "WEBP":
        options |= {"quality": quality}
    return options


def _replace(path: Path, data: bytes) -> None:
    """Put data where a file is, so that at every moment one of the two is there whole."""
    target = Path(os.path.realpath(path))  # a link stays a link
    if target.exists() and not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(target))
    temporary = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            temporary.chmod(target.stat().st_mode & 0o777)
        temporary.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def _why_not_written(path: Path, error: OSError) -> str:
    name, folder = f'"{path.name}"', f'"{path.parent}"'
    if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
        return f"{name} was not saved because the disk is full; make room or save somewhere else."
    if error.errno == errno.ENAMETOOLONG:
        return f'"{path.name[:40]}..." was not saved because its name is too long; choose a shorter one.'
    if _is_folder(path):
        return f"{name} was not saved because a folder has that name; choose another name."
    if error.errno in (errno.ENOENT, errno.ENOTDIR) and not _is_folder(path.parent):
        return f"{name} was not saved because the folder {folder} does not exist; choose another one."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{name} was not saved because you have no permission to write it there; choose another place."
    return f"{name} was not saved ({error.strerror or error}); try again or save somewhere else."


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # not allowed to look
        return False
