"""Fades, membranes and fills do what the pipeline relies on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.erase.compositing.blending import composite
from inference.erase.compositing.colours import membrane
from inference.erase.geometry.fading import fade_mask, grown
from inference.fill.classical import flow_fill, patch_fill, push_pull, smooth_fill


def disc(size: int = 64, radius: int = 10) -> np.ndarray:
    y, x = np.mgrid[:size, :size] - size // 2
    return y**2 + x**2 <= radius**2


def test_fade_is_one_over_the_grown_hole_and_zero_beyond_the_fade() -> None:
    hole = disc()
    alpha = fade_mask(hole, grow=3, fade=8)
    assert (alpha[grown(hole, 3)] == 1).all()
    assert (alpha[~grown(hole, 11)] == 0).all()
    row = alpha[32, 32:]
    assert (np.diff(row) <= 0).all()
    assert 0.4 < alpha[32, 32 + 10 + 3 + 4] < 0.6


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 1000), grow=st.floats(0, 5), fade=st.floats(0, 10))
def test_composite_leaves_bytes_where_alpha_is_zero(seed: int, grow: float, fade: float) -> None:
    rng = np.random.default_rng(seed)
    picture = rng.integers(0, 256, (40, 40, 3), dtype=np.uint8)
    result = rng.normal(128, 200, (40, 40, 3)).astype(np.float32)
    alpha = fade_mask(disc(40, 6), grow, fade)
    blended = composite(picture, result, alpha)
    assert np.array_equal(blended[alpha == 0], picture[alpha == 0])
    inside = alpha == 1
    assert np.array_equal(blended[inside], np.clip(np.rint(result[inside]), 0, 255).astype(np.uint8))


def test_membrane_closes_a_constant_and_a_sloping_difference() -> None:
    hole = disc(96, 20)
    slope = np.linspace(-10, 30, 96, dtype=np.float32)[None, :, None].repeat(96, 0).repeat(3, 2)
    for difference in (np.full((96, 96, 3), 7, np.float32), slope):
        surface = membrane(difference, hole, ring=6)
        assert np.abs(surface - difference)[hole].max() < 4


def test_push_pull_keeps_what_is_known_and_interpolates_the_rest() -> None:
    values = np.full((33, 47, 3), 5, np.float32)
    weight = np.zeros((33, 47), np.float32)
    weight[:4, :4] = 1
    assert np.allclose(push_pull(values, weight), 5, atol=1e-3)
    assert np.allclose(push_pull(values, np.zeros_like(weight), 9.0), 9)


def test_smooth_fill_of_an_unknown_picture_is_grey() -> None:
    picture = np.zeros((7, 5, 3), np.uint8)
    assert (smooth_fill(picture, np.ones((7, 5), bool)) == 128).all()


@settings(deadline=None, max_examples=15)
@given(height=st.integers(1, 60), width=st.integers(1, 60), seed=st.integers(0, 100))
def test_fills_change_only_the_hole(height: int, width: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    picture = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    hole = rng.random((height, width)) < 0.3
    for filled in (patch_fill(picture, hole, radius=3), smooth_fill(picture, hole)):
        assert filled.shape == picture.shape
        assert np.array_equal(filled[~hole], picture[~hole])


def test_patch_fill_continues_a_texture_and_repeats_itself() -> None:
    stripes = np.where(np.arange(96)[None, :, None] // 4 % 2, 220, 30).astype(np.uint8)
    picture = np.broadcast_to(stripes, (96, 96, 3)).copy()
    damaged = picture.copy()
    damaged[disc(96, 14)] = 128
    filled = patch_fill(damaged, disc(96, 14), radius=4, seed=3)
    assert np.abs(filled.astype(int) - picture)[disc(96, 14)].mean() < 25
    assert np.array_equal(filled, patch_fill(damaged, disc(96, 14), radius=4, seed=3))


@pytest.mark.parametrize(("height", "width", "depth"), [(24, 200, 60), (24, 300, 200), (200, 24, 90), (96, 128, 118)])
def test_patch_fill_reaches_the_inside_of_deep_holes(height: int, width: int, depth: int) -> None:
    picture = np.full((height, width, 3), 200, np.uint8)
    hole = np.zeros((height, width), bool)
    hole[-depth if height > width else 0 :, -depth if width >= height else 0 :] = True
    picture[hole] = 0
    assert np.abs(patch_fill(picture, hole, radius=4).astype(int) - 200).max() < 20


@pytest.mark.parametrize("height", [1, 2])
def test_fills_of_the_thinnest_pictures_repeat_themselves(height: int) -> None:
    picture = np.random.default_rng(1).integers(0, 256, (height, 500, 3), dtype=np.uint8)
    hole = np.zeros((height, 500), bool)
    hole[:, 240:260] = True
    assert len({patch_fill(picture.copy(), hole).tobytes() for _ in range(8)}) == 1


@given(height=st.integers(1, 40), width=st.integers(1, 40), seed=st.integers(0, 100))
def test_a_continued_fill_knows_nothing_of_what_it_replaces(height: int, width: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    picture = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    hole = rng.random((height, width)) < rng.random()
    filled = flow_fill(picture, hole)
    assert filled.shape == picture.shape and filled.dtype == np.uint8
    assert np.array_equal(filled[~hole], picture[~hole])
    other = np.where(hole[..., None], rng.integers(0, 256, picture.shape), picture).astype(np.uint8)
    assert np.array_equal(flow_fill(other, hole), filled)


def test_a_continued_fill_goes_on_with_a_gradient() -> None:
    ramp = np.broadcast_to(np.linspace(40, 200, 128)[None, :, None], (128, 128, 3)).astype(np.uint8)
    filled = flow_fill(ramp, disc(128, 16))
    assert np.abs(filled.astype(int) - ramp).max() < 16
