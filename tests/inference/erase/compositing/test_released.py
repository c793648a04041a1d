"""The released ways of pasting, and the robust match of colours."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inference.erase.compositing.colours import robust_match
from inference.erase.compositing.released import compensate, paste

DATA = Path(__file__).parents[3] / "data"


@pytest.mark.parametrize(("name", "form"), [("paste", paste), ("compensate", compensate)])
def test_the_released_forms_are_reproduced_byte_by_byte(name: str, form: Callable[..., Any]) -> None:
    with np.load(DATA / "blend.npz") as golden:
        assert np.array_equal(form(golden["image"], golden["mask"], golden["result"]), golden[name])


def test_an_empty_mask_and_a_full_one() -> None:
    picture, result = np.full((20, 20, 3), 90, np.uint8), np.full((20, 20, 3), 30, np.uint8)
    assert np.abs(compensate(picture, np.zeros((20, 20), np.uint8), result).astype(int) - picture).max() <= 1
    assert np.abs(compensate(picture, np.full((20, 20), 255, np.uint8), result).astype(int) - result).max() <= 1


def test_an_offset_is_found_in_spite_of_texture_and_a_stray_object() -> None:
    rng = np.random.default_rng(3)
    picture = rng.normal(120, 25, (60, 60, 3)).astype(np.float32)
    ring = np.zeros((60, 60), bool)
    ring[20:40, 20:40] = True
    result = picture - (7, -4, 12) + rng.normal(0, 3, picture.shape)
    picture[20:24, 20:40] = 255  # a fifth of the ring shows something else
    matched = robust_match(result.astype(np.float32), picture, ring, gain=False)
    assert np.abs((matched - result).mean((0, 1)) - (7, -4, 12)).max() < 2.5


def test_gain_is_bounded() -> None:
    rng = np.random.default_rng(4)
    picture = rng.normal(120, 40, (40, 40, 3)).astype(np.float32)
    ring = np.ones((40, 40), bool)
    flat = (120 + (picture - 120) / 1.1).astype(np.float32)
    close = robust_match(flat, picture, ring, gain=True)
    assert np.abs(close - picture).mean() < np.abs(flat - picture).mean() / 3
    far = robust_match((120 + (picture - 120) / 10).astype(np.float32), picture, ring, gain=True)
    assert far.std() < picture.std() / 7


def test_too_small_a_ring_changes_nothing() -> None:
    result = np.zeros((5, 5, 3), np.float32)
    ring = np.zeros((5, 5), bool)
    ring[0, 0] = True
    assert robust_match(result, result + 9, ring, gain=True) is result
