"""Decoding: from an image that Pillow opened to an upright picture in RGB or RGBA."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, ImageOps, JpegImagePlugin, TiffImagePlugin
from PIL.Image import core as memory  # type: ignore[attr-defined]  # documented, but not declared

from app.document.formats import metadata
from app.document.formats.reading import beside, signalled
from app.document.formats.sixteen_bit import deep_colours, deep_grey
from app.document.metadata import jpeg_segments, xmp
from app.document.notes import About, Note
from app.document.pixels import JpegForm, Picture, Pixels, colour, fresh, icc, zeros

_BAND = 1 << 18  # pixels copied at a time
_MANY = 1 << 12  # of Pillow's blocks, 16 MB each: more than any picture has
_DEEP_MODES = ("I", "F", "I;16", "I;16B", "I;16L", "I;16N")
_SAMPLINGS = ("4:4:4", "4:2:2", "4:2:0")
_BITS = 258  # a TIFF's tag


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


def to_picture(image: ImageFile.ImageFile, head: bytes, data: Callable[[], bytes]) -> Picture:
    """A picture of the first page of an opened image.

    ``head`` is how its file begins, ``data()`` all of it. Raises whatever Pillow raises for damaged data.
    """
    stored_mode, deep, grey = image.mode, is_16_bit(image), _is_grey(image)
    weighted = any("RGBa" in str(tile.args) for tile in image.tile)
    jpeg = _jpeg_form(image)
    notes = read_safely(image)
    further = beside.notes_of(image, head, data)
    orientation = metadata.orientation(image)
    _load(image)
    block = metadata.stored_exif(image)  # turned upright, Pillow writes it anew
    upright = load_upright(image)
    profile = image.info.get("icc_profile") or None
    space = icc.space(profile) if profile else ""
    if upright.mode in _DEEP_MODES:
        if upright.mode in ("I", "F") and image.format != "PNG":
            notes.append(Note(About.DEPTH, "Its numbers were brought to 16 bits per channel.", lost=True))
        values = deep_grey(upright, whole=image.format == "PNG")
        if _is_white_zero(image):
            values = np.iinfo(np.uint16).max - values
        pixels: Pixels = _three(values, _transparent_grey(upright, image.info.get("transparency")))
        grey = space != "RGB"
    else:
        pixels, grey = _to_pixels(upright, data, orientation, deep and stored_mode != "CMYK", weighted, grey)
        if (deep or _high_depth(head)) and pixels.dtype == np.uint8:
            notes.append(Note(About.DEPTH, "It was reduced to 8 bits per channel.", lost=True))
    if stored_mode in ("CMYK", "LAB", "YCbCr"):
        way = " by its colour profile" if space == stored_mode else ""
        notes.append(Note(About.COLOURS, f"It was converted from {stored_mode} to RGB{way}.", lost=True))
    notes += further
    turned = orientation >= 5
    exif = None
    try:
        exif = metadata.upright_exif(image, block, upright.size, turned=turned)
    except metadata.EXIF_ERRORS:
        notes.append(Note(About.METADATA, "Its EXIF data is damaged and was left out.", lost=True))
    packet = xmp.kept(jpeg_segments.xmp_of(image), upright.size)
    notes += beside.notes_of_packet(packet, notes)
    if jpeg_segments.has_credentials(image):
        text = "Its content credentials, which vouch for the picture as it was, are left out."
        notes.append(Note(About.METADATA, text, lost=True))
    fitting = profile if space == ("GRAY" if grey else "RGB") else None
    colours = signalled(image, head, fitting, grey=grey)
    return Picture(
        pixels,
        format="JPEG" if image.format == "MPO" else str(image.format),
        icc_profile=colours.profile,
        exif=exif,
        dpi=metadata.kept_dpi(image.info.get("dpi"), image.getexif(), turned=turned),
        notes=(*notes, *colours.notes),
        grey=grey,
        bilevel=stored_mode == "1",
        xmp=None if packet is None else packet.data,
        iptc=metadata.kept_iptc(image),
        texts=metadata.kept_texts(image),
        jpeg=jpeg,
        segments=jpeg_segments.kept(image),
        lossless=image.format == "WEBP" and b"VP8L" in head,
        orientation=orientation,
        cicp=colours.cicp,
    )


def read_safely(image: Image.Image) -> list[Note]:
    """Make sure that no damaged EXIF stops the pixels of an opened image: it is taken out, and noted."""
    try:
        exif = image.getexif()
        for tag, _ in exif.items():
            exif.get(tag)
    except metadata.EXIF_ERRORS:
        for key in ("exif", "Raw profile type exif"):
            image.info.pop(key, None)
        image._exif = exif = Image.Exif()
        exif._loaded = True
        return [Note(About.METADATA, "Its EXIF data is damaged and was left out.", lost=True)]
    return []


def load_upright(image: Image.Image) -> Image.Image:
    """Decode all pixels and turn them upright as EXIF says, in place; answers the same image."""
    _load(image)
    ImageOps.exif_transpose(image, in_place=True)
    return image


def _load(image: Image.Image) -> None:
    with fresh():
        image.load()


def is_16_bit(image: ImageFile.ImageFile) -> bool:
    """Whether the file holds 16 bits per channel, asked before loading (Pillow drops the lower 8 of colours)."""
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        return max(image.tag_v2.get(_BITS, (1,)), default=1) > 8
    return image.format == "PNG" and any(";16" in str(tile.args) for tile in image.tile)


# -- inside --------------------------------------------------------------------------------


def _to_pixels(
    image: Image.Image, data: Callable[[], bytes], orientation: int, deep: bool, weighted: bool, grey: bool
) -> tuple[Pixels, bool]:
    """The pixels of an image that Pillow holds with 8 bits per channel, and whether they are grey."""
    profile = image.info.get("icc_profile") or None
    if grey and profile and icc.space(profile) == "RGB":
        grey = False  # wrong, but seen: what it says counts for the colours that grey becomes
    if deep:
        whole = data()
        found = deep_colours(whole, image, orientation, weighted=weighted)
        if found is not None:
            return _with_transparent_colour(found, image.info.get("transparency")), grey
    _to_8_bit_colour(image, deep)
    alpha = image.convert("RGBA").getchannel("A") if image.has_transparency_data and image.mode != "RGBA" else None
    if image.mode == "RGBA":
        return _to_array(image), grey
    plain = _without_alpha(image)
    if plain.mode == "L":
        return _three(_to_array(plain), None if alpha is None else _to_array(alpha)), grey
    fits = bool(profile) and icc.space(profile or b"") == plain.mode != "RGB"
    colours = colour.inks_to_rgb(plain, profile if fits else None)  # the profile is used once, and then done with
    if alpha is not None:
        colours.putalpha(alpha)
    return _to_array(colours), False


def _is_grey(image: ImageFile.ImageFile) -> bool:
    """Whether the file holds grey only, asked before loading: 16 bits and alpha become RGBA then."""
    return image.mode in ("1", "L", "LA", "La") or any(str(tile.args).find("LA;16") >= 0 for tile in image.tile)


def _jpeg_form(image: ImageFile.ImageFile) -> JpegForm | None:
    if not isinstance(image, JpegImagePlugin.JpegImageFile) or not image.quantization:
        return None
    sampling = JpegImagePlugin.get_sampling(image)
    tables = tuple(tuple(image.quantization[number]) for number in sorted(image.quantization))
    # Of those that Pillow cannot write, none may lose colour.
    name = _SAMPLINGS[sampling] if 0 <= sampling < len(_SAMPLINGS) else _SAMPLINGS[0]
    return JpegForm(tables, name, bool(image.info.get("progressive")))


def _is_white_zero(image: Image.Image) -> bool:
    """Whether a TIFF's numbers are darkness, not light; Pillow minds it for 8 bits only."""
    tags: Any = getattr(image, "tag_v2", {})
    return image.format == "TIFF" and tags.get(262) == 0


def _high_depth(head: bytes) -> bool:
    """Whether an AVIF or HEIC holds more than 8 bits (AV1-ISOBMFF 2.3.3, ISO/IEC 14496-15 8.3.3.1.2)."""
    if head[4:8] != b"ftyp":
        return False
    at = head.find(b"av1C")
    if 0 <= at < len(head) - 7:
        return bool(head[at + 6] & 0x40)
    at = head.find(b"hvcC")
    return 0 <= at < len(head) - 22 and bool(head[at + 4 + 17] & 0x07)


def _to_array(image: Image.Image) -> NDArray[Any]:
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


def _three(grey: Pixels, alpha: Pixels | None) -> Pixels:
    """(H, W, 3 or 4) of grey values (H, W) and their alpha."""
    out = zeros((*grey.shape, 3 if alpha is None else 4), grey.dtype.newbyteorder("="), dense=True)
    out[..., :3] = grey[..., None]
    if alpha is not None:
        out[..., 3] = alpha
    return out


def _transparent_grey(image: Image.Image, transparent: Any) -> NDArray[np.uint16] | None:
    """Alpha of grey where one of its values means nothing."""
    if not isinstance(transparent, int):
        return None
    return np.where(np.asarray(image) == transparent, 0, 65535).astype(np.uint16)


def _with_transparent_colour(pixels: NDArray[np.uint16], transparent: Any) -> NDArray[np.uint16]:
    """With alpha, where one colour means nothing."""
    if pixels.shape[2] == 4 or not isinstance(transparent, tuple):
        return pixels
    alpha = np.where((pixels == np.array(transparent, np.uint16)).all(axis=2), 0, 65535)
    return np.dstack([pixels, alpha.astype(np.uint16)])


def _without_alpha(image: Image.Image) -> Image.Image:
    """The colour channels in a mode that a profile can be for."""
    if image.mode in ("L", "LA", "1"):
        return image.getchannel(0).convert("L")
    if image.mode in ("CMYK", "LAB"):
        return image
    if image.mode in ("La", "RGBa"):
        image = image.convert("LA" if image.mode == "La" else "RGBA")
        return image.getchannel(0) if image.mode == "LA" else image.convert("RGB")
    if image.mode == "RGB" and not image.has_transparency_data:
        return image  # nothing to take away: another copy of a large picture would cost a second
    return image.convert("RGB")


def _to_8_bit_colour(image: Image.Image, deep: bool) -> None:
    """The colour that means nothing in 8 bits, as the pixels are."""
    transparent: Any = image.info.get("transparency")
    if deep and transparent is not None:
        high = tuple(v >> 8 for v in transparent) if isinstance(transparent, tuple) else transparent >> 8
        image.info["transparency"] = high
