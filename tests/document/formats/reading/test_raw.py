"""Raw files are developed, and never written over."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from app.document.errors import DocumentError
from app.document.formats.files import format_of, read_mask, read_picture, write_picture
from app.document.notes import About

HEIGHT, WIDTH = 96, 128
_SRGB = (3.2404542, -1.5371385, -0.4985314, -0.9692660, 1.8760108, 0.0415560, 0.0556434, -0.2040259, 1.0572252)


def _ratios(*values: float) -> list[int]:
    return [number for value in values for number in (round(value * 10000), 10000)]


def _dng(path: Path, orientation: int = 1) -> Path:
    """A DNG: a thumbnail of another colour first, then a mosaic of red, green, green, blue."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    light = np.stack([0.1 + 0.6 * x / WIDTH, 0.4 - 0.2 * y / HEIGHT, np.full((HEIGHT, WIDTH), 0.2)], axis=2)
    mosaic = np.empty((HEIGHT, WIDTH))
    for row, column, colour in ((0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 2)):
        mosaic[row::2, column::2] = light[row::2, column::2, colour]
    sensor: list[Any] = [
        (33421, 3, 2, (2, 2), True), (33422, 1, 4, bytes([0, 1, 1, 2]), True), (50717, 4, 1, 16383, True),
    ]  # fmt: skip
    camera: list[Any] = [
        (50706, 1, 4, bytes([1, 4, 0, 0]), True), (50708, 2, 0, "Test Camera", True), (271, 2, 0, "Maker", True),
        (272, 2, 0, "Camera", True), (274, 3, 1, orientation, True), (50721, 10, 9, _ratios(*_SRGB), True),
        (50728, 5, 3, _ratios(1, 1, 1), True), (50778, 3, 1, 21, True),
    ]  # fmt: skip
    plain: Any = {"metadata": None, "software": False}
    with tifffile.TiffWriter(path) as file:
        thumbnail = np.full((24, 32, 3), 7, np.uint8)
        file.write(thumbnail, photometric="rgb", subfiletype=1, subifds=1, extratags=camera, **plain)
        file.write((mosaic * 16383).astype(np.uint16), photometric=32803, extratags=sensor, **plain)
    return path


@pytest.mark.parametrize("name", ["a.dng", "a.tif", "a.nef"])
def test_a_raw_file_is_developed(tmp_path: Path, name: str) -> None:
    picture = read_picture(_dng(tmp_path / name))
    assert (picture.format, picture.size, picture.depth) == ("RAW", (WIDTH, HEIGHT), 16)
    assert About.RAW in {note.about for note in picture.notes}
    red = picture.pixels[HEIGHT // 2, 8:-8:8, 0].astype(int)
    assert (np.diff(red) >= 0).all() and red[-1] > red[0] + 5000  # the ramp, not the thumbnail
    assert len(np.unique(picture.pixels)) > 256
    assert picture.exif is not None and b"Maker" in picture.exif
    assert read_mask(tmp_path / name).shape == (HEIGHT, WIDTH)


def test_it_is_upright(tmp_path: Path) -> None:
    plain = read_picture(_dng(tmp_path / "a.dng")).pixels
    turned = read_picture(_dng(tmp_path / "b.dng", 6))
    assert turned.size == (HEIGHT, WIDTH)
    np.testing.assert_array_equal(turned.pixels, np.rot90(plain, -1))


def test_it_is_saved_beside_and_never_over(tmp_path: Path) -> None:
    for name in ("a.dng", "a.tif"):
        path = _dng(tmp_path / name)
        before = path.read_bytes()
        picture = read_picture(path)
        with pytest.raises(DocumentError, match=r"never written over|does not end in a format"):
            write_picture(picture, path)
        assert path.read_bytes() == before
        for kind in ("png", "tif"):
            write_picture(picture, tmp_path / f"developed.{kind}")
            back = read_picture(tmp_path / f"developed.{kind}")
            np.testing.assert_array_equal(back.pixels, picture.pixels)
            assert back.exif is not None and b"Maker" in back.exif
    with pytest.raises(DocumentError):
        format_of("a.dng")


def test_what_cannot_be_developed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import rawpy

    path = _dng(tmp_path / "a.dng")

    def fail(*_: Any) -> None:
        raise rawpy.LibRawUnspecifiedError(b"no")

    with monkeypatch.context() as patch:
        patch.setattr(rawpy, "imread", fail)
        with pytest.raises(DocumentError, match="is a raw file that cannot be developed here"):
            read_picture(path)
    monkeypatch.setitem(sys.modules, "rawpy", None)
    with pytest.raises(DocumentError, match="is a raw file, which this installation cannot develop"):
        read_picture(path)
    (tmp_path / "b.cr2").write_bytes(b"II*\0\x10\0\0\0CR\2\0" + bytes(100))
    monkeypatch.undo()
    with pytest.raises(DocumentError, match=r"b\.cr2"):
        read_picture(tmp_path / "b.cr2")
