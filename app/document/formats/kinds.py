"""The file formats: names, endings, and what each can hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PIL import Image, features

_RAW = (
    ".dng", ".cr2", ".cr3", ".crw", ".nef", ".nrw", ".arw", ".srf", ".sr2", ".orf", ".raf", ".rw2", ".pef", ".srw",
    ".x3f", ".3fr", ".iiq", ".mrw", ".dcr", ".kdc", ".erf", ".mef", ".mos", ".rwl", ".fff", ".raw",
)  # fmt: skip


@dataclass(frozen=True)
class Kind:
    """What a file format can hold, by Pillow's name of it."""

    name: str
    title: str  # as people write it
    suffixes: tuple[str, ...]  # the usual one first
    alpha: bool = True
    deep: bool = False  # 16 bits per channel
    grey: bool = False  # grey without colours
    quality: bool = False  # something to choose
    most: int | None = None  # pixels of a side


KINDS = {
    kind.name: kind
    for kind in (
        Kind("PNG", "PNG", (".png",), deep=True, grey=True),
        Kind("JPEG", "JPEG", (".jpg", ".jpeg", ".jpe", ".jfif"), alpha=False, grey=True, quality=True, most=65535),
        Kind("WEBP", "WebP", (".webp",), quality=True, most=16383),
        Kind("TIFF", "TIFF", (".tif", ".tiff"), deep=True, grey=True),
        Kind("BMP", "BMP", (".bmp",), alpha=False),
        Kind("AVIF", "AVIF", (".avif",), quality=True, most=65535),
        Kind("HEIF", "HEIC", (".heic", ".heif", ".hif"), quality=True, most=16383),
        Kind("GIF", "GIF", (".gif",), grey=True),
        Kind("RAW", "raw", _RAW, alpha=False, deep=True),
    )
}


def _heif() -> tuple[bool, bool]:
    """Whether HEIC can be read and written: by pillow-heif both, by pi-heif, which comes without an encoder, read."""
    heif: Any
    try:
        import pillow_heif

        heif = pillow_heif
    except (ImportError, OSError):
        try:
            import pi_heif

            heif = pi_heif
        except (ImportError, OSError):
            return False, False
    heif.register_heif_opener()
    return True, bool(heif.libheif_info()["encoders"].keys() - {"mask"})


def _usable(heif: bool) -> dict[str, tuple[str, ...]]:
    there = {"AVIF": bool(features.check("avif")), "WEBP": bool(features.check("webp")), "HEIF": heif}
    return {name: kind.suffixes for name, kind in KINDS.items() if there.get(name, True)}


_reads_heif, _writes_heif = _heif()

OPEN_FORMATS = _usable(_reads_heif)
"""Formats that can be opened: Pillow's name, then the file name endings, the usual one first."""

_READ_ONLY = ("GIF", "RAW")

SAVE_FORMATS = {
    name: suffixes
    for name, suffixes in _usable(_writes_heif and "HEIF" in Image.registered_extensions().values()).items()
    if name not in _READ_ONLY
}
"""Formats that can be written, in the order to offer them."""

PILLOW_FORMATS = [name for name in OPEN_FORMATS if name != "RAW"]
"""Formats that Pillow opens."""


def listed(formats: dict[str, tuple[str, ...]]) -> str:
    """Formats in a sentence: "PNG, JPEG or TIFF"."""
    titles = [KINDS[name].title for name in formats]
    return f"{', '.join(titles[:-1])} or {titles[-1]}"


def missing_reader(head: bytes) -> str | None:
    """The title of a format that could be read with another library installed, by how a file begins."""
    if head[4:8] != b"ftyp":
        return None
    brand = head[8:12]
    if brand in (b"avif", b"avis"):
        return None if "AVIF" in OPEN_FORMATS else "AVIF"
    heic = brand in (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1")
    return "HEIC" if heic and "HEIF" not in OPEN_FORMATS else None
