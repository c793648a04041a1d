"""The result as a layer over the original, with the mask of what was erased: OpenRaster, PSD, TIFF of three pages."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.document.formats.writing.tiff_writer import append_page, page_fields
from app.document.metadata import Field, bare, directory, layout_of, link_first
from app.document.pixels import Picture, Pixels, to_8_bit

LAYERED = {"ORA": ".ora", "PSD": ".psd", "TIFF": ".tif"}
"""Kinds of files with layers, and the endings of their names."""

_RESULT, _ORIGINAL, _MASK = "Erased", "Original", "Mask"
_THUMBNAIL = 256  # px, of OpenRaster
_PAGE_NAME = 285
_ICC = 1039  # Photoshop's resource


def encode_layers(kind: str, before: Pixels, picture: Picture, png: Callable[[Picture], bytes]) -> bytes:
    """``picture`` as a layer over ``before`` (its pixels as they were, of the same shape and type), as a file.

    ``kind`` is one of ``LAYERED``; 8 and 16 bits per channel stay. The layer is seen where something has changed.
    ``png`` encodes a picture as PNG. Raises ``ValueError`` for another kind.
    """
    changed = changed_mask(before, picture.pixels)
    if kind == "ORA":
        return _open_raster(before, picture, changed, png)
    if kind == "PSD":
        return _psd(before, picture, changed)
    if kind == "TIFF":
        return _tiff(before, picture, changed)
    raise ValueError(f"no kind of file with layers: {kind}")


def changed_mask(before: Pixels, after: Pixels) -> NDArray[np.uint8]:
    """(H, W): 255 where any channel differs, 0 elsewhere."""
    return np.where((before != after).any(axis=2), np.uint8(255), np.uint8(0))


def _open_raster(
    before: Pixels, picture: Picture, changed: NDArray[np.uint8], png: Callable[[Picture], bytes]
) -> bytes:
    """As the specification of OpenRaster 0.0.6 says: a zip file, its kind first, layers as PNG, the top one first."""
    top = np.iinfo(picture.pixels.dtype).max
    seen = np.where(changed > 0, picture.pixels[..., 3] if picture.has_alpha else top, 0).astype(picture.pixels.dtype)
    plain = Picture(picture.pixels, icc_profile=picture.icc_profile, dpi=picture.dpi)
    files = {
        "data/erased.png": png(replace(plain, pixels=np.dstack([picture.rgb, seen]))),
        "data/original.png": png(replace(plain, pixels=before)),
        "mergedimage.png": png(plain),
    }
    image = Image.fromarray(to_8_bit(picture.pixels))
    image.thumbnail((_THUMBNAIL, _THUMBNAIL))
    thumbnail = io.BytesIO()
    image.save(thumbnail, "PNG")
    files["Thumbnails/thumbnail.png"] = thumbnail.getvalue()
    layers = "".join(
        f'<layer name="{name}" src="{source}" x="0" y="0" opacity="1.0" '
        'composite-op="svg:src-over" visibility="visible"/>'
        for name, source in ((_RESULT, "data/erased.png"), (_ORIGINAL, "data/original.png"))
    )
    size = f'w="{picture.width}" h="{picture.height}"'
    stack = f"<?xml version='1.0' encoding='UTF-8'?><image version=\"0.0.6\" {size}><stack>{layers}</stack></image>"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as file:
        file.writestr("mimetype", "image/openraster")
        file.writestr("stack.xml", stack)
        for name, data in files.items():
            file.writestr(name, data)
    return buffer.getvalue()


def _psd(before: Pixels, picture: Picture, changed: NDArray[np.uint8]) -> bytes:
    from psd_tools import PSDImage
    from psd_tools.constants import Resource
    from psd_tools.psd.image_resources import ImageResource

    file = PSDImage.new("RGB", picture.size, depth=16 if picture.depth == 16 else 8)
    file.create_pixel_layer_from_array(np.ascontiguousarray(before), _ORIGINAL)
    layer = file.create_pixel_layer_from_array(np.ascontiguousarray(picture.pixels), _RESULT)
    layer.create_mask(Image.fromarray(changed))
    if picture.icc_profile is not None and not picture.grey:
        resource = ImageResource(key=_ICC, data=picture.icc_profile)
        file.image_resources[Resource.ICC_PROFILE] = resource
    buffer = io.BytesIO()
    file.save(buffer)
    return buffer.getvalue()


def _tiff(before: Pixels, picture: Picture, changed: NDArray[np.uint8]) -> bytes:
    """Pages that programs open as layers: the result, the original, the mask."""
    data = bytearray(b"II*\0\0\0\0\0" if picture.exif is None else bare(picture.exif))
    layout, start = layout_of(data)
    old = directory(data, layout, start) if start else None
    plain = Picture(picture.pixels, icc_profile=picture.icc_profile, dpi=picture.dpi)
    mask = Picture(np.repeat(changed[..., None], 3, axis=2), dpi=picture.dpi)
    place = 0
    pages = (
        (mask, changed[..., None], None, _MASK),
        (plain, before, None, _ORIGINAL),
        (replace(picture, bilevel=False), picture.pixels, old, _RESULT),
    )
    for page, pixels, kept, name in pages:  # the last one first: each is told where the next one lies
        text = name.encode() + b"\0"
        fields = [*page_fields(data, layout, kept, page), Field(_PAGE_NAME, 2, len(text), text)]
        place = append_page(data, layout, fields, page, pixels, place)
    link_first(data, layout, place)
    if old is not None:
        data[old.start : old.end] = bytes(old.end - old.start)
    return bytes(data)
