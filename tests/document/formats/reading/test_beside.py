"""What a file holds beside its picture is named when it is opened."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.document.formats.files import read_picture_data
from app.document.notes import About, losses

XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description xmlns:n="%s" n:%s="1.0"/></rdf:RDF></x:xmpmeta>'
)
HDRGM = (b"http://ns.adobe.com/hdr-gain-map/1.0/", b"Version")
MOTION = (b"http://ns.google.com/photos/1.0/camera/", b"MotionPhoto")


def _jpeg(xmp: bytes | None = None, level: int = 90) -> bytes:
    file = io.BytesIO()
    options = {} if xmp is None else {"xmp": xmp}
    Image.fromarray(np.full((24, 32, 3), level, np.uint8)).save(file, "JPEG", **options)
    return file.getvalue()


def _abouts(data: bytes) -> list[About]:
    return [note.about for note in losses(read_picture_data(data, "a.jpg").notes)]


def test_an_ordinary_photo_says_nothing() -> None:
    assert _abouts(_jpeg()) == []


def test_gain_maps() -> None:
    assert _abouts(_jpeg(XMP % HDRGM) + _jpeg()) == [About.GAIN_MAP]
    iso = b"urn:iso:std:iso:ts:21496:-1\0\0\0\0\0"
    data = _jpeg()
    assert _abouts(data[:2] + b"\xff\xe2" + (len(iso) + 2).to_bytes(2, "big") + iso + data[2:]) == [About.GAIN_MAP]


@pytest.mark.parametrize("xmp", [None, XMP % MOTION])
def test_clips_of_motion_photos(xmp: bytes | None) -> None:
    clip = b"\0\0\0\x18ftypmp42" + bytes(12) + b"\0\0\0\x08mdat"
    assert _abouts(_jpeg(xmp) + clip) == [About.CLIP]


def test_stereo_pairs(tmp_path: Path) -> None:
    pair = [Image.fromarray(np.full((24, 32, 3), level, np.uint8)) for level in (90, 120, 150)]
    pair[0].save(tmp_path / "a.mpo", "MPO", save_all=True, append_images=pair[1:])
    assert _abouts((tmp_path / "a.mpo").read_bytes()) == [About.PAGES]
    note = read_picture_data((tmp_path / "a.mpo").read_bytes(), "a.mpo").note
    assert "2 further pictures in the file are not kept" in note


@pytest.mark.parametrize("kind", ["WEBP", "PNG", "TIFF", "GIF", "AVIF"])
def test_pages_and_frames(kind: str) -> None:
    file = io.BytesIO()
    frames = [Image.fromarray(np.full((24, 32, 3), level, np.uint8)) for level in (90, 120, 150)]
    frames[0].save(file, kind, save_all=True, append_images=frames[1:])
    picture = read_picture_data(file.getvalue(), "a")
    assert [note.text for note in picture.notes if note.about is About.PAGES] == [
        "Only the first of its 3 pages or frames was opened."
    ]
