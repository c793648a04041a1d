"""The limits of formats: what a file will not hold of a picture, said before it is written."""

from __future__ import annotations

from app.document import notes
from app.document.formats.kinds import KINDS
from app.document.formats.writing import may_keep_further
from app.document.notes import About
from app.document.pixels import Picture

_MOST_EXIF = 65533  # bytes in a JPEG's one segment


def lost_features(picture: Picture, format: str, *, depth: int | None = None) -> list[str]:
    """What is lost in a file of ``format``, as parts of a sentence: "16 bits per channel become 8"."""
    kind, found = KINDS[format], []
    if picture.depth == 16 and (not kind.deep or depth == 8):
        found.append("16 bits per channel become 8")
    if picture.bilevel and format not in ("TIFF", "PNG"):
        found.append("1 bit per pixel becomes 8")
    if picture.has_alpha and not kind.alpha:
        found.append("transparent parts become white")
    if picture.cicp is not None and format not in ("PNG", "AVIF"):
        found.append("HDR becomes an ordinary picture, its lights toned down")
    if format == "BMP":
        held = (picture.icc_profile, picture.exif, picture.xmp, picture.iptc, picture.texts or None)
        if any(part is not None for part in held):
            found.append("colour profile and photo information are left out")
        return found
    if picture.iptc is not None and format in ("WEBP", "AVIF", "HEIF"):
        found.append("IPTC captions are left out")
    if picture.texts.keys() - ({"Comment"} if format == "JPEG" else set()) and format != "PNG":
        found.append("texts are left out")
    if format == "JPEG" and picture.exif is not None and len(picture.exif) > _MOST_EXIF:
        found.append("of the EXIF data, which is too large, the maker's notes are left out")
    return found


def lost_features_sentence(picture: Picture, path_name: str, format: str, *, depth: int | None = None) -> str:
    """One sentence on what the file called ``path_name`` does not hold; empty where it holds everything."""
    found = lost_features(picture, format, depth=depth)
    return f"{path_name} does not hold everything: {', and '.join(found)}." if found else ""


def lost_by_saving(picture: Picture, path_name: str, format: str) -> list[str]:
    """Sentences on all that a file called ``path_name`` will lack of the one that was opened, to be asked about.

    What the format cannot hold, and what could not be kept when the file was read: pages and frames, channels,
    colours, gain maps, clips.
    """
    kept = may_keep_further(picture, format)
    found = [note.text for note in notes.losses(picture.notes) if not (kept and note.about is About.PAGES)]
    return [*found, *filter(None, [lost_features_sentence(picture, path_name, format)])]


def told_by_saving(picture: Picture, path_name: str, format: str) -> str:
    """All there is to say of the file that was opened and of the one to be written, as one text."""
    kept = may_keep_further(picture, format)
    said = [note.text for note in picture.notes if not (kept and note.about is About.PAGES)]
    if kept:
        said.append("The other pages or frames stay in the file as they are: what was erased may be seen there.")
    return " ".join([*said, *filter(None, [lost_features_sentence(picture, path_name, format)])])
