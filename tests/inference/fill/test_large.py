"""Large holes: tiles cover them, fills stay sharp, windows along thin ones."""

from __future__ import annotations

import itertools
from pathlib import Path

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from inference import ErasePipeline
from inference.erase.geometry.tiles import MOST, axis_starts, feather, plan_tiles, tiled_side
from inference.fill.detail import copied_detail
from inference.fill.large import fill_box
from inference.runtime import never


def texture(height: int, width: int) -> np.ndarray:
    """Fine noise over a slope: a reduced picture of it has no noise left."""
    rng = np.random.default_rng(1)
    slope = np.linspace(60, 180, width)[None, :, None]
    return np.clip(slope + rng.normal(0, 25, (height, width, 3)), 0, 255).astype(np.uint8)


def sharpness(rgb: np.ndarray) -> float:
    return float(np.abs(np.diff(rgb.astype(np.float32), axis=1)).mean())


@settings(deadline=None, max_examples=60)
@given(low=st.integers(0, 900), length=st.integers(1, 900), side=st.integers(16, 300), more=st.integers(0, 400))
def test_spans_cover_lie_inside_and_overlap(low: int, length: int, side: int, more: int) -> None:
    limit = max(low + length + more, side)
    starts = axis_starts(low, low + length, side, limit)
    assert all(0 <= start <= limit - side for start in starts)
    covered = np.zeros(limit, bool)
    for start in starts:
        covered[start : start + side] = True
    assert covered[low : low + length].all()
    assert all(b - a <= side * 0.75 + 1 for a, b in itertools.pairwise(starts))


def test_tiles_without_a_hole_are_left_out_and_their_number_is_bounded() -> None:
    hole = np.zeros((1000, 1000), bool)
    hole[:10, :10] = hole[-10:, -10:] = True
    assert len(plan_tiles(hole, 200)) == 2
    assert plan_tiles(np.zeros((300, 300), bool), 100) == []
    whole = tiled_side((4000, 4000), 8000, 512)
    assert 512 < whole < 8000
    scaled = np.zeros((whole, whole), bool)
    scaled[whole // 4 : whole * 3 // 4, whole // 4 : whole * 3 // 4] = True
    assert len(plan_tiles(scaled, 512)) <= MOST


def test_a_feather_is_full_in_the_middle_and_at_the_pictures_edge() -> None:
    weight = feather(64, (True, False, False, False))
    assert weight[0, 32] == weight[32, 32] == 1
    assert weight[-1, 32] < 0.05
    assert weight[32, 0] < 0.05


def test_a_large_fill_is_as_sharp_as_its_surroundings() -> None:
    picture = texture(1200, 1200)
    hole = np.ones((400, 500), bool)
    damaged = picture.copy()
    damaged[400:800, 300:800] = (255, 0, 255)
    fill = fill_box(damaged, (300, 400, 800, 800), hole, thickness=400, radius=3, seed=1, check=never)
    assert fill.rgb.shape == (400, 500, 3)
    assert max(fill.reduced.shape) == 768
    ratio = sharpness(fill.rgb[20:-20, 20:-20]) / sharpness(picture)
    assert 0.5 < ratio < 1.2
    enlarged = cv2.resize(fill.reduced, (1200, 1200), interpolation=cv2.INTER_CUBIC)[420:780, 320:780]
    assert sharpness(fill.rgb[20:-20, 20:-20]) > 1.4 * sharpness(enlarged)
    assert np.abs(fill.rgb.astype(int).mean(0) - picture[400:800, 300:800].mean(0)).mean() < 30, "tones go on"
    again = fill_box(damaged, (300, 400, 800, 800), hole, thickness=400, radius=3, seed=1, check=never)
    assert np.array_equal(fill.rgb, again.rgb)


def test_a_long_thin_hole_is_filled_at_full_size() -> None:
    picture = texture(200, 1500)
    hole = np.zeros((20, 1400), bool)
    hole[5:15] = True
    damaged = picture.copy()
    damaged[95:105, 50:1450] = (255, 0, 255)
    fill = fill_box(damaged, (50, 90, 1450, 110), hole, thickness=10, radius=3, seed=1, check=never)
    assert np.array_equal(fill.rgb[~hole], damaged[90:110, 50:1450][~hole])
    inside = fill.rgb[5:15].astype(int)
    assert not ((inside[..., 0] > 240) & (inside[..., 1] < 15)).any()
    assert sharpness(fill.rgb[5:15]) > 0.6 * sharpness(picture)


def test_detail_without_anything_known_is_the_reduced_picture() -> None:
    picture, reduced = texture(80, 80), np.full((40, 40, 3), 77, np.uint8)
    made = copied_detail(
        picture, reduced, np.ones((40, 40), bool), (0, 0, 80, 80), np.ones((80, 80), bool), seed=0, check=never
    )
    assert (made == 77).all()


def test_a_hole_larger_than_the_model_is_denoised_in_tiles(published_folder: Path) -> None:
    pipeline = ErasePipeline.load(published_folder, device="cpu")
    image = texture(420, 420)
    mask = np.zeros((420, 420), np.uint8)
    mask[120:300, 100:300] = 255
    plan = pipeline.planned(image, mask, steps=4)
    assert plan.steps > 4
    seen: list[tuple[int, int]] = []

    def on_step(step: int, total: int, preview: object) -> None:
        seen.append((step, total))

    result = pipeline.erase(image, mask, steps=4, on_step=on_step)
    assert seen == [(step, plan.steps) for step in range(plan.steps + 1)]  # 0: the draft
    assert not ((result != image).any(2) & ~pipeline.affected(mask)).any()


def test_a_very_long_picture_and_a_hole_across_it(tiny: ErasePipeline) -> None:
    image, mask = texture(60, 2400), np.zeros((60, 2400), np.uint8)
    mask[20:40, 300:2100] = 255
    result = tiny.erase(image, mask)
    changed = (result != image).any(2)
    assert changed[25:35, 400:2000].mean() > 0.9
    assert not (changed & ~tiny.affected(mask)).any()
