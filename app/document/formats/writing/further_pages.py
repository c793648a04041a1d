"""Saving in place keeps the other pages of a TIFF and the other frames of an animated PNG, WebP or AVIF."""

from __future__ import annotations

import io
import warnings
from typing import Any

from PIL import Image

from app.document.formats.writing.tiff_pages import other_pages, with_page_replaced
from app.document.notes import About
from app.document.pixels import Picture, Pixels

ANIMATED = ("PNG", "WEBP", "AVIF")
_MOST = 400_000_000  # pixels of all frames together: more do not fit into memory beside the picture


def original_with_further(picture: Picture, format: str) -> bytes | None:
    """The picture's own file, where it has further pages or frames that a file of ``format`` can keep."""
    path = picture.path
    if path is None or not may_keep_further(picture, format):
        return None
    try:
        original = path.read_bytes()
    except (OSError, ValueError):
        return None
    return original if keeps_further(original, picture, format) else None


def may_keep_further(picture: Picture, format: str) -> bool:
    """Whether the picture's file has further pages or frames of a kind that a file of ``format`` can keep."""
    told = any(note.about is About.PAGES for note in picture.notes)
    return told and picture.format == format and (format == "TIFF" or (format in ANIMATED and picture.depth == 8))


def keeps_further(original: bytes, picture: Picture, format: str) -> bool:
    """Whether the file ``original`` has further pages or frames that can be written again beside the picture."""
    if format == "TIFF":
        return bool(other_pages(original))
    if format not in ANIMATED or picture.depth != 8:  # Pillow writes frames of 8 bits
        return False
    image = _opened(original)
    if image is None or image.format != format:
        return False
    count = int(getattr(image, "n_frames", 1))
    return count > 1 and count * image.width * image.height <= _MOST


def with_further(original: bytes, picture: Picture, pixels: Pixels, format: str, options: dict[str, Any]) -> bytes:
    """The file ``original`` with its first picture replaced by ``pixels`` (H, W, 1 to 4).

    ``options`` are Pillow's for a file of one frame. Pages of a TIFF stay byte by byte. Frames are written anew,
    without loss where the format has that: each as it was seen.
    """
    if format == "TIFF":
        return with_page_replaced(original, picture, pixels)
    source = _opened(original)
    assert source is not None  # asked before
    first = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    source.load()  # only then it tells how long a frame is shown
    separate = bool(source.info.get("default_image", False))
    durations: list[Any] = [] if separate else [source.info.get("duration", 0)]
    loop, frames = source.info.get("loop", 0), []
    turned = _turn_of(source)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for index in range(1, source.n_frames):
            source.seek(index)
            source.load()
            durations.append(source.info.get("duration", 0))
            frame = source.convert("RGBA" if source.has_transparency_data else "RGB")
            frames.append(frame if turned is None else frame.transpose(turned))
    mode = "RGBA" if any(frame.mode == "RGBA" for frame in [first.convert(first.mode), *frames]) else "RGB"
    frames = [frame.convert(mode) for frame in frames]
    buffer = io.BytesIO()
    more: dict[str, Any] = {"save_all": True, "append_images": frames, "duration": durations}
    if format == "PNG":
        more |= {"default_image": separate, "loop": loop}
    elif format == "WEBP":
        more["loop"] = loop
    first.convert(mode).save(buffer, format, **{**options, **more})
    return buffer.getvalue()


def _opened(original: bytes) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Image.open(io.BytesIO(original))
    except Exception:  # decoders meet damaged data with every kind of exception
        return None


def _turn_of(image: Image.Image) -> Image.Transpose | None:
    """How frames come upright, as the first one did."""
    turns = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }
    return turns.get(image.getexif().get(0x0112, 1))
