"""A patch fill's colours moved towards a guide: where, how far, and what becomes of its texture."""

from __future__ import annotations

import numpy as np

from inference.fill import colour_correction
from inference.fill.correction import EVEN, GAIN

N = 64


def _hole() -> np.ndarray:
    hole = np.zeros((N, N), bool)
    hole[16:48, 12:52] = True
    return hole


def _patched() -> np.ndarray:
    return np.random.default_rng(1).integers(80, 120, (N, N, 3)).astype(np.float32)


def test_a_guide_that_agrees_changes_nothing() -> None:
    patched = _patched()
    assert not colour_correction(patched, patched, _hole()).any()


def test_colours_move_towards_the_guide_and_texture_stays() -> None:
    patched, hole = _patched(), _hole()
    change = colour_correction(np.full_like(patched, 160), patched, hole)
    assert not change[~hole].any()
    middle = np.s_[28:36, 26:38]
    assert abs(change[middle].mean() - EVEN * GAIN * 60) < 6
    moved = patched + change
    assert abs(moved[middle].std() - patched[middle].std()) < 2


def test_it_fades_towards_the_edge_of_the_hole() -> None:
    change = colour_correction(np.full((N, N, 3), 100, np.float32), np.zeros((N, N, 3), np.float32), _hole())
    across = change[32, 12:52, 0]
    assert across[0] < 0.7 * across[20] and (np.diff(across[:10]) >= 0).all()


def test_a_blotch_in_a_smooth_fill_is_taken_away_and_none_is_made() -> None:
    hole, smooth = _hole(), np.full((N, N, 3), 100, np.float32)
    rows, columns = np.mgrid[:N, :N]
    blotch = 60 * np.exp(-((rows - 32) ** 2 + (columns - 32) ** 2) / 128)[..., None].astype(np.float32)
    made = colour_correction(smooth - blotch, smooth, hole)
    taken = colour_correction(smooth, smooth - blotch, hole)
    assert np.abs(made).max() < 3
    assert taken[32, 32].min() > 20
