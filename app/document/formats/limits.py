"""What a format cannot hold of a picture, said before or after it is written."""

from __future__ import annotations

from app.document.formats.kinds import KINDS
from app.document.pixels import Picture


def lost_features(picture: Picture, format: str, *, depth: int | None = None) -> list[str]:
    """What is lost in a file of ``format``, as parts of a sentence: "16 bits per channel become 8"."""
    kind, found = KINDS[format], []
    if picture.depth == 16 and (not kind.deep or depth == 8):
        found.append("16 bits per channel become 8")
    if picture.has_alpha and not kind.alpha:
        found.append("transparent parts become white")
    if format == "BMP":
        held = (picture.icc_profile, picture.exif, picture.xmp, picture.iptc, picture.texts or None)
        if any(part is not None for part in held):
            found.append("colour profile and photo information are left out")
    elif picture.iptc is not None and format in ("WEBP", "AVIF", "HEIF"):
        found.append("IPTC captions are left out")
    return found


def lost_features_sentence(picture: Picture, path_name: str, format: str, *, depth: int | None = None) -> str:
    """One sentence on what the file called ``path_name`` does not hold; empty where it holds everything."""
    found = lost_features(picture, format, depth=depth)
    return f"{path_name} does not hold everything: {', and '.join(found)}." if found else ""
