"""Erasing on transparent ground: alpha is filled, hidden colours are no source, all else stays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from app.document.editing import Document, model_view
from app.document.editing.compositing import put_in
from app.document.editing.transparency import filled_alpha
from app.document.pixels import Box, Picture


@dataclass(frozen=True)
class SixteenBitValues:
    colours: Any
    share: Any


@dataclass(frozen=True)
class Patch:
    box: Box
    rgb: Any
    sixteen_bit: SixteenBitValues | None = None


def sticker(kind: type = np.uint8) -> Picture:
    """A disc on transparent ground whose hidden colours are garish."""
    y, x = np.mgrid[:60, :80]
    top = np.iinfo(kind).max
    pixels: Any = np.empty((60, 80, 4), kind)
    pixels[...] = (0, top, 0, 0)
    inside = np.hypot(x - 40, y - 30) < 20
    pixels[inside] = (top // 2, top // 4, top // 8, top)
    return Picture(pixels)


def patch_of(mask: np.ndarray, box: Box) -> Patch:
    x0, y0, x1, y1 = box
    share = mask[y0:y1, x0:x1].astype(np.float32) / 255
    colours = np.full((y1 - y0, x1 - x0, 3), 1000, np.uint16)
    return Patch(box, (colours // 257).astype(np.uint8), SixteenBitValues(colours, share))


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_a_thing_erased_whole_leaves_nothing_opaque(kind: type) -> None:
    picture = sticker(kind)
    mask = np.zeros((60, 80), np.uint8)
    mask[5:55, 15:65] = 255
    before = picture.pixels.copy()
    document = Document(picture)
    edit = document.apply_result([patch_of(mask, (10, 2, 70, 58))], mask)
    assert edit is not None
    assert not picture.pixels[mask > 0, 3].any()
    np.testing.assert_array_equal(picture.pixels[mask == 0], before[mask == 0])
    assert (picture.pixels[mask > 0, :3] == picture.pixels[5, 15, :3]).all()  # nothing of it under zero alpha either
    edit.undo(document)
    np.testing.assert_array_equal(picture.pixels, before)


def test_a_thing_close_by_stays_where_it_is() -> None:
    """The fade may reach it, the mask does not."""
    picture = sticker()
    before = picture.pixels.copy()
    mask = np.zeros((60, 80), np.uint8)
    mask[20:40, 2:19] = 255
    patch = patch_of(mask, (0, 15, 40, 45))
    assert patch.sixteen_bit is not None
    patch.sixteen_bit.share[:, 19:25] = 0.5
    put_in(picture, [patch], mask)
    np.testing.assert_array_equal(picture.pixels[..., 3], before[..., 3])


def test_a_hole_inside_stays_opaque_and_one_at_the_edge_continues_it() -> None:
    picture = sticker()
    before = picture.pixels.copy()
    mask = np.zeros((60, 80), np.uint8)
    mask[25:35, 35:45] = 255
    put_in(picture, [patch_of(mask, (30, 20, 50, 40))], mask)
    np.testing.assert_array_equal(picture.pixels[..., 3], before[..., 3])
    mask[:], picture.pixels[...] = 0, before
    mask[20:40, 15:25] = 255  # half of it on the thing, half beside
    put_in(picture, [patch_of(mask, (10, 15, 32, 45))], mask)
    alpha = picture.pixels[20:40, 15:25, 3]
    assert alpha.min() == 0
    assert alpha.max() == 255


def test_a_soft_mask_takes_alpha_by_its_values() -> None:
    picture = sticker()
    mask = np.zeros((60, 80), np.uint8)
    mask[5:55, 15:65] = 100
    put_in(picture, [patch_of(mask, (10, 2, 70, 58))], mask)
    assert abs(int(picture.pixels[30, 40, 3]) - 155) <= 1


def test_hidden_colours_are_no_source() -> None:
    picture = sticker()
    mask = np.zeros((60, 80), np.uint8)
    mask[25:35, 35:45] = 255
    rgb, source = model_view(picture, mask)
    assert source is not None
    np.testing.assert_array_equal(source > 127, picture.pixels[..., 3] > 0)
    assert not (rgb == (0, 255, 0)).all(axis=2).any()
    visible = picture.pixels[..., 3] > 0
    np.testing.assert_array_equal(rgb[visible], picture.pixels[visible, :3])
    user = np.zeros((60, 80), np.uint8)
    user[:, 40:] = 255
    _, both = model_view(picture, mask, user)
    assert both is not None
    assert not both[:, :40].any()
    # With all that is visible erased there is no source left to keep to.
    mask[:] = np.where(visible, 255, 0)
    assert model_view(picture, mask)[1] is None
    assert model_view(Picture(picture.pixels[..., :3]), mask)[1] is None


def test_alpha_without_anything_known_stays() -> None:
    alpha = np.arange(16, dtype=np.uint8).reshape(4, 4)
    np.testing.assert_array_equal(filled_alpha(alpha, np.ones((4, 4), bool)), alpha)
    np.testing.assert_array_equal(filled_alpha(alpha, np.zeros((4, 4), bool)), alpha)
    large = np.zeros((1500, 1500), np.uint16)
    large[:, 700:] = 65535
    hole = np.zeros(large.shape, bool)
    hole[500:900, 600:800] = True
    filled = filled_alpha(large, hole)
    np.testing.assert_array_equal(filled[~hole], large[~hole])
    assert filled[700, 605] < 10000
    assert filled[700, 795] > 55000
