"""Saving in place keeps other pages and frames, and nothing of the erased picture."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from app.document.formats import encode_picture, read_picture, read_picture_data, write_picture
from app.document.formats.writing.tiff_pages import other_pages, with_page_replaced

RNG = np.random.default_rng(3)
PAGES = [np.kron(RNG.integers(0, 256, (6, 8, 3), np.uint8), np.ones((8, 8, 1), np.uint8)) for _ in range(5)]


def _frames(data: bytes) -> list[np.ndarray]:
    image: Any = Image.open(io.BytesIO(data))
    found = []
    for index in range(image.n_frames):
        image.seek(index)
        found.append(np.array(image.convert("RGB")))
    return found


def _changed(data: bytes, name: str) -> tuple[bytes, np.ndarray]:
    """The file with a white square on its first picture, saved in place; and that picture."""
    picture = read_picture_data(data, name)
    picture.pixels[10:30, 10:30] = np.iinfo(picture.pixels.dtype).max
    return encode_picture(picture, picture.format, name, original=data), picture.pixels.copy()


@pytest.mark.parametrize(("order", "big"), [("<", False), (">", False), ("<", True)])
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_pages_of_a_tiff(tmp_path: Path, order: Any, big: bool, compression: str | None) -> None:
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path, byteorder=order, bigtiff=big) as writer:
        for index, page in enumerate(PAGES):
            tags = [(315, 2, 0, f"Artist {index}", True)]
            writer.write(page, photometric="rgb", compression=compression, extratags=tags, metadata=None)
    data = path.read_bytes()
    assert other_pages(data) == 4
    for _ in range(3):  # saved again and again the file does not grow
        written, first = _changed(data, "a.tif")
        with tifffile.TiffFile(io.BytesIO(written)) as file:
            assert len(file.pages) == 5
            np.testing.assert_array_equal(file.pages[0].asarray(), first[..., :3])
            for index, page in enumerate(PAGES[1:], 1):
                np.testing.assert_array_equal(file.pages[index].asarray(), page)
                assert file.pages[index].tags[315].value == f"Artist {index}"  # type: ignore[union-attr]
            assert file.pages[0].tags[315].value == "Artist 0"  # type: ignore[union-attr]
        assert len(_frames(written)) == 5  # Pillow agrees
        grown, data = len(written), written
    assert _changed(data, "a.tif")[0] == written
    assert len(written) == grown


def test_nothing_of_the_old_page_is_left(tmp_path: Path) -> None:
    """Neither its pixels nor a smaller copy of it."""
    marker = np.frombuffer(b"REMOVED-THING-MARKER" * 3, np.uint8).reshape(1, 20, 3)
    page = np.zeros((30, 20, 3), np.uint8)
    page[12:13] = marker
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as writer:
        writer.write(
            page, photometric="rgb", metadata=None, extratags=[(37724, 7, 24, b"REMOVED-THING-MARKER....", True)]
        )
        writer.write(page[6:20], photometric="rgb", metadata=None, subfiletype=1)
        writer.write(np.full((9, 9), 7, np.uint8), metadata=None)
    data = path.read_bytes()
    assert data.count(b"REMOVED-THING-MARKER") >= 7
    written, _ = _changed(data, "a.tif")
    assert b"REMOVED-THING-MARKER" not in written
    assert len(_frames(written)) == 2
    assert (_frames(written)[1] == 7).all()


@pytest.mark.parametrize("format", ["PNG", "WEBP", "AVIF"])
def test_frames_of_an_animation(format: str) -> None:
    first, *rest = (Image.fromarray(page) for page in PAGES)
    buffer = io.BytesIO()
    durations = [100, 200, 300, 400, 500]
    options: dict[str, Any] = {"lossless": True} if format == "WEBP" else {"quality": 95} if format == "AVIF" else {}
    first.save(buffer, format, save_all=True, append_images=rest, duration=durations, **options)
    data = buffer.getvalue()
    before = _frames(data)
    written, own = _changed(data, f"a.{format.lower()}")
    after = _frames(written)
    assert len(after) == 5
    near = 0 if format != "AVIF" else 12
    assert np.abs(after[0].astype(int) - own[..., :3]).max() <= near + 12 * (format == "AVIF")
    for was, now in zip(before[1:], after[1:], strict=True):
        assert np.abs(was.astype(int) - now).mean() <= near / 4
    image: Any = Image.open(io.BytesIO(written))
    found = []
    for index in range(5):
        image.seek(index)
        image.load()
        found.append(round(image.info["duration"]))
    assert found == durations


def test_a_png_whose_first_picture_is_no_frame_keeps_that(tmp_path: Path) -> None:
    first, *rest = (Image.fromarray(page) for page in PAGES)
    path = tmp_path / "a.png"
    first.save(path, save_all=True, append_images=rest, default_image=True, duration=[10, 20, 30, 40])
    picture = read_picture(path)
    picture.pixels[...] = 9
    write_picture(picture, path)
    image: Any = Image.open(io.BytesIO(path.read_bytes()))
    assert image.default_image
    assert image.n_frames == 5
    for index, page in enumerate(PAGES[1:], 1):
        image.seek(index)
        np.testing.assert_array_equal(np.array(image.convert("RGB")), page)


def test_another_format_and_another_depth_have_one_picture(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    Image.fromarray(PAGES[0]).save(path, save_all=True, append_images=[Image.fromarray(PAGES[1])])
    picture = read_picture(path)
    write_picture(picture, tmp_path / "b.png")
    assert len(_frames((tmp_path / "b.png").read_bytes())) == 1
    write_picture(picture, path, depth=16)
    assert other_pages(path.read_bytes()) == 1
    path.unlink()  # nothing is there to take them from
    write_picture(picture, path)
    assert other_pages(path.read_bytes()) == 0


@given(st.data())
@settings(deadline=None, max_examples=150)
def test_damaged_files_are_refused_by_no_crash(data: st.DataObject) -> None:
    buffer = io.BytesIO()
    Image.fromarray(PAGES[0]).save(buffer, "TIFF", save_all=True, append_images=[Image.fromarray(PAGES[1])] * 2)
    whole = bytearray(buffer.getvalue())
    picture = read_picture_data(bytes(whole), "a.tif")
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.sampled_from([*range(12), *range(len(whole) - 600, len(whole))]))
        whole[at] = data.draw(st.integers(0, 255))
    if other_pages(bytes(whole)):
        written = with_page_replaced(bytes(whole), picture, picture.pixels)
        assert other_pages(written) >= 1
