"""An XMP packet before it is written again: upright, true to the file it is in, and without pictures of its own.

XMP is XML (ISO 16684-1). What need not change stays byte for byte.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from xml.dom import minidom
from xml.parsers.expat import ExpatError

_ORIENTATION = re.compile(rb"(tiff:Orientation(?:\s*=\s*[\"']|\s*>\s*))\d+")
_WIDTH = re.compile(rb"((?:tiff:ImageWidth|exif:PixelXDimension)(?:\s*=\s*[\"']|\s*>\s*))\d+")
_HEIGHT = re.compile(rb"((?:tiff:ImageLength|exif:PixelYDimension)(?:\s*=\s*[\"']|\s*>\s*))\d+")
_WRAPPER = re.compile(rb"<\?xpacket[^>]*\?>")

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_NOTE = "http://ns.adobe.com/xmp/note/"
_HDR = "its HDR gain map is left out"
_MOTION = "the clip that belongs to it is left out"
_DEPTH = "its depth map and second pictures are left out"
_SPACES = (
    ("http://ns.adobe.com/hdr-gain-map/", _HDR),
    ("http://ns.apple.com/HDRGainMap/", _HDR),
    ("http://ns.apple.com/pixeldatainfo/", _HDR),
    ("http://ns.google.com/photos/1.0/image/", _DEPTH),
    ("http://ns.google.com/photos/1.0/depthmap/", _DEPTH),
    ("http://ns.google.com/photos/dd/1.0/", _DEPTH),
    ("http://ns.google.com/photos/1.0/container/", ""),  # the list of what follows the picture in its file
    ("http://ns.adobe.com/xap/1.0/g/img/", ""),
    ("http://ns.xiaomi.com/photos/1.0/camera/", ""),
)
_CLIPS = re.compile(r"MotionPhoto|MicroVideo|OLivePhoto|^VideoLength$")
_QUICK = re.compile(
    rb"hdr-gain-map|HDRGainMap|pixeldatainfo|photos/1\.0/(?:image|depthmap|container)|photos/dd/1\.0|xap/1\.0/g/img"
    rb"|xiaomi\.com/photos|MotionPhoto|MicroVideo|OLivePhoto|:Thumbnails|HasExtendedXMP|[A-Za-z0-9+/=\s]{1024}"
)
_LONG = 1024  # letters: a picture in base 64 has more
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"II*\0", b"MM\0*", b"RIFF", b"BM")


@dataclass(frozen=True)
class Packet:
    """What is left of an XMP packet, and what of its promises could not be kept, as parts of a sentence."""

    data: bytes
    lost: tuple[str, ...] = ()


def kept(xmp: Any, size: tuple[int, int]) -> Packet | None:
    """The packet to write again for the upright picture of ``size`` (width, height); None without one.

    Gone are thumbnails and other pictures inside it, and what it says of gain maps, clips and depth maps that are
    not in the file any more.
    """
    if isinstance(xmp, str):
        xmp = xmp.encode("utf-8", "replace")
    if not isinstance(xmp, bytes) or not xmp.strip(b"\0 \t\r\n"):
        return None
    xmp = _ORIENTATION.sub(rb"\g<1>1", xmp.rstrip(b"\0"))
    for pattern, length in ((_WIDTH, size[0]), (_HEIGHT, size[1])):
        xmp = pattern.sub(rb"\g<1>%d" % length, xmp)
    if not _QUICK.search(xmp):
        return Packet(xmp)
    tree = _parsed(xmp)
    if tree is None:  # nobody can say what it promises
        return None
    lost = _cleaned(tree)
    return Packet(_written(tree), lost)


def split(xmp: bytes, most: int) -> tuple[bytes, list[bytes]]:
    """The packet as one of at most so many bytes, and the parts of JPEG's extended XMP (part 3 of the standard).

    Each part is the body of an APP1 segment. An empty first packet where it cannot be split.
    """
    if len(xmp) <= most:
        return xmp, []
    tree = _parsed(xmp)
    if tree is None:
        return b"", []
    rest = _parsed(xmp)
    assert rest is not None
    large = sorted(_properties(tree), key=lambda pair: -len(pair[1].toxml()))
    room = most - 400
    moved: set[tuple[int, int]] = set()
    places = {id(node): place for place, node in _numbered(tree)}
    size = len(_written(tree))
    for owner, node in large:
        if size <= room:
            break
        size -= len(node.toxml().encode())
        moved.add(places[id(node)])
        owner.removeChild(node)
        node.unlink()
    for place, node in [*_numbered(rest)]:
        if place not in moved and node.parentNode is not None:
            node.parentNode.removeChild(node)
    for about in rest.getElementsByTagNameNS(_RDF, "Description"):
        _strip_attributes(about)
    extended = _written(rest, wrapped=False)
    guid = hashlib.md5(extended, usedforsecurity=False).hexdigest().upper()
    first = next(iter(tree.getElementsByTagNameNS(_RDF, "Description")), None)
    if first is None:
        return b"", []
    first.setAttribute("xmlns:xmpNote", _NOTE)
    first.setAttribute("xmpNote:HasExtendedXMP", guid)
    main = _written(tree)
    if len(main) > most:
        return b"", []
    head = b"http://ns.adobe.com/xmp/extension/\0" + guid.encode()
    step = 65000
    parts = [
        head + len(extended).to_bytes(4, "big") + at.to_bytes(4, "big") + extended[at : at + step]
        for at in range(0, len(extended), step)
    ]
    return main, parts


def joined(xmp: bytes, parts: list[bytes]) -> bytes:
    """A packet with its extended parts (bodies of APP1 segments, as ``split`` answers) in one again.

    The packet alone, which promises no more, where they are incomplete or belong to another.
    """
    found = re.search(rb"HasExtendedXMP\s*(?:=\s*[\"']|>\s*)([0-9A-Fa-f]{32})", xmp)
    if found is None:
        return xmp
    head = b"http://ns.adobe.com/xmp/extension/\0" + found[1]
    whole = b""
    own = [part for part in parts if part[: len(head)].upper() == head.upper()]
    for part in sorted(own, key=lambda part: part[len(head) + 4 :][:4]):
        if int.from_bytes(part[len(head) + 4 : len(head) + 8], "big") == len(whole):
            whole += part[len(head) + 8 :]
    complete = bool(own) and int.from_bytes(own[0][len(head) : len(head) + 4], "big") == len(whole)
    main, more = _parsed(xmp), _parsed(whole) if complete else None
    if main is None:
        return xmp
    for about in main.getElementsByTagNameNS(_RDF, "Description"):
        if about.hasAttributeNS(_NOTE, "HasExtendedXMP"):
            about.removeAttributeNS(_NOTE, "HasExtendedXMP")
        for node in [n for n in about.childNodes if n.namespaceURI == _NOTE]:
            about.removeChild(node)
    target = next(iter(main.getElementsByTagNameNS(_RDF, "RDF")), None)
    if more is not None and target is not None:
        spaces = _spaces(more)
        for about in [*more.getElementsByTagNameNS(_RDF, "Description")]:
            if about.parentNode is not None and about.parentNode.localName == "RDF":
                moved = main.importNode(about, True)
                for name, uri in spaces.items():
                    moved.setAttribute(name, uri)
                target.appendChild(moved)
    return _written(main)


# -- inside --------------------------------------------------------------------------------


def _parsed(xmp: bytes) -> Any:
    """The packet as a tree; None where it is no XML, or XML that may grow without end."""
    body = _WRAPPER.sub(b"", xmp).strip(b"\0 \t\r\n\xef\xbb\xbf")
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        return None
    try:
        return minidom.parseString(body)
    except (ExpatError, ValueError, LookupError):
        return None


def _written(tree: Any, *, wrapped: bool = True) -> bytes:
    body: bytes = tree.documentElement.toxml().encode("utf-8", "replace")
    if not wrapped:
        return body
    begin = b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    return begin + b"\n" + body + b'\n<?xpacket end="w"?>'


def _elements(node: Any) -> Iterator[Any]:
    for child in [*node.childNodes]:
        if child.nodeType == child.ELEMENT_NODE:
            yield child
            yield from _elements(child)


def _cleaned(tree: Any) -> tuple[str, ...]:
    """Take away what must not stay; parts of a sentence on what that was."""
    lost: dict[str, None] = {}
    for element in [*_elements(tree)]:
        for attribute in [*element.attributes.values()] if element.attributes else []:
            why = _why(attribute.namespaceURI, attribute.localName or "", attribute.value, lost)
            if why is not None:
                element.removeAttributeNode(attribute)
    for element in [*_elements(tree)]:
        parent = element.parentNode
        text = "".join(child.data for child in element.childNodes if child.nodeType == child.TEXT_NODE)
        if _why(element.namespaceURI, element.localName, text, lost) is not None and parent is not None:
            parent.removeChild(element)
    spaces = [space for space, _ in _SPACES]
    for element in _elements(tree):  # declarations promise as well
        for attribute in [*element.attributes.values()]:
            if attribute.name.startswith("xmlns:") and attribute.value.startswith(tuple(spaces)):
                element.removeAttribute(attribute.name)
    return tuple(lost)


def _why(space: str | None, name: str, text: str, lost: dict[str, None]) -> str | None:
    """What goes with a property that must not stay, "" for nothing that is worth a word; None where it may stay."""
    if space == "http://www.w3.org/2000/xmlns/":
        return None
    if space is not None:
        for begins, what in _SPACES:
            if space.startswith(begins):
                if what:
                    lost[what] = None
                return what
    if _CLIPS.search(name) and space is not None and "/photos/" in space:
        lost[_MOTION] = None
        return _MOTION
    if name == "Thumbnails":
        return ""
    return "" if is_picture(text) else None


def is_picture(text: str) -> bool:
    """Whether a text is a picture file in base 64."""
    if len(text) < _LONG:
        return False
    start = "".join(text[:4096].split())
    if start.startswith("data:image/"):
        return True
    try:
        data = base64.b64decode(start[:64], validate=True)
    except (binascii.Error, ValueError):
        return False
    return data.startswith(_PICTURES)


def _properties(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Descriptions at the top, with each property in them that is an element."""
    for about in tree.getElementsByTagNameNS(_RDF, "Description"):
        if about.parentNode is not None and about.parentNode.localName == "RDF":
            for node in about.childNodes:
                if node.nodeType == node.ELEMENT_NODE:
                    yield about, node


def _numbered(tree: Any) -> Iterator[tuple[tuple[int, int], Any]]:
    abouts: list[Any] = []
    counts: dict[int, int] = {}
    for about, node in _properties(tree):
        if about not in abouts:
            abouts.append(about)
        index = abouts.index(about)
        counts[index] = counts.get(index, -1) + 1
        yield (index, counts[index]), node


def _strip_attributes(about: Any) -> None:
    """Properties that are attributes stay in the first packet."""
    for attribute in [*about.attributes.values()]:
        if attribute.namespaceURI not in (_RDF, "http://www.w3.org/2000/xmlns/"):
            about.removeAttributeNode(attribute)


def _spaces(tree: Any) -> dict[str, str]:
    """All namespaces declared at the outer elements."""
    return {
        attribute.name: attribute.value
        for element in _elements(tree)
        if element.attributes
        for attribute in element.attributes.values()
        if attribute.name.startswith("xmlns:")
    }
