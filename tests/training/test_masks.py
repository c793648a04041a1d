"""Masks have the size, values and coverage that training relies on."""

from __future__ import annotations

import numpy as np
import pytest

from training.masks import object_mask, random_mask


@pytest.mark.parametrize("seed", range(12))
def test_random_masks_leave_at_least_half(seed: int) -> None:
    mask = random_mask(128, np.random.default_rng(seed))
    assert mask.shape == (128, 128)
    assert set(np.unique(mask)) == {0, 255}
    assert 0.01 <= (mask > 0).mean() <= 0.5
    assert np.array_equal(mask, random_mask(128, np.random.default_rng(seed))), "the same seed, the same mask"


def test_an_object_mask_covers_the_object_and_a_margin() -> None:
    alpha = np.zeros((64, 64), np.uint8)
    alpha[20:40, 20:40] = 255
    mask = object_mask(alpha, np.random.default_rng(0))
    assert (mask[18:42, 20:40] == 255).all()
    assert mask[:8].max() == 0
