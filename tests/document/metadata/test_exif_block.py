"""EXIF blocks changed in place: what moves nothing, what is gone for good."""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image

from app.document.formats.encode import encode_picture
from app.document.formats.files import read_picture_data
from app.document.formats.kinds import SAVE_FORMATS
from app.document.metadata.exif_block import edited, with_resolution

TAGS = ExifTags.Base
MARKER = b"REMOVED-THING-MARKER"


def _preview(marker: bytes = MARKER) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (32, 24), "red").save(buffer, "JPEG", comment=marker)
    return buffer.getvalue()


def _entry(order: str, tag: int, kind: int, count: int, value: int | bytes) -> bytes:
    field = value if isinstance(value, bytes) else struct.pack(order + "L", value)
    return struct.pack(order + "HHL", tag, kind, count) + field.ljust(4, b"\0")


def camera_block(order: str = "<", *, orientation: int = 1, preview: bytes = b"") -> bytes:
    """A block as a camera writes it: a maker's note of absolute offsets, a comment, a thumbnail behind."""
    owner, comment = b"Ada Example\0", b"UNICODE\0" + "Grüße".encode("utf-16-le" if order == "<" else "utf-16-be")
    note_at = 200
    # Canon's note is a directory whose offsets count from the beginning of the block.
    note = struct.pack(order + "H", 2 if preview else 1) + _entry(order, 9, 2, len(owner), note_at + 60)
    if preview:
        note += _entry(order, 0x2000, 7, len(preview), note_at + 80)
    note = note.ljust(60, b"\0") + owner.ljust(20, b"\0") + preview
    comment_at = note_at + len(note) + len(note) % 2
    resolution_at = comment_at + len(comment) + len(comment) % 2
    thumb_at = resolution_at + 16 + 2 + 24 + 4
    thumbnail = _preview(b"THUMB" + MARKER)
    ifd0 = struct.pack(order + "H", 6)
    ifd0 += _entry(order, TAGS.Make, 2, 6, 100)
    short = struct.pack(order + "HH", orientation, 0)
    ifd0 += _entry(order, TAGS.Orientation, 3, 1, short)
    ifd0 += _entry(order, TAGS.XResolution, 5, 1, resolution_at)
    ifd0 += _entry(order, TAGS.YResolution, 5, 1, resolution_at + 8)
    ifd0 += _entry(order, TAGS.YCbCrPositioning, 3, 1, struct.pack(order + "HH", 2, 0))
    ifd0 += _entry(order, 0x8769, 4, 1, 120)
    ifd0 += struct.pack(order + "L", resolution_at + 16)
    exif = struct.pack(order + "H", 4)
    exif += _entry(order, TAGS.MakerNote, 7, len(note), note_at)
    exif += _entry(order, TAGS.UserComment, 7, len(comment), comment_at)
    exif += _entry(order, TAGS.ExifImageWidth, 4, 1, 32)
    exif += _entry(order, TAGS.ExifImageHeight, 4, 1, 24) + struct.pack(order + "L", 0)
    block = bytearray((b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "L", 8) + ifd0)
    block = block.ljust(100, b"\0") + bytearray(b"Canon\0")
    block = block.ljust(120, b"\0") + exif
    block = block.ljust(note_at, b"\0") + note
    block = block.ljust(comment_at, b"\0") + comment
    block = block.ljust(resolution_at, b"\0") + struct.pack(order + "4L", 300, 1, 150, 1)
    block += struct.pack(order + "H", 2) + _entry(order, 0x0201, 4, 1, thumb_at)
    block += _entry(order, 0x0202, 4, 1, len(thumbnail)) + struct.pack(order + "L", 0)
    assert len(block) == thumb_at
    return b"Exif\0\0" + bytes(block) + thumbnail


def _owner(block: bytes, order: str) -> bytes:
    """The owner, by the note's own offset."""
    exif = Image.Exif()
    exif.load(block)
    note = exif.get_ifd(ExifTags.IFD.Exif)[TAGS.MakerNote]
    _, _, count, at = struct.unpack_from(order + "HHLL", note, 2)
    return block[6 + at : 6 + at + count]


@pytest.mark.parametrize("order", ["<", ">"])
def test_nothing_moves(order: str) -> None:
    block = camera_block(order, orientation=6, preview=_preview())
    out = edited(block, (24, 32), turned=True)
    assert out is not None
    assert out[6:8] == block[6:8]
    assert _owner(out, order) == b"Ada Example\0"
    exif: Any = Image.Exif()
    exif.load(out)
    assert (exif[TAGS.Orientation], exif[TAGS.XResolution], exif[TAGS.YResolution]) == (1, 150, 300)
    inner = exif.get_ifd(ExifTags.IFD.Exif)
    assert (inner[TAGS.ExifImageWidth], inner[TAGS.ExifImageHeight]) == (24, 32)
    assert inner[TAGS.UserComment] == block[block.index(b"UNICODE") :][: len(inner[TAGS.UserComment])]
    assert not exif.get_ifd(ExifTags.IFD.IFD1)
    assert MARKER not in out
    # Where the preview was a small grey one is, which its offset and its length still fit.
    start = block.index(b"\xff\xd8\xff") - 0
    assert Image.open(io.BytesIO(out[start:])).size == (8, 8)
    assert len(out) < len(block)


@pytest.mark.parametrize("spoilt", [b"\0", b"\x7f"])
def test_previews_whose_first_byte_is_spoilt_are_found(spoilt: bytes) -> None:
    preview = spoilt + _preview()[1:]
    out = edited(camera_block(preview=preview), (32, 24), turned=False)
    assert out is not None
    assert MARKER not in out
    assert _owner(out, "<") == b"Ada Example\0"


def test_a_preview_without_an_end_goes_as_far_as_its_note() -> None:
    out = edited(camera_block(preview=_preview()[:-2]), (32, 24), turned=False)
    assert out is not None
    assert MARKER not in out
    exif = Image.Exif()
    exif.load(out)
    assert b"UNICODE" in exif.get_ifd(ExifTags.IFD.Exif)[TAGS.UserComment]


@pytest.mark.parametrize("format", [name for name in SAVE_FORMATS if name != "BMP"])
@pytest.mark.parametrize("order", ["<", ">"])
def test_a_makers_note_survives_every_format(format: str, order: str) -> None:
    if format == "HEIF":
        pytest.skip("an encoder's own container")
    buffer = io.BytesIO()
    pixels = np.random.default_rng(0).integers(0, 256, (24, 32, 3), np.uint8)
    Image.fromarray(pixels).save(buffer, "JPEG", exif=camera_block(order, preview=_preview()))
    picture = read_picture_data(buffer.getvalue(), "a.jpg")
    written = encode_picture(picture, format, "b")
    assert MARKER not in written
    back = read_picture_data(written, "b")
    found = written if format == "TIFF" else back.exif
    assert found is not None
    block = b"Exif\0\0" + found if format == "TIFF" else found
    assert block[6:8] == (b"II" if order == "<" else b"MM")
    assert _owner(block, order) == b"Ada Example\0"
    again = read_picture_data(encode_picture(back, "JPEG", "c"), "c")
    assert b"Canon" in (again.exif or b"")


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_resolution_is_added_at_the_end(order: str) -> None:
    block = edited(camera_block(order), (32, 24), turned=False)
    assert block is not None
    assert with_resolution(block, (72, 72)) == block  # it has one
    exif: Any = Image.Exif()
    exif[TAGS.Make] = "Maker"
    for start in (None, exif.tobytes()):
        added: Any = Image.Exif()
        added.load(with_resolution(start, (300, 150.5)))
        assert (added[TAGS.XResolution], added[TAGS.YResolution], added[TAGS.ResolutionUnit]) == (300, 150.5, 2)
        assert start is None or added[TAGS.Make] == "Maker"


@given(st.data())
@settings(deadline=None, max_examples=300)
def test_damaged_blocks_never_crash(data: st.DataObject) -> None:
    block = bytearray(camera_block(data.draw(st.sampled_from("<>")), preview=_preview()))
    for _ in range(data.draw(st.integers(1, 6))):
        block[data.draw(st.integers(6, len(block) - 1))] = data.draw(st.sampled_from([0, 1, 2, 127, 128, 255]))
    cut = data.draw(st.integers(14, len(block)))
    try:
        out = edited(bytes(block[:cut]), (32, 24), turned=data.draw(st.booleans()))
    except ValueError:
        return
    assert out is None or len(out) <= len(block)


def test_thumbnails_that_lie_over_what_is_needed_spare_it() -> None:
    """Damaged lengths must not overwrite the comment."""
    block = camera_block()
    wrong = bytearray(block)
    at = block.index(struct.pack("<HHL", 0x0201, 4, 1))
    wrong[at + 8 : at + 12] = struct.pack("<L", 100)  # where the maker's name is
    out = edited(bytes(wrong), (32, 24), turned=False)
    assert out is not None
    exif: Any = Image.Exif()
    exif.load(out)
    assert exif[TAGS.Make] == "Canon"
    assert _owner(out, "<") == b"Ada Example\0"
