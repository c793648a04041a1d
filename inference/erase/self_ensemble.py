"""Self-ensemble: the mean of what a model makes of a square and of the same square turned and mirrored.

A small model errs differently on each. Every one is a step that is seen; more of them than positions differ by noise.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.erase.model_io import Decoded, Float, OnStep, Square, Squares

# (columns reversed, rows reversed, rows and columns exchanged), those first that differ most
TURNS = ((0, 0, 0), (1, 1, 0), (1, 0, 1), (0, 1, 1), (1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 1))

Turn = tuple[int, int, int]


def turned(values: NDArray[Any], turn: Turn) -> NDArray[Any]:
    """``values (N, N, ...)`` mirrored, then transposed, as ``turn`` says."""
    columns, rows, exchanged = turn
    values = values[:: -1 if rows else 1, :: -1 if columns else 1]
    return np.ascontiguousarray(values.swapaxes(0, 1) if exchanged else values)


def turned_back(values: NDArray[Any], turn: Turn) -> NDArray[Any]:
    """The opposite of :func:`turned`."""
    columns, rows, exchanged = turn
    values = values.swapaxes(0, 1) if exchanged else values
    return np.ascontiguousarray(values[:: -1 if rows else 1, :: -1 if columns else 1])


class TurnedSquares:
    """Runs a square ``count`` times in one step each, in the positions of :data:`TURNS` one after another."""

    def __init__(self, squares: Squares, count: int) -> None:
        self.squares, self.count = squares, count

    def run(self, square: Square, on_step: OnStep) -> Decoded:
        """As of :class:`inference.erase.square.SquareDenoiser`; previews are means with those done before."""
        mean: Decoded | None = None
        for number in range(self.count):
            turn = TURNS[number % len(TURNS)]

            def report(
                _index: int, made: Decoded | None, number: int = number, turn: Turn = turn, mean: Decoded | None = mean
            ) -> None:
                on_step(number, None if made is None else _with(mean, number, _back(made, turn)))

            copied = Square(turned(square.picture, turn), turned(square.filled, turn), turned(square.hole, turn))
            mean = _with(mean, number, _back(self.squares.run(copied, report), turn))
        assert mean is not None
        return mean


def _back(made: Decoded, turn: Turn) -> Decoded:
    baseline = None if made.baseline is None else turned_back(made.baseline, turn)
    return Decoded(turned_back(made.rgb, turn), baseline)


def _with(mean: Decoded | None, count: int, made: Decoded) -> Decoded:
    """The mean of ``count`` and one more."""
    if mean is None:
        return made
    if mean.baseline is None or made.baseline is None:
        return Decoded(_weighed(mean.rgb, made.rgb, count), None)
    return Decoded(_weighed(mean.rgb, made.rgb, count), _weighed(mean.baseline, made.baseline, count))


def _weighed(mean: Float, more: Float, count: int) -> Float:
    return np.asarray((mean * count + more) / (count + 1), dtype=np.float32)
