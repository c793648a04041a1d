"""XMP that promises nothing that is gone, and is never too large for a JPEG."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from app.document.formats.encode import encode_picture
from app.document.formats.files import read_picture_data
from app.document.metadata import xmp
from app.document.pixels.picture import Picture

TITLE = '<dc:title><rdf:Alt><rdf:li xml:lang="x-default">Title</rdf:li></rdf:Alt></dc:title>'


def packet(attributes: str = "", body: str = TITLE) -> bytes:
    """A packet of one description."""
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" {attributes}>{body}'
        "</rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()


CAMERA = 'xmlns:GCamera="http://ns.google.com/photos/1.0/camera/"'
CONTAINER = (
    'xmlns:Container="http://ns.google.com/photos/1.0/container/" '
    'xmlns:Item="http://ns.google.com/photos/1.0/container/item/"'
)
LIST = (
    '<Container:Directory><rdf:Seq><rdf:li rdf:parseType="Resource">'
    '<Container:Item Item:Semantic="GainMap" Item:Mime="image/jpeg" Item:Length="382"/>'
    "</rdf:li></rdf:Seq></Container:Directory>"
)
JPEG = base64.b64encode(b"\xff\xd8\xff\xe0" + bytes(2000)).decode()

PROMISES = {
    "gain map": (
        f'{CONTAINER} xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" hdrgm:Version="1.0"',
        LIST,
        "gain map",
    ),
    "apple": (
        'xmlns:HDRGainMap="http://ns.apple.com/HDRGainMap/1.0/"',
        "<HDRGainMap:HDRGainMapVersion>65536</HDRGainMap:HDRGainMapVersion>",
        "gain map",
    ),
    "motion": (f'{CAMERA} GCamera:MotionPhoto="1" GCamera:MicroVideoOffset="2032"', "", "clip"),
    "motion as elements": (CAMERA, "<GCamera:MotionPhoto>1</GCamera:MotionPhoto>", "clip"),
    "depth": (
        'xmlns:GImage="http://ns.google.com/photos/1.0/image/"',
        f"<GImage:Mime>image/jpeg</GImage:Mime><GImage:Data>{JPEG}</GImage:Data>",
        "depth map",
    ),
    "thumbnails": (
        'xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:xmpGImg="http://ns.adobe.com/xap/1.0/g/img/"',
        f"<xmp:Thumbnails><rdf:Alt><rdf:li><xmpGImg:image>{JPEG}</xmpGImg:image></rdf:li></rdf:Alt></xmp:Thumbnails>",
        "",
    ),
    "pictures nobody thought of": ('xmlns:new="http://example.com/new/"', f"<new:Copy>{JPEG}</new:Copy>", ""),
    "pictures in attributes": (f'xmlns:new="http://example.com/new/" new:Copy="{JPEG}"', "", ""),
}


@pytest.mark.parametrize("name", PROMISES)
def test_nothing_is_promised_that_is_gone(name: str) -> None:
    attributes, body, said = PROMISES[name]
    kept = xmp.kept(packet(attributes, TITLE + body), (160, 120))
    assert kept is not None
    assert b">Title<" in kept.data
    for word in (b"hdrgm", b"GainMap", b"MotionPhoto", b"MicroVideo", b"GImage", b"Thumbnails", JPEG[:40].encode()):
        assert word not in kept.data
    assert said in " ".join(kept.lost)
    assert bool(said) == bool(kept.lost)
    again = xmp.kept(kept.data, (160, 120))
    assert again is not None
    assert again.lost == ()


def test_what_need_not_change_stays_byte_for_byte() -> None:
    plain = packet(f'{CAMERA} GCamera:ShutterTime="3"')
    assert xmp.kept(plain, (1, 1)) == xmp.Packet(plain)
    assert xmp.kept(b"\0 \n", (1, 1)) is None
    # XML that grows without end is not parsed, and what it promises not kept.
    assert xmp.kept(b'<!DOCTYPE a [<!ENTITY b "c">]><a>MotionPhoto</a>', (1, 1)) is None


@pytest.mark.parametrize("letters", [70_000, 300_000])
def test_long_packets_become_extended_xmp(letters: int) -> None:
    long = packet("", f"{TITLE}<dc:description>{'ä' * (letters // 2)}</dc:description><dc:format>x</dc:format>")
    main, parts = xmp.split(long, 65504)
    assert len(main) <= 65504
    assert b">Title<" in main
    assert all(len(part) <= 65533 for part in parts)
    whole = xmp.joined(main, parts[::-1])
    assert whole.count("ä".encode()) == letters // 2
    assert whole.count(b">Title<") == 1
    assert b"HasExtendedXMP" not in whole
    alone = xmp.joined(main, parts[:-1])  # a part is missing
    assert b">Title<" in alone
    assert b"HasExtendedXMP" not in alone
    picture = Picture(np.zeros((4, 4, 3), np.uint8), xmp=long)
    written = encode_picture(picture, "JPEG", "a.jpg")
    back = read_picture_data(written, "a.jpg")
    assert back.xmp is not None
    assert back.xmp.count("ä".encode()) == letters // 2
    assert Image.open(io.BytesIO(written)).size == (4, 4)
