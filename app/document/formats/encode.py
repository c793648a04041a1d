"""Encoding: from a picture to the bytes of a file of any kind, with all that the kind can hold."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from app.document.errors import DocumentError
from app.document.formats import metadata
from app.document.formats.kinds import KINDS, SAVE_FORMATS, listed
from app.document.formats.reading import with_codes
from app.document.formats.writing import encode_png_16, encode_tiff, keeps_further, with_further
from app.document.metadata import exif_block, jpeg_segments
from app.document.metadata import split as split_xmp
from app.document.pixels import Picture, Pixels, colour, icc

QUALITY = 95  # where nobody was asked and the original does not say

_MAX_JPEG_EXIF = 65533  # bytes in one JPEG marker
_MAX_JPEG_XMP = 65504
_ROWS = 256


def encode_picture(
    picture: Picture,
    format: str,
    name: str,
    *,
    quality: int | None = None,
    depth: int | None = None,
    original: bytes | None = None,
) -> bytes:
    """The picture as a file of ``format``, one of ``SAVE_FORMATS``.

    ``quality`` 1 to 100 counts where the format has one (100: WebP without loss); None means like the
    original, a JPEG with its very tables, else 95. ``depth`` 8 or 16 bits per channel, the picture's own by
    default, 8 where the format holds no more. ``original`` is the file that the picture was read from, whose further
    pages or frames are kept where ``further_pages`` can. Transparency becomes white where the format has none. Takes
    seconds for a large picture. Raises ``DocumentError``, whose sentence calls the file ``name``, and
    ``ValueError`` for a quality or depth out of range.
    """
    if quality is not None and not 1 <= quality <= 100:
        raise ValueError(f"quality {quality} is not within 1..100")
    if depth not in (None, 8, 16):
        raise ValueError(f"{depth} bits per channel are not 8 or 16")
    if format not in SAVE_FORMATS:
        raise DocumentError(f'"{name}" cannot be written as {format}; choose {listed(SAVE_FORMATS)}.')
    kind = KINDS[format]
    if kind.most is not None and max(picture.size) > kind.most:
        raise DocumentError(
            f'"{name}" cannot hold a side of {max(picture.size)} pixels ({kind.title} ends at {kind.most}); '
            "choose PNG or TIFF."
        )
    try:
        written = picture.to_depth((depth or picture.depth) if kind.deep else 8)
        further = original is not None and keeps_further(original, written, format)
        return _encode(written, format, quality, original if further else None)
    except MemoryError as error:
        raise DocumentError(
            f'There is not enough memory to write "{name}"; close other programs and try again.'
        ) from error
    except Exception as error:  # encoders refuse data with every kind of exception
        raise DocumentError(f'"{name}" could not be written as {kind.title}; choose another format.') from error


def _encode(picture: Picture, format: str, quality: int | None, original: bytes | None) -> bytes:
    kind = KINDS[format]
    pixels, picture = _planes(picture, kind.grey)
    if format == "TIFF":
        return encode_tiff(picture, pixels) if original is None else with_further(original, picture, pixels, format, {})
    if pixels.dtype == np.uint16:
        texts = _png_info(picture, picture.xmp)
        rest = {"icc_profile": picture.icc_profile, "exif": picture.exif, "dpi": picture.dpi}
        return encode_png_16(pixels, texts=texts, **rest)  # type: ignore[arg-type]  # a dict of several types
    image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    if pixels.shape[2] % 2 == 0 and not kind.alpha:
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA"))
        image = image.convert("L" if pixels.shape[2] == 2 else "RGB")
    options = _options(picture, image, format, quality)
    if original is not None:
        return with_further(original, picture, pixels, format, options)
    if picture.bilevel and format == "PNG" and image.mode == "L":
        image = Image.fromarray(pixels[..., 0] > 127)
    buffer = io.BytesIO()
    image.save(buffer, format=format, **options)
    if format == "AVIF" and picture.cicp is not None and picture.icc_profile is not None:
        return with_codes(buffer.getvalue(), picture.cicp)
    return buffer.getvalue()


def _png_info(picture: Picture, xmp: bytes | None) -> PngInfo:
    """Texts, and what HDR a picture is beside the profile that tones it (PNG, third edition, 11.3.2.6)."""
    info = metadata.png_texts(picture.texts, xmp, picture.iptc)
    if picture.cicp is not None and picture.icc_profile is not None:
        info.add(b"cICP", bytes([*picture.cicp, 0, 1]))
    return info


def _planes(picture: Picture, may_grey: bool) -> tuple[Pixels, Picture]:
    """The channels to write, (H, W, 1 to 4), of a grey picture one or two; and the picture with what goes with them."""
    if not picture.grey:
        return picture.pixels, picture
    if may_grey and is_grey(picture.pixels):
        chosen = [0, 3] if picture.has_alpha else [0]
        return np.ascontiguousarray(picture.pixels[..., chosen]), picture
    if picture.icc_profile is not None and icc.space(picture.icc_profile) == "GRAY":
        pixels = colour.as_srgb(picture)  # colours may not have a profile for grey
        return pixels, replace(picture, pixels=pixels, icc_profile=None, grey=False)
    return picture.pixels, picture


def is_grey(pixels: Pixels) -> bool:
    """Whether the three colours are equal everywhere."""
    bands = (pixels[row : row + _ROWS] for row in range(0, len(pixels), _ROWS))
    return all(
        bool(np.array_equal(band[..., 0], band[..., 1]) and np.array_equal(band[..., 0], band[..., 2]))
        for band in bands
    )


def _options(picture: Picture, image: Image.Image, format: str, quality: int | None) -> dict[str, Any]:
    options: dict[str, Any] = {}
    exif, xmp = picture.exif, picture.xmp
    if picture.icc_profile is not None and format != "BMP":
        options["icc_profile"] = picture.icc_profile
    if format in ("PNG", "JPEG", "BMP"):
        if picture.dpi is not None:
            options["dpi"] = picture.dpi
    else:
        exif = exif if picture.dpi is None else exif_block.with_resolution(exif, picture.dpi)
    if format == "JPEG":
        exif = metadata.fitting_exif(exif, _MAX_JPEG_EXIF)  # too large a block cannot be in a JPEG
        segments = metadata.iptc_segments(picture.iptc) if picture.iptc is not None else []
        segments += [pair for pair in picture.segments if pair[0] != jpeg_segments.APP14 or image.mode == "RGB"]
        if xmp is not None:
            xmp, parts = split_xmp(xmp, _MAX_JPEG_XMP)
            segments += [(jpeg_segments.APP1, part) for part in parts]
        if comment := picture.texts.get("Comment"):
            options["comment"] = comment.encode()[:65533]
        if segments:
            options["extra"] = jpeg_segments.written(segments)
        options |= _jpeg_options(picture, image, quality)
    elif format == "PNG":
        # Measured on photographs: the usual 6 takes twice as long and saves nothing.
        options |= {"compress_level": 4, "pnginfo": _png_info(picture, xmp)}
    elif format == "WEBP" and (quality == 100 or (quality is None and picture.lossless)):
        # Quality is the effort here; exact keeps the colours under transparent pixels.
        options |= {"lossless": True, "quality": 70, "exact": True}
    elif format in ("WEBP", "AVIF", "HEIF"):
        options["quality"] = chosen = quality or QUALITY
        if format == "AVIF" and chosen >= 90:
            options["subsampling"] = "4:4:4"
        if format == "HEIF" and chosen >= 90:
            options["chroma"] = 444
    if exif is not None and format in ("AVIF", "HEIF"):
        exif = exif_block.without_orientation(exif)  # Pillow writes a block with that tag anew, and all moves
    if exif is not None and format != "BMP":
        options["exif"] = exif
    if xmp and format in ("JPEG", "WEBP", "AVIF", "HEIF"):
        options["xmp"] = xmp
    return options


def _jpeg_options(picture: Picture, image: Image.Image, quality: int | None) -> dict[str, Any]:
    form = picture.jpeg
    if quality is None and form is not None:
        options: dict[str, Any] = {"qtables": [list(table) for table in form.tables], "progressive": form.progressive}
        if image.mode != "L":
            options["subsampling"] = form.sampling
        return options
    quality = quality or QUALITY
    return {"quality": quality, "subsampling": "4:4:4" if quality >= 90 else "4:2:0"}
