"""From a decoded file of any kind to upright 8-bit RGB or RGBA, or to a mask."""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageFile, ImageOps
from PIL.Image import core as memory  # type: ignore[attr-defined]  # documented, but not declared

from app.document import metadata
from app.document.picture import Picture
from app.document.zeros import zeros

_BAND = 1 << 18  # pixels copied at a time
_MANY = 1 << 12  # of Pillow's blocks, 16 MB each: more than any picture has
_DEEP_MODES = ("I", "F", "I;16", "I;16B", "I;16L", "I;16N")


@contextlib.contextmanager
def freed_gradually() -> Iterator[None]:
    """Images closed inside are freed at its end, one block of memory after the other.

    Freed in one go, a large one keeps every other thread waiting. One thread at a time.
    """
    memory.set_blocks_max(_MANY)
    try:
        yield
    finally:
        for left in range(memory.get_stats()["blocks_cached"] - 1, -1, -1):
            memory.clear_cache(left)
        memory.set_blocks_max(0)


def to_picture(image: ImageFile.ImageFile) -> Picture:
    """A picture of the first page of an opened image.

    Raises whatever Pillow raises for damaged data.
    """
    notes = []
    deep, pages = is_16_bit(image), getattr(image, "n_frames", 1)
    orientation = metadata.orientation(image)
    upright = load_upright(image)
    dpi = metadata.kept_dpi(image, turned=orientation >= 5)
    exif = None
    try:
        exif = metadata.kept_exif(image, upright.size)
    except (OSError, ValueError, TypeError, KeyError, SyntaxError, OverflowError, struct.error):
        notes.append("its EXIF data is damaged and was left out")
    if deep or upright.mode in _DEEP_MODES:
        notes.append("it was reduced to 8 bits per channel")
    if upright.mode in ("CMYK", "LAB", "YCbCr"):
        notes.append(f"it was converted from {upright.mode} to RGB")
    if pages > 1 and image.format != "MPO":  # a phone's MPO holds depth maps, not pages
        notes.append(f"only the first of its {pages} pages or frames was opened")
    colours, profile = _to_colours(upright, image.info.get("icc_profile"), deep)
    return Picture(
        _to_array(colours),
        format="JPEG" if image.format == "MPO" else str(image.format),
        icc_profile=profile,
        exif=exif,
        dpi=dpi,
        note=f"Not everything in this file can be kept: {', and '.join(notes)}." if notes else "",
    )


def _to_array(image: Image.Image) -> NDArray[np.uint8]:
    """What ``np.array`` answers, band by band: of a large picture in one piece it stops every other thread."""
    width, height = image.size
    rows = max(1, _BAND // width)
    bands = (np.asarray(image.crop((0, y, width, min(y + rows, height)))) for y in range(0, height, rows))
    first = next(bands)
    out = zeros((height, *first.shape[1:]), first.dtype, dense=True)
    out[: len(first)] = first
    for index, band in enumerate(bands, 1):
        out[index * rows : index * rows + len(band)] = band
    return out


def to_mask(image: ImageFile.ImageFile) -> NDArray[np.uint8]:
    """A mask (H, W) of an opened image: its alpha if any of it is not opaque, else its brightness.

    Raises whatever Pillow raises for damaged data.
    """
    deep = is_16_bit(image)
    upright = _to_8_bit(load_upright(image), deep)
    if upright.has_transparency_data:
        alpha = np.array(upright.convert("RGBA").getchannel("A"))
        if alpha.min() < 255:
            return alpha
    colours = _without_alpha(upright)
    return np.array(_to_rgb(colours).convert("L") if colours.mode == "LAB" else colours.convert("L"))


def load_upright(image: Image.Image) -> Image.Image:
    """Decode all pixels and turn them upright as EXIF says, in place; answers the same image."""
    image.load()
    ImageOps.exif_transpose(image, in_place=True)
    return image


def is_16_bit(image: ImageFile.ImageFile) -> bool:
    """Whether the file holds 16 bits per channel, asked before loading (Pillow drops the lower 8)."""
    return image.format in ("PNG", "TIFF") and any(";16" in str(tile.args) for tile in image.tile)


def _to_colours(image: Image.Image, profile: bytes | None, deep: bool) -> tuple[Image.Image, bytes | None]:
    """The image as RGB or RGBA, and the profile that is right for it then."""
    image = _to_8_bit(image, deep)
    space = metadata.profile_space(profile) if profile else ""
    if image.mode == "RGBA":
        return image, profile if space == "RGB" else None
    alpha = image.convert("RGBA").getchannel("A") if image.has_transparency_data else None
    plain = _without_alpha(image)
    colours = None
    # Another space's profile would be wrong for RGB pixels: use it once, then it is done with.
    if profile and space == {"L": "GRAY", "CMYK": "CMYK", "LAB": "LAB"}.get(plain.mode):
        try:
            colours = metadata.to_srgb(plain, profile)
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            colours = None
    if colours is None:
        colours = _to_rgb(plain)
    if alpha is not None:
        colours.putalpha(alpha)
    return colours, profile if space == "RGB" else None


def _without_alpha(image: Image.Image) -> Image.Image:
    """The colour channels in a mode that a profile can be for."""
    if image.mode in ("L", "LA", "1"):
        return image.getchannel(0).convert("L")
    if image.mode in ("CMYK", "LAB"):
        return image
    if image.mode in ("La", "RGBa"):
        image = image.convert("LA" if image.mode == "La" else "RGBA")
    if image.mode == "RGB" and not image.has_transparency_data:
        return image  # nothing to take away: another copy of a large picture would cost a second
    return image.convert("RGB")


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "LAB":  # Pillow has no plain conversion
        lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")
        assert converted is not None  # only in-place conversions answer None
        return converted
    return image if image.mode == "RGB" else image.convert("RGB")


def _to_8_bit(image: Image.Image, deep: bool) -> Image.Image:
    """Gray of 16 or more bits as L; other images as they are, with their transparent colour in 8 bits."""
    transparent: Any = image.info.get("transparency")
    if deep and transparent is not None:
        high = tuple(v >> 8 for v in transparent) if isinstance(transparent, tuple) else transparent >> 8
        image.info["transparency"] = high
    if image.mode not in _DEEP_MODES:
        return image
    values = np.nan_to_num(np.asarray(image).astype(np.float64), posinf=0.0, neginf=0.0)
    top = 65535.0 if deep else _white(image.mode, float(values.max()))
    gray = Image.fromarray(np.clip(values * (255 / top) + 0.5, 0, 255).astype(np.uint8))
    if "transparency" in image.info:
        gray.info["transparency"] = image.info["transparency"]
    return gray


def _white(mode: str, largest: float) -> float:
    """The value that means white where the file does not say: the usual one that holds the largest."""
    usual = (1.0, 255.0, 65535.0) if mode == "F" else (255.0, 65535.0)
    return next((white for white in usual if largest <= white), largest)
