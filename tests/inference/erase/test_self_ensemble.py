"""Copies of a square in other positions, and the mean of what is made of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.erase.model_io import Decoded, OnStep, Square
from inference.erase.self_ensemble import TURNS, TurnedSquares, turned, turned_back


@given(st.sampled_from(TURNS), st.integers(1, 6), st.integers(0, 1000))
def test_turned_back_is_as_it_was(turn: tuple[int, int, int], side: int, seed: int) -> None:
    values = np.random.default_rng(seed).random((side, side, 3))
    assert np.array_equal(turned_back(turned(values, turn), turn), values)


def test_the_turns_are_the_eight_positions_of_a_square() -> None:
    values = np.arange(9).reshape(3, 3)
    assert len({turned(values, turn).tobytes() for turn in TURNS}) == 8


class Leaning:
    """Makes of a square its picture, brighter towards the top of what it is given."""

    def run(self, square: Square, on_step: OnStep) -> Decoded:
        slope = np.linspace(3, -3, len(square.picture), dtype=np.float32)[:, None, None]
        made = Decoded(square.picture + slope, square.picture.astype(np.float32))
        on_step(0, made)
        return made


def test_an_error_that_turns_with_the_square_goes_with_the_mean() -> None:
    picture = np.random.default_rng(1).random((8, 8, 3)).astype(np.float32)
    square = Square(picture, picture, np.zeros((8, 8), bool))
    seen: list[tuple[int, Decoded]] = []

    def on_step(index: int, decoded: Decoded | None) -> None:
        assert decoded is not None
        seen.append((index, decoded))

    made = TurnedSquares(Leaning(), 12).run(square, on_step)
    np.testing.assert_allclose(made.rgb, picture, atol=1e-5)
    assert made.baseline is not None
    np.testing.assert_allclose(made.baseline, picture, atol=1e-6)
    assert [index for index, _ in seen] == list(range(12))  # the eight positions, and four of them again
    np.testing.assert_allclose(seen[-1][1].rgb, made.rgb, atol=1e-5)  # the last preview is the result
    assert np.abs(seen[0][1].rgb - picture).max() == pytest.approx(3, rel=1e-3)


def test_without_a_baseline_there_is_none_of_the_mean() -> None:
    class Plain:
        def run(self, square: Square, on_step: OnStep) -> Decoded:
            return Decoded(square.picture, None)

    picture = np.ones((4, 4, 3), np.float32)
    assert TurnedSquares(Plain(), 8).run(Square(picture, picture, picture[..., 0] > 0), print).baseline is None
