"""Masks as people have them: any two values, labels, colours, alpha, holes, turned pictures."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import ExifTags, Image

from app.document.errors import DocumentError
from app.document.formats.files import read_mask, read_mask_with_notes, read_picture
from app.document.formats.mask_files import read_mask_file
from app.document.notes import sentences

WIDTH, HEIGHT = 80, 60
Y, X = np.mgrid[0:HEIGHT, 0:WIDTH]
DISC = (X - 30) ** 2 + (Y - 25) ** 2 < 100
SECOND = (X - 60) ** 2 + (Y - 40) ** 2 < 60
WANTED = np.where(DISC, 255, 0).astype(np.uint8)


def _png(array: NDArray[Any], **options: Any) -> bytes:
    if array.dtype == np.uint16:
        return cv2.imencode(".png", array)[1].tobytes()
    file = io.BytesIO()
    Image.fromarray(array).save(file, "PNG", **options)
    return file.getvalue()


def _tif(array: NDArray[Any], **options: Any) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, array, **options)
    return file.getvalue()


def _photo() -> NDArray[np.uint8]:
    y, x = Y[..., None], X[..., None]
    return np.clip(np.concatenate([60 + x + y, 200 - x, 90 + (x * y) % 80], axis=2), 0, 255).astype(np.uint8)


def _note(data: bytes) -> str:
    return sentences(read_mask_with_notes(data).notes)


@pytest.mark.parametrize("values", [(0, 1), (0, 255), (0, 2), (3, 4), (100, 200), (0, 128), (254, 255)])
def test_any_two_values_of_eight_bits(values: tuple[int, int]) -> None:
    array = np.where(DISC, values[1], values[0]).astype(np.uint8)
    for data in (_png(array), _tif(array), _png(np.dstack([array] * 3))):
        np.testing.assert_array_equal(read_mask(data), WANTED)


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (np.uint16, (0, 1)),
        (np.uint16, (0, 255)),
        (np.uint16, (7, 65535)),
        (np.uint32, (0, 1)),
        (np.uint32, (0, 2**32 - 1)),
        (np.int32, (0, 1)),
        (np.int16, (0, 1)),
        (np.float16, (0.0, 1.0)),
        (np.float32, (0.0, 1.0)),
        (np.float32, (0.0, 255.0)),
        (np.float64, (0.0, 1.0)),
        (np.float64, (0.0, 0.25)),
    ],
)
def test_any_two_values_of_any_depth(kind: Any, values: tuple[float, float]) -> None:
    array = np.where(DISC, values[1], values[0]).astype(kind)
    np.testing.assert_array_equal(read_mask(_tif(array)), WANTED)
    if kind == np.uint16:
        np.testing.assert_array_equal(read_mask(_png(array)), WANTED)
    boolean = Image.fromarray(DISC)
    file = io.BytesIO()
    boolean.save(file, "TIFF", compression="group4")
    np.testing.assert_array_equal(read_mask(file.getvalue()), WANTED)


def test_soft_masks_keep_their_values() -> None:
    soft = np.clip(255 - np.hypot(X - 30, Y - 25) * 6, 0, 255).astype(np.uint8)
    np.testing.assert_array_equal(read_mask(_png(soft)), soft)
    assert _note(_png(soft)) == ""
    deep = soft.astype(np.uint16) * 257
    np.testing.assert_array_equal(read_mask(_png(deep)), soft)
    faint = (soft // 4).astype(np.uint8)
    np.testing.assert_array_equal(read_mask(_png(faint)), faint)
    assert "25 % bright at the most" in _note(_png(faint))


@pytest.mark.parametrize("labels", [(1, 2), (1, 7), (50, 100), (1, 255)])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_all_labels_count(labels: tuple[int, int], kind: Any) -> None:
    array = np.zeros((HEIGHT, WIDTH), kind)
    array[DISC], array[SECOND] = labels
    expected = np.where(DISC | SECOND, 255, 0)
    np.testing.assert_array_equal(read_mask(_png(array)), expected)
    assert "2 labels beside its ground: all of them are erased" in _note(_png(array))


def test_palettes_and_colours() -> None:
    indices = np.zeros((HEIGHT, WIDTH), np.uint8)
    indices[DISC], indices[SECOND] = 1, 2
    image = Image.fromarray(indices).convert("P")
    expected = np.where(DISC | SECOND, 255, 0)
    for palette in (
        [0, 0, 0, 255, 0, 0, 0, 255, 0],
        [255, 255, 255, 255, 0, 0, 0, 0, 255],
        [9, 9, 99, 9, 9, 98, 1, 2, 3],
    ):
        image.putpalette(palette + [0] * (768 - len(palette)))
        file = io.BytesIO()
        image.save(file, "PNG")
        np.testing.assert_array_equal(read_mask(file.getvalue()), expected)
        assert "all but its ground" in _note(file.getvalue())
        np.testing.assert_array_equal(read_mask(_png(np.asarray(image.convert("RGB")))), expected)


@pytest.mark.parametrize("quality", [40, 75, 95])
def test_black_and_white_with_losses(quality: int) -> None:
    file = io.BytesIO()
    Image.fromarray(WANTED).save(file, "JPEG", quality=quality)
    mask = read_mask(file.getvalue())
    assert (mask[~cv2.dilate(DISC.astype(np.uint8), np.ones((21, 21))).astype(bool)] == 0).all()
    assert (mask[cv2.erode(DISC.astype(np.uint8), np.ones((9, 9))).astype(bool)] > 230).all()


def test_a_layer_of_one_colour() -> None:
    for colour in ((255, 0, 0), (0, 0, 0), (255, 255, 255)):
        layer = np.dstack([np.full((HEIGHT, WIDTH), value, np.uint8) for value in colour] + [WANTED])
        np.testing.assert_array_equal(read_mask(_png(layer)), WANTED)
        assert _note(_png(layer)) == ""
        inverse = layer.copy()
        inverse[..., 3] = 255 - WANTED
        np.testing.assert_array_equal(read_mask(_png(inverse)), WANTED)  # a hole in a full layer
        assert "that part is erased" in _note(_png(inverse))


def test_a_photo_with_a_hole_and_a_thing_cut_out() -> None:
    hole = np.dstack([_photo(), 255 - WANTED])
    np.testing.assert_array_equal(read_mask(_png(hole)), WANTED)
    assert "with a transparent part: that part is erased" in _note(_png(hole))
    thing = np.dstack([_photo(), WANTED])
    np.testing.assert_array_equal(read_mask(_png(thing)), WANTED)
    assert "what is opaque in it is erased" in _note(_png(thing))


@pytest.mark.parametrize("odd", [254, 250, 0])
def test_an_odd_value_of_alpha_turns_nothing_round(odd: int) -> None:
    mask = np.kron(np.dstack([WANTED] * 3), np.ones((4, 4, 1), np.uint8))
    alpha = np.full(mask.shape[:2], 255, np.uint8)
    alpha[0, 0] = odd  # one of 76,800 pixels
    found = read_mask(_png(np.dstack([mask, alpha])))
    np.testing.assert_array_equal(found, mask[..., 0])


def test_a_mask_that_erases_most_says_so() -> None:
    inverted = _png(255 - WANTED)
    np.testing.assert_array_equal(read_mask(inverted), 255 - WANTED)
    assert "erases 94 % of the picture (white erases); invert it if black was meant" in _note(inverted)
    assert "as a photo has" in _note(_png(_photo()))


def _turned(orientation: int, path: Path) -> Path:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    Image.fromarray(_photo()).save(path, exif=exif, quality=95)
    return path


@pytest.mark.parametrize("orientation", [5, 6, 7, 8])
def test_a_mask_drawn_on_the_stored_pixels(tmp_path: Path, orientation: int) -> None:
    picture = read_picture(_turned(orientation, tmp_path / "a.jpg"))
    assert picture.size == (HEIGHT, WIDTH)
    assert picture.orientation == orientation
    found = read_mask_with_notes(_png(WANTED), picture.size, orientation=orientation)
    upright = Image.fromarray(WANTED)
    file = io.BytesIO()
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    upright.save(file, "PNG", exif=exif)
    np.testing.assert_array_equal(found.values, read_mask(file.getvalue()))
    assert "it is stored, and was turned, too" in sentences(found.notes)
    # that file says itself how it is turned
    own = read_mask_with_notes(file.getvalue(), picture.size, orientation=orientation)
    np.testing.assert_array_equal(own.values, found.values)
    assert own.notes == ()
    same = read_mask_file(_png(WANTED), picture.size, "m", orientation=orientation)
    np.testing.assert_array_equal(same.mask, found.values)
    assert same.note
    with pytest.raises(DocumentError, match="turned upright, as its EXIF data says"):
        read_mask(_png(WANTED[:-1]), picture.size, orientation=orientation)


@pytest.mark.parametrize("orientation", [2, 3, 4])
def test_a_turn_that_keeps_the_size_is_named(orientation: int) -> None:
    found = read_mask_with_notes(_png(WANTED), (WIDTH, HEIGHT), orientation=orientation)
    np.testing.assert_array_equal(found.values, WANTED)
    assert "If it was drawn on the stored pixels, turn it first" in sentences(found.notes)
    assert read_mask_with_notes(_png(WANTED), (WIDTH, HEIGHT)).notes == ()
