"""Guided patch synthesis: what it may copy, what the guide does, and what it does where there is nothing to copy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.fill.guided import energy_of_cells, synthesis, synthesize
from inference.fill.guided.levels import sizes


class Stopped(Exception):
    pass


def textured(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Dark noise above a line that falls to the right, bright stripes below it: uint8."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    below = y > height * 0.35 + x * 0.3
    dark = 50 + rng.normal(0, 12, (height, width))
    bright = 180 + 30 * np.sin(x * 0.9)
    grey = np.where(below, bright, dark)
    return np.clip(grey[..., None] + np.array([8, 0, -8]), 0, 255).astype(np.uint8)


def disc(height: int, width: int, radius: float) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    return (y - height / 2) ** 2 + (x - width / 2) ** 2 < radius**2


def numbered(height: int, width: int) -> np.ndarray:
    """Every pixel another colour, uint16: the colour of a copy says where it is from."""
    order = np.random.default_rng(1).permutation(60_000)[: height * width].reshape(height, width)
    return np.dstack([order, order * 7919 % 65_521, order * 104_729 % 65_519]).astype(np.uint16)


def cells(picture: np.ndarray, size: int) -> np.ndarray:
    height, width = picture.shape[:2]
    blocks = picture[: height // size * size, : width // size * size].astype(np.float32)
    return blocks.reshape(height // size, size, width // size, size, -1).mean((1, 3))


@settings(max_examples=25, deadline=None)
@given(
    st.integers(1, 48),
    st.integers(1, 48),
    st.integers(0, 1000),
    st.sampled_from(["none", "half", "scattered"]),
    st.booleans(),
)
def test_only_what_is_free_is_copied(height: int, width: int, seed: int, kind: str, small: bool) -> None:
    rng = np.random.default_rng(seed)
    rgb = numbered(height, width)
    hole = np.zeros((height, width), bool)
    y, x = rng.integers(height), rng.integers(width)
    hole[y : y + rng.integers(1, 20), x : x + rng.integers(1, 20)] = True
    source = None
    if kind == "half":
        source = np.zeros((height, width), bool)
        source[:, : width // 2] = True
    elif kind == "scattered":
        source = rng.random((height, width)) < 0.97
    limit = synthesis.MOST_PIXELS
    synthesis.MOST_PIXELS = 600 if small else limit
    try:
        result = synthesize(rgb, hole, None, source=source, seed=seed)
    finally:
        synthesis.MOST_PIXELS = limit
    assert result.dtype == np.uint16
    assert np.array_equal(result[~hole], rgb[~hole])
    free = ~hole if source is None else ~hole & source
    allowed = {tuple(colour) for colour in rgb[free]}
    forbidden = {tuple(colour) for colour in rgb[~free]} - allowed
    made = [tuple(colour) for colour in result[hole]]
    assert not forbidden & set(made)
    patch = np.lib.stride_tricks.sliding_window_view(free, (3, 3)).all((2, 3)) if min(free.shape) >= 3 else np.zeros(1)
    if patch.any() and not small:  # then all of it is copied, at full depth
        assert set(made) <= allowed


def test_the_guide_decides_what_is_copied() -> None:
    truth, hole = textured(96, 96), disc(96, 96, 22)
    damaged = np.where(hole[..., None], 127, truth).astype(np.uint8)
    guided = synthesize(damaged, hole, cells(truth, 4), seed=3)
    wrong = synthesize(damaged, hole, 255 - cells(truth, 4), seed=3)
    assert np.array_equal(guided[~hole], truth[~hole])

    def error(result: np.ndarray) -> float:
        return float(np.abs(result[hole].astype(float) - truth[hole]).mean())

    assert error(guided) < 20
    assert error(wrong) > 2 * error(guided)
    # A picture, not the mean of many: its stripes are as strong as the known ones
    below = hole & (truth[..., 1] > 120)
    assert guided[..., 1][below].std() > 0.7 * truth[..., 1][below].std()


def test_where_it_is_not_trusted_the_guide_moves_no_colour() -> None:
    rgb, hole = numbered(64, 64), disc(64, 64, 12)
    guide = np.full((16, 16, 3), 90, np.float32)
    free = {tuple(colour) for colour in rgb[~hole]}
    distrusted = synthesize(rgb, hole, guide, trust=np.zeros((64, 64), np.float32))
    assert {tuple(colour) for colour in distrusted[hole]} <= free
    trusted = synthesize(rgb, hole, guide, trust=np.ones((16, 16), np.float32))
    assert not {tuple(colour) for colour in trusted[hole]} <= free


def test_colours_move_by_30_levels_at_most() -> None:
    rgb, hole = np.full((64, 64, 3), 100, np.uint8), disc(64, 64, 10)
    near = synthesize(rgb, hole, np.full((16, 16, 3), 120, np.float32))
    far = synthesize(rgb, hole, np.full((16, 16, 3), 240, np.float32))
    assert np.abs(near[hole].astype(int) - 120).max() <= 5
    assert far[hole].min() > 120 and far[hole].max() <= 130


def test_the_energy_tells_rough_from_smooth() -> None:
    rng = np.random.default_rng(0)
    truth = np.full((96, 96, 3), 128, np.uint8)
    truth[:, 48:] = np.clip(128 + rng.normal(0, 30, (96, 48, 3)), 0, 255)
    hole = np.zeros((96, 96), bool)
    hole[40:60, 20:76] = True
    damaged = np.where(hole[..., None], 127, truth).astype(np.uint8)
    guide = np.full((24, 24, 3), 128, np.float32)
    energy, _ = energy_of_cells(truth.astype(np.float32), np.ones((96, 96), bool), (24, 24))
    result = synthesize(damaged, hole, guide, energy=energy).astype(float)
    assert result[40:60, 20:44].std() < 5
    assert result[40:60, 52:76].std() > 20


@pytest.mark.parametrize("guided", [False, True])
def test_the_same_seed_gives_the_same_bytes_on_any_number_of_threads(guided: bool) -> None:
    truth, hole = textured(120, 100), disc(120, 100, 25)
    guide = cells(truth, 4) if guided else None
    threads = torch.get_num_threads()
    try:
        results = []
        for count in (1, 2, 2):
            torch.set_num_threads(count)
            results.append(synthesize(truth, hole, guide, seed=5).tobytes())
    finally:
        torch.set_num_threads(threads)
    assert len(set(results)) == 1
    assert synthesize(truth, hole, guide, seed=6).tobytes() != results[0]


def test_previews_come_with_every_level_and_round() -> None:
    truth, hole = textured(128, 128), disc(128, 128, 25)
    seen: list[np.ndarray] = []
    synthesize(truth, hole, cells(truth, 4), on_preview=seen.append)
    levels = len(sizes((128, 128)))
    assert len(seen) == levels + synthesis.ROUNDS[0] - 1
    for preview in seen:
        assert preview.shape == truth.shape and preview.dtype == np.uint8
        assert np.array_equal(preview[~hole], truth[~hole])


def test_it_stops_where_it_is_asked_to() -> None:
    truth, hole = textured(96, 96), disc(96, 96, 22)
    calls = 0

    def count() -> None:
        nonlocal calls
        calls += 1

    synthesize(truth, hole, cells(truth, 4), check=count)
    assert calls > 500  # within every sweep, not only between rounds
    for last in (1, 7, calls // 2, calls):
        left = last

        def stop() -> None:
            nonlocal left
            left -= 1
            if not left:
                raise Stopped

        with pytest.raises(Stopped):
            synthesize(truth, hole, cells(truth, 4), check=stop)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_where_nothing_can_be_copied_the_guide_is_the_answer(dtype: type) -> None:
    depth = 257 if dtype == np.uint16 else 1
    rgb: np.ndarray = (textured(40, 30) * np.array(depth, dtype)).astype(dtype)
    everything, nothing = np.ones((40, 30), bool), np.zeros((40, 30), bool)
    guide = np.full((10, 8, 3), (10, 20, 30), np.float32)
    colour = [10 * depth, 20 * depth, 30 * depth]
    assert synthesize(rgb, everything, guide)[20, 15].tolist() == colour
    assert synthesize(rgb, disc(40, 30, 8), guide, source=nothing)[20, 15].tolist() == colour
    assert np.array_equal(synthesize(rgb, nothing, guide), rgb)
    grey = synthesize(rgb, everything, None)
    assert grey.dtype == dtype and np.unique(grey).tolist() == [128 * depth if depth == 1 else round(127.5 * 257)]
    smooth = synthesize(rgb, disc(40, 30, 8), None, source=nothing)
    assert rgb.min() <= smooth.min() and smooth.max() <= rgb.max()


def test_a_picture_of_one_pixel() -> None:
    rgb = np.full((1, 1, 3), 9, np.uint8)
    hole = np.ones((1, 1), bool)
    assert synthesize(rgb, hole, np.full((1, 1, 3), 77, np.float32)).tolist() == [[[77] * 3]]
    assert synthesize(rgb, ~hole, None).tolist() == [[[9] * 3]]


def test_a_larger_picture_is_searched_reduced_and_copied_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(synthesis, "MOST_PIXELS", 80 * 80)
    truth, hole = textured(200, 240), disc(200, 240, 40)
    damaged = np.where(hole[..., None], 127, truth).astype(np.uint8)
    result = synthesize(damaged, hole, cells(truth, 8), seed=1)
    assert np.array_equal(result[~hole], truth[~hole])
    error = np.abs(result[hole].astype(float) - truth[hole]).mean()
    assert error < 25
    dark = hole & (truth[..., 1] < 120)
    assert result[..., 1][dark].std() > 0.7 * truth[..., 1][dark].std()  # enlarging would have lost the noise


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"rgb": np.zeros((8, 8, 4), np.uint8)}, "the picture must be"),
        ({"rgb": np.zeros((8, 8, 3), np.float32)}, "the picture must be"),
        ({"hole": np.zeros((8, 7), bool)}, "the hole must be"),
        ({"hole": np.zeros((8, 8), np.uint8)}, "the hole must be"),
        ({"source": np.zeros((4, 4), bool)}, "the source must be"),
        ({"guide": np.zeros((4, 4), np.float32)}, "the guide must be"),
        ({"energy": np.zeros((5, 4), np.float32)}, "energy must be"),
        ({"trust": np.zeros((5, 4), np.float32)}, "trust must be"),
        ({"guide": np.full((4, 4, 3), np.nan, np.float32)}, "not finite"),
    ],
)
def test_bad_input_is_refused(changed: dict, message: str) -> None:
    arguments: dict[str, np.ndarray] = {"rgb": np.zeros((8, 8, 3), np.uint8), "hole": np.eye(8, dtype=bool)} | changed
    guide = arguments.pop("guide", np.zeros((4, 4, 3), np.float32))
    with pytest.raises(ValueError, match=message):
        synthesize(arguments.pop("rgb"), arguments.pop("hole"), guide, **arguments)  # type: ignore[arg-type]
