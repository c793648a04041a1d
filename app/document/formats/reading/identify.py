"""What kind of file something is that is not opened here, for a sentence that says so."""

from __future__ import annotations

_BEGINNINGS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"8BPS", "a Photoshop file"),
    (0, b"gimp xcf", "a GIMP file"),
    (0, b"%PDF", "a PDF document"),
    (0, b"%!PS", "a PostScript file"),
    (0, b"\xc5\xd0\xd3\xc6", "an EPS file"),
    (0, b"\0\0\0\x0cjP  ", "a JPEG 2000 picture"),
    (0, b"\xff\x4f\xff\x51", "a JPEG 2000 picture"),
    (0, b"\xff\x0a", "a JPEG XL picture"),
    (0, b"\0\0\0\x0cJXL ", "a JPEG XL picture"),
    (0, b"\x76\x2f\x31\x01", "an OpenEXR picture"),
    (0, b"#?RADIANCE", "a Radiance HDR picture"),
    (0, b"#?RGBE", "a Radiance HDR picture"),
    (0, b"DDS ", "a DDS texture"),
    (0, b"\0\0\x01\0", "an icon"),
    (0, b"\0\0\x02\0", "a cursor"),
    (0, b"icns", "an icon"),
    (0, b"SIMPLE  =", "a FITS picture"),
    (128, b"DICM", "a DICOM picture"),
    (0, b"qoif", "a QOI picture"),
    (0, b"farbfeld", "a farbfeld picture"),
    (0, b"\xd7\xcd\xc6\x9a", "a Windows metafile"),
    (40, b" EMF", "a Windows metafile"),
    (0, b"FORM", "an Amiga IFF file"),
    (0, b"BPG\xfb", "a BPG picture"),
    (0, b"FLIF", "a FLIF picture"),
    (0, b"BLP", "a BLP texture"),
    (0, b"\x01\xda", "an SGI picture"),
    (0, b"\x59\xa6\x6a\x95", "a Sun raster picture"),
    (0, b"\x8aMNG", "an MNG animation"),
    (0, b"\x8bJNG", "a JNG picture"),
    (0, b"SQLite format 3", "a database"),
    (0, b"Rar!", "an archive"),
    (0, b"7z\xbc\xaf", "an archive"),
    (0, b"\x1f\x8b", "a compressed file"),
    (0, b"\x1aE\xdf\xa3", "a video"),
    (0, b"OggS", "a sound or video file"),
    (0, b"ID3", "a sound file"),
    (0, b"FLV", "a video"),
    (0, b"{\\rtf", "a text document"),
)
_BRANDS = {b"avif": "AVIF", b"avis": "AVIF", b"crx ": "raw"}
_FILMS = (b"isom", b"iso2", b"mp41", b"mp42", b"qt  ", b"M4V ", b"M4A ", b"3gp4", b"3gp5", b"avc1", b"MSNV")
_HEIC = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1")
_NETPBM = b"123456"
_ENDINGS = {".tga": "a Targa picture", ".svg": "an SVG drawing", ".pcx": "a PCX picture", ".psb": "a Photoshop file"}


def foreign(head: bytes, suffix: str = "") -> str | None:
    """A file that is not of a format that is opened here, with its article: "a Photoshop file"; None: not known.

    ``head`` is how it begins, ``suffix`` its name's ending, with the dot.
    """
    for at, mark, what in _BEGINNINGS:
        if head[at : at + len(mark)] == mark:
            return what
    if head[:4] == b"RIFF" and head[8:12] in (b"AVI ", b"WAVE"):
        return "a video" if head[8:12] == b"AVI " else "a sound file"
    if head[4:8] == b"ftyp" and head[8:12] in _FILMS:
        return "a video"
    if head[:4] in (b"PK\3\4", b"PK\5\6"):
        return _of_zip(head)
    if head[:1] == b"P" and head[1:2] in _NETPBM + b"7Ff" and head[2:3].isspace():
        return "a PNM picture"
    start = head[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<?xml", b"<svg")) and b"<svg" in head[:4096].lower():
        return "an SVG drawing"
    if start.startswith((b"<!doctype html", b"<html")):
        return "a web page"
    if head[:1] == b"\x0a" and head[1:2] in b"\0\2\3\4\5" and suffix == ".pcx":
        return _ENDINGS[suffix]
    if suffix in (".tga", ".psb", ".svg"):
        return _ENDINGS[suffix]
    return "a text file" if _is_text(head) else None


def known(head: bytes) -> str | None:
    """The title of a format that is opened here, by how a file begins."""
    if head[:8] == b"\x89PNG\r\n\x1a\n" or head[:4] == b"\x89PNG":
        return "PNG"
    if head[:2] == b"\xff\xd8":
        return "JPEG"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WebP"
    if head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return "TIFF"
    if head[:2] == b"BM":
        return "BMP"
    if head[:4] == b"GIF8":
        return "GIF"
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        return "HEIC" if brand in _HEIC else _BRANDS.get(brand)
    return None


def _of_zip(head: bytes) -> str:
    if b"image/openraster" in head[:200]:
        return "an OpenRaster file"
    if b"application/x-krita" in head[:200]:
        return "a Krita file"
    return "an archive or office document"


def _is_text(head: bytes) -> bool:
    part = head[:512]
    if not part or b"\0" in part:
        return False
    try:
        part.decode()
    except UnicodeDecodeError as error:
        return error.start > len(part) - 4 > 0
    return True
