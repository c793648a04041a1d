"""Fills that may copy from a marked area only."""

from __future__ import annotations

import numpy as np
import pytest

from inference import ErasePipeline, Preview
from inference.errors import InputError
from inference.fill.classical import patch_fill
from inference.models.catalogue import PATCH_FILL


def two_fields(height: int, width: int) -> np.ndarray:
    """Red noise at the left, green at the right."""
    picture = np.random.default_rng(2).integers(0, 60, (height, width, 3)).astype(np.uint8)
    picture[:, : width // 2, 0] += 150
    picture[:, width // 2 :, 1] += 150
    return picture


def red_and_green(pixels: np.ndarray) -> tuple[float, float]:
    return float(pixels[..., 0].mean()), float(pixels[..., 1].mean())


def filled(picture: np.ndarray, hole: np.ndarray, source: np.ndarray | None) -> np.ndarray:
    return ErasePipeline.load(PATCH_FILL).erase(picture, hole, source=source)


def test_patches_come_from_the_source_only() -> None:
    picture = two_fields(160, 160)
    hole, source = np.zeros((2, 160, 160), bool)
    hole[60:90, 20:50] = True
    source[:, 100:150] = True
    result = patch_fill(picture, hole, radius=3, seed=1, source=source)
    red, green = red_and_green(result[hole])
    assert green > 150 > 60 > red
    assert np.array_equal(result[~hole], picture[~hole])
    red, green = red_and_green(patch_fill(picture, hole, radius=3, seed=1)[hole])
    assert red > 150 > 60 > green


@pytest.mark.parametrize("side", [300, 1100, 1700])
def test_an_erase_copies_from_a_source_beside_what_the_region_sees(side: int) -> None:
    """In the hole's surroundings, and so far away that all between is looked at reduced."""
    picture = two_fields(side, side)
    hole, source = np.zeros((2, side, side), np.uint8)
    hole[120:160, 30:70] = 255
    source[-120:, -110:] = 255
    result = filled(picture, hole, source)
    red, green = red_and_green(result[125:155, 35:65])
    assert green > red + 60
    assert np.array_equal(result[200:], picture[200:])
    assert np.array_equal(result, filled(picture, hole, source))


def test_what_is_barred_is_not_copied() -> None:
    picture = two_fields(200, 400)
    hole, source = np.zeros((200, 400), np.uint8), np.full((200, 400), 255, np.uint8)
    hole[80:110, 185:215] = 255
    source[:, :200] = 0
    red, green = red_and_green(filled(picture, hole, source)[85:105, 190:210])
    assert green > red + 60


def test_a_model_starts_from_such_a_fill() -> None:
    picture = two_fields(200, 200)
    hole, source = np.zeros((2, 200, 200), np.uint8)
    hole[60:90, 20:50], source[:, 120:] = 255, 255
    drafts: list[Preview] = []
    pipeline = ErasePipeline.load("moebius-nano", "cpu")
    pipeline.erase(picture, hole, steps=1, source=source, on_step=lambda step, total, preview: drafts.append(preview))
    x0, y0 = drafts[1].box[:2]  # after the smooth fill
    red, green = red_and_green(drafts[1].rgb[65 - y0 : 85 - y0, 25 - x0 : 45 - x0])
    assert green > red + 60


def test_a_sample_area_that_holds_nothing_is_refused() -> None:
    picture, hole = two_fields(64, 64), np.zeros((64, 64), np.uint8)
    hole[20:40, 20:40] = 255
    for source in (np.zeros_like(hole), hole):
        with pytest.raises(InputError, match="Nothing to copy from"):
            filled(picture, hole, source)
    with pytest.raises(InputError, match=r"sample area is 5 x 4 .* picture 64 x 64"):
        filled(picture, hole, np.zeros((4, 5), np.uint8))
    with pytest.raises(InputError, match="uint8 or bool"):
        filled(picture, hole, hole.astype(np.float32))
