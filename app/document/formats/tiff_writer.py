"""Writing TIFF files: compressed pixels of 8 or 16 bits and nested EXIF together, which Pillow's writer cannot do."""

from __future__ import annotations

import io
import zlib
from itertools import accumulate

from PIL import ExifTags

from app.document.formats.metadata import tiff_tags
from app.document.pixels.picture import Picture
from app.document.pixels.storage import Pixels

_LEVEL = 4  # measured on photographs: level 6 takes three times as long for 1% less
_STRIP_BYTES = 1 << 18  # TIFF 6.0 advises small strips; these are large enough to compress well
_ADOBE_DEFLATE = 8
_GREY, _RGB = 1, 2
_STRAIGHT_ALPHA = 2
_HORIZONTAL_DIFFERENCE = 2
_INCH = 2


def encode_tiff(picture: Picture, pixels: Pixels) -> bytes:
    """``pixels`` (H, W, 1 to 4) as a TIFF file with deflate compression, with all else the picture's.

    Grey or RGB; the last of an even number of channels is alpha. The layout is that of the TIFF 6.0
    specification: sections 8 (strips) and 14 (differences).
    """
    height, width, channels = pixels.shape
    rows = max(1, _STRIP_BYTES // (width * channels * pixels.itemsize))
    little = pixels.dtype.newbyteorder("<")
    strips = []
    for top in range(0, height, rows):
        difference = pixels[top : top + rows].copy()
        difference[:, 1:] -= pixels[top : top + rows, :-1]  # modulo 256 or 65536, as the predictor wants
        strips.append(zlib.compress(difference.astype(little, copy=False).tobytes(), _LEVEL))

    directory = tiff_tags(picture.exif, picture.xmp, picture.iptc)
    tags = ExifTags.Base
    if picture.dpi is not None:
        directory[tags.XResolution], directory[tags.YResolution] = picture.dpi
        directory[tags.ResolutionUnit] = _INCH
    if picture.icc_profile is not None:
        directory[tags.InterColorProfile] = picture.icc_profile
    directory[tags.ImageWidth] = width
    directory[tags.ImageLength] = height
    directory[tags.BitsPerSample] = (8 * pixels.itemsize,) * channels
    directory[tags.Compression] = _ADOBE_DEFLATE
    directory[tags.PhotometricInterpretation] = _GREY if channels < 3 else _RGB
    directory[tags.SamplesPerPixel] = channels
    directory[tags.PlanarConfiguration] = 1
    directory[tags.Predictor] = _HORIZONTAL_DIFFERENCE
    if channels % 2 == 0:
        directory[tags.ExtraSamples] = _STRAIGHT_ALPHA
    directory[tags.RowsPerStrip] = rows
    directory[tags.StripByteCounts] = tuple(len(strip) for strip in strips)
    # Counted from the end of the directory, which adds its own length.
    directory[tags.StripOffsets] = (0, *accumulate(len(strip) for strip in strips[:-1]))

    file = io.BytesIO()
    directory.save(file)
    file.writelines(strips)
    return file.getvalue()
