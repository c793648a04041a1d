"""What a picture file says about itself and has to keep: EXIF, resolution, colour profile."""

from __future__ import annotations

import io
import math
from typing import Any

from PIL import ExifTags, Image, ImageCms

# Tags that describe the photograph. The rest of a TIFF's first directory describes the file's own
# layout (strips, compression), and the second one is a thumbnail that would show what was erased.
_DESCRIPTIVE = (
    ExifTags.Base.DocumentName,
    ExifTags.Base.ImageDescription,
    ExifTags.Base.Make,
    ExifTags.Base.Model,
    ExifTags.Base.XResolution,
    ExifTags.Base.YResolution,
    ExifTags.Base.ResolutionUnit,
    ExifTags.Base.Software,
    ExifTags.Base.DateTime,
    ExifTags.Base.Artist,
    ExifTags.Base.HostComputer,
    ExifTags.Base.Copyright,
    ExifTags.Base.Rating,
    ExifTags.Base.RatingPercent,
    ExifTags.Base.XPTitle,
    ExifTags.Base.XPComment,
    ExifTags.Base.XPAuthor,
    ExifTags.Base.XPKeywords,
    ExifTags.Base.XPSubject,
)
_SIZE = (ExifTags.Base.ExifImageWidth, ExifTags.Base.ExifImageHeight)
_CENTIMETRE = 3


def orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 to 8; 1 when there is none or it makes no sense."""
    value = image.getexif().get(ExifTags.Base.Orientation, 1)
    return value if value in range(1, 9) else 1


def kept_exif(image: Image.Image, size: tuple[int, int]) -> bytes | None:
    """The EXIF block to write again, without orientation, layout tags and thumbnail.

    ``image`` is loaded, ``size`` the upright (width, height). None when there is nothing to
    keep. Raises whatever Pillow raises for a damaged block.
    """
    source = image.getexif()
    kept = Image.Exif()
    for tag in _DESCRIPTIVE:
        if tag in source:
            kept[tag] = source[tag]
    details: dict[int, Any] = dict(source.get_ifd(ExifTags.IFD.Exif))
    if details:
        if ExifTags.IFD.Interop in details:
            details[ExifTags.IFD.Interop] = dict(source.get_ifd(ExifTags.IFD.Interop))
        for tag, length in zip(_SIZE, size, strict=True):
            if tag in details:
                details[tag] = length  # the stored size is the one before turning upright
        kept[ExifTags.IFD.Exif] = details
    place = dict(source.get_ifd(ExifTags.IFD.GPSInfo))
    if place:
        kept[ExifTags.IFD.GPSInfo] = place
    return kept.tobytes() if len(kept) else None


def kept_dpi(image: Image.Image, turned: bool) -> tuple[float, float] | None:
    """The resolution in pixels per inch, (horizontal, vertical) of the upright picture.

    ``turned`` says that the upright picture lies across the stored one. None when the file
    says nothing, or nonsense.
    """
    found = image.info.get("dpi") or _exif_dpi(image)
    try:
        x, y = (float(value) for value in found)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    if not all(math.isfinite(value) and value > 0 for value in (x, y)):
        return None
    return (y, x) if turned else (x, y)


def _exif_dpi(image: Image.Image) -> Any:
    """WebP has no place for the resolution but EXIF."""
    exif = image.getexif()
    x, y = exif.get(ExifTags.Base.XResolution), exif.get(ExifTags.Base.YResolution)
    if x is None or y is None:
        return None
    scale = 2.54 if exif.get(ExifTags.Base.ResolutionUnit) == _CENTIMETRE else 1.0
    return float(x) * scale, float(y) * scale


def profile_space(profile: bytes) -> str:
    """The colour space a profile is for: "RGB", "GRAY", "CMYK", "LAB" ..., "" for a damaged one."""
    if len(profile) < 128 or profile[36:40] != b"acsp":
        return ""
    return profile[16:20].decode("ascii", "replace").strip().upper()


def to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Convert an L, CMYK or LAB image by its own profile to RGB in sRGB.

    Raises ``ImageCms.PyCMSError`` when the profile does not fit.
    """
    converted = ImageCms.profileToProfile(
        image,
        ImageCms.ImageCmsProfile(io.BytesIO(profile)),
        ImageCms.createProfile("sRGB"),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        outputMode="RGB",
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    if converted is None:
        raise ImageCms.PyCMSError("no picture came back")
    return converted
