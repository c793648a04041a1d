"""The picture in memory: pixels, and what has to survive until they are written again."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.document.notes import Note, sentences
from app.document.pixels.storage import Pixels


@dataclass(frozen=True)
class JpegForm:
    """How a JPEG file was compressed, for the next one to be like it."""

    tables: tuple[tuple[int, ...], ...]  # quantisation, 64 values each, in the order of their numbers
    sampling: str  # of the colours: "4:4:4", "4:2:2" or "4:2:0"
    progressive: bool


@dataclass
class Picture:
    """Pixels with the metadata that belongs to them.

    ``pixels`` is (H, W, 3) RGB or (H, W, 4) RGBA, uint8 or uint16, straight alpha, upright
    (EXIF orientation is applied already), in the colour space of ``icc_profile`` (sRGB where
    there is none). Raises ``ValueError`` for any other array.
    """

    pixels: Pixels
    path: Path | None = None  # where it was read from or last saved to
    format: str = "PNG"  # Pillow's name: PNG, JPEG, WEBP, TIFF, BMP, AVIF, HEIF
    icc_profile: bytes | None = None
    exif: bytes | None = None  # without the orientation tag and the thumbnail
    dpi: tuple[float, float] | None = None  # horizontal, vertical
    notes: tuple[Note, ...] = ()  # what was found in its file and could not be kept, or was mended
    grey: bool = False  # the file holds grey only: all three colours of a pixel are equal, the profile is for grey
    bilevel: bool = False  # the file holds black and white only, one bit a pixel
    xmp: bytes | None = None  # without orientation and thumbnails
    iptc: bytes | None = None  # IIM records
    texts: dict[str, str] = field(default_factory=dict)  # a PNG's, or a JPEG's comment as "Comment"
    jpeg: JpegForm | None = None  # where it was read from one
    segments: tuple[tuple[int, bytes], ...] = ()  # a JPEG's further ones: the marker's last byte, the body
    lossless: bool = False  # where it was read from a WebP that keeps every pixel
    orientation: int = 1  # EXIF's, 1 to 8: how the file's pixels were turned; of no meaning for these pixels
    cicp: tuple[int, int] | None = None  # primaries and transfer of HDR (ITU-T H.273), where ``icc_profile`` tones it

    def __post_init__(self) -> None:
        shape, kind = self.pixels.shape, self.pixels.dtype
        if kind not in (np.uint8, np.uint16) or len(shape) != 3 or shape[2] not in (3, 4) or 0 in shape:
            raise ValueError(f"a picture is (H, W, 3 or 4) uint8 or uint16, not {shape} {kind}")

    @property
    def note(self) -> str:
        """The notes as one text; empty where there are none."""
        return sentences(self.notes)

    @property
    def width(self) -> int:
        """Columns of pixels."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Rows of pixels."""
        return int(self.pixels.shape[0])

    @property
    def size(self) -> tuple[int, int]:
        """(width, height)."""
        return self.width, self.height

    @property
    def depth(self) -> int:
        """Bits per channel, 8 or 16."""
        return self.pixels.itemsize * 8

    @property
    def rgb(self) -> Pixels:
        """The colours, (H, W, 3): a view, without alpha, in the picture's own depth and colour space."""
        return self.pixels[..., :3]

    @property
    def has_alpha(self) -> bool:
        """Whether the pixels are RGBA."""
        return bool(self.pixels.shape[2] == 4)

    def copy(self) -> Picture:
        """The same picture with pixels of its own, e.g. to write it on another thread."""
        return replace(self, pixels=self.pixels.copy())

    def to_depth(self, depth: int) -> Picture:
        """The same picture in 8 or 16 bits per channel: itself where it has them already."""
        if depth == self.depth:
            return self
        return replace(self, pixels=to_8_bit(self.pixels) if depth == 8 else to_16_bit(self.pixels))


def to_8_bit(pixels: Pixels) -> NDArray[np.uint8]:
    """uint8 of any shape, itself or rounded from uint16: 65535 is 255."""
    if pixels.dtype == np.uint8:
        return pixels
    out = np.empty(pixels.shape, np.uint8)
    for row in range(0, len(pixels), _ROWS):  # the 32-bit values between are never as large as the picture
        wide = pixels[row : row + _ROWS].astype(np.uint32)
        wide *= 255
        wide += 32895  # with the shift a rounded division by 257, exact for all 16-bit values
        wide >>= 16
        out[row : row + _ROWS] = wide
    return out


def to_16_bit(pixels: Pixels) -> NDArray[np.uint16]:
    """uint16 of any shape, itself or from uint8: 255 is 65535."""
    if pixels.dtype == np.uint16:
        return pixels
    wide = pixels.astype(np.uint16)
    wide *= 257
    return wide


_ROWS = 64
