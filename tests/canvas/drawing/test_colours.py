"""Pictures with a colour profile are shown as it says, at every zoom, before and after."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from app.canvas.drawing.layers import CanvasLayers
from app.canvas.drawing.original import OriginalPixels
from app.canvas.drawing.pyramid import Pyramid, srgb_converter
from app.canvas.drawing.viewport import Viewport
from app.document.editing.document import Document
from app.document.pixels.colour import srgb_pixels
from app.document.pixels.picture import Picture
from app.document.pixels.storage import Pixels
from tests.document.icc_files import P3


def _drawn(layers: CanvasLayers, size: tuple[int, int], zoom: float) -> np.ndarray:
    view = Viewport()
    view.picture = size
    width, height = round(size[0] * zoom), round(size[1] * zoom)
    view.resize(width, height, 0)
    view.fit(0)
    out, edges = np.zeros((height, width, 4), np.uint8), np.zeros((height, width), np.uint8)
    layers.draw(view, (0, 0, width, height), out, edges)
    return out[..., 2::-1]


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [3, 4])
def test_a_profile_is_minded(kind: Any, channels: int) -> None:
    top = np.iinfo(kind).max
    pixels: Pixels = np.zeros((600, 800, channels), kind)
    pixels[..., :3] = np.array([200, 90, 40]) * (top // 255)
    pixels[..., 3:] = top
    document = Document(Picture(pixels, icc_profile=P3))
    wanted = srgb_pixels(document.picture)[0, 0].astype(int)
    assert np.abs(wanted - (200, 90, 40)).max() > 5
    layers = CanvasLayers()
    layers.set_document(document, None)
    for zoom in (1.0, 0.25):
        assert np.abs(_drawn(layers, document.size, zoom).astype(int) - wanted).max() <= 1
    layers.keep_before([(0, 0, 800, 600)])
    document.pixels[..., :3] = 0
    layers.update((0, 0, 800, 600))
    assert _drawn(layers, document.size, 1.0).max() == 0
    layers.showing_before = True
    for zoom in (1.0, 0.25):
        assert np.abs(_drawn(layers, document.size, zoom).astype(int) - wanted).max() <= 1
    assert layers.kept is not None
    before = layers.kept.whole()
    assert before.dtype == kind
    assert (before[..., 0] == 200 * (top // 255)).all()


def test_the_stand_in_is_of_the_same_colours() -> None:
    picture = Picture(np.full((2100, 2100, 3), (200, 90, 40), np.uint8), icc_profile=P3)
    pyramid = Pyramid(picture.pixels, see=srgb_converter(picture))
    pyramid.want = lambda _pyramid, _blocks: None
    pyramid.prepare()
    wanted = srgb_pixels(picture)[0, 0].astype(int)
    assert np.abs(pyramid.part(2, (0, 0, 50, 50)).astype(int) - wanted).max() <= 1
    assert srgb_converter(Picture(np.zeros((2, 2, 3), np.uint8))) is None


def test_what_was_before_keeps_its_depth() -> None:
    pixels: Pixels = np.arange(300 * 300 * 3, dtype=np.uint16).reshape(300, 300, 3)
    old = pixels.copy()
    before = OriginalPixels(pixels)
    before.keep([(10, 10, 20, 20)])
    pixels[:100] = 0
    np.testing.assert_array_equal(before.whole()[:256, :256], old[:256, :256])
