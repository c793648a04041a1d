"""A patch fill corrected by a guide: where it changes, where it gives way, at any size."""

from __future__ import annotations

import numpy as np
import pytest

from inference.fill.colour_correction import Guide, corrected, correction, smoothstep

N = 64


def _hole() -> np.ndarray:
    hole = np.zeros((N, N), bool)
    hole[20:44, 16:48] = True
    return hole


def _guide(colour: float, *, believed: float = 0.0, texture: float = 0.0) -> Guide:
    full = np.full((N, N, 3), colour, np.float32)
    plane = np.ones((N, N), np.float32)
    return Guide(full, full, believed * plane, texture * plane)


def _patched() -> np.ndarray:
    return np.random.default_rng(1).integers(80, 120, (N, N, 3)).astype(np.uint8)


def _whole(patched: np.ndarray, change: np.ndarray, side: int = N) -> np.ndarray:
    scale = N / side
    return corrected(patched, change, np.array([[scale, 0, 0], [0, scale, 0]]), (0, 0, side, side))


def test_a_guide_that_agrees_changes_nothing() -> None:
    patched = _patched()
    own = patched.astype(np.float32)
    guide = Guide(own, own, np.zeros((N, N), np.float32), np.zeros((N, N), np.float32))
    assert np.array_equal(_whole(patched, correction(guide, own, _hole())), patched)


def test_texture_stays_where_there_is_some_and_moves_towards_the_guide() -> None:
    patched, hole = _patched(), _hole()
    result = _whole(patched, correction(_guide(160, believed=1.0, texture=0.2), patched.astype(np.float32), hole))
    middle = np.s_[28:36, 24:40]
    assert 20 < (result[middle].mean() - patched[middle].mean()) < 60
    assert abs(result[middle].std() - patched[middle].std()) < 4
    assert np.array_equal(result[~hole], patched[~hole])


def test_patches_give_way_in_smooth_surroundings_where_edges_are_believed() -> None:
    patched, hole = _patched(), _hole()
    result = _whole(patched, correction(_guide(160, believed=1.0, texture=-0.9), patched.astype(np.float32), hole))
    assert np.array_equal(result[hole], np.full_like(result[hole], 160))
    assert np.array_equal(result[~hole], patched[~hole])


@pytest.mark.parametrize("side", [40, 300])
def test_any_size_of_picture(side: int) -> None:
    patched = np.full((side, side, 3), 100, np.uint8)
    change = correction(_guide(200, believed=1.0, texture=-0.9), np.full((N, N, 3), 100, np.float32), _hole())
    result = _whole(patched, change, side)
    assert result.shape == patched.shape and result[side // 2, side // 2, 0] == 200 and result[1, 1, 0] == 100


def test_steps_are_smooth_in_either_direction() -> None:
    values = np.array([-1.0, 0.0, 0.5, 1.0, 2.0], np.float32)
    assert smoothstep(0, 1, values).tolist() == [0, 0, 0.5, 1, 1]
    assert smoothstep(1, 0, values).tolist() == [1, 1, 0.5, 0, 0]
