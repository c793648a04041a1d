"""The membrane against a direct solution of the same equations."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.document.retouch import healing
from app.document.retouch.membrane import membrane


def solved(values: np.ndarray, unknown: np.ndarray) -> np.ndarray:
    """Laplace's equation by elimination: every unknown is the mean of its neighbours in the array."""
    number = np.full(unknown.shape, -1)
    number[unknown] = np.arange(unknown.sum())
    matrix, right = np.zeros((unknown.sum(),) * 2), np.zeros(unknown.sum())
    height, width = unknown.shape
    for y, x in np.argwhere(unknown):
        for v, u in ((y, x + 1), (y + 1, x), (y, x - 1), (y - 1, x)):
            if 0 <= v < height and 0 <= u < width:
                matrix[number[y, x], number[y, x]] += 1
                if unknown[v, u]:
                    matrix[number[y, x], number[v, u]] -= 1
                else:
                    right[number[y, x]] += values[v, u]
    result = values.astype(np.float64)
    result[unknown] = np.linalg.solve(matrix, right)
    return result


def discs(seed: int, height: int, width: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    shape = np.zeros((height, width), np.uint8)
    for _ in range(3):
        at = int(rng.integers(width)), int(rng.integers(height))
        cv2.circle(shape, at, int(rng.integers(1, 12)), 1, -1)
    return shape > 0


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1000), height=st.integers(3, 40), width=st.integers(3, 40))
def test_it_solves_laplaces_equation(seed: int, height: int, width: int) -> None:
    unknown = discs(seed, height, width)
    unknown[0, 0] = False
    values = np.random.default_rng(seed).normal(0, 60, (height, width)).astype(np.float32)
    found = membrane(values, unknown, 0.002)
    assert np.array_equal(found[~unknown], values[~unknown])
    assert np.abs(found - solved(values, unknown)).max() < 0.05


def test_channels_are_solved_apart_and_nothing_known_gives_nothing() -> None:
    unknown = discs(4, 30, 41)
    values = np.random.default_rng(1).normal(0, 60, (30, 41, 3)).astype(np.float32)
    found = membrane(values, unknown, 0.001)
    for channel in range(3):
        assert np.abs(found[..., channel] - membrane(values[..., channel], unknown, 0.001)).max() < 0.05
    assert not membrane(values, np.ones((30, 41), bool), 0.001).any()


def test_a_stroke_solved_in_windows_is_nearly_as_one_solved_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    pixels = np.clip(cv2.GaussianBlur(rng.normal(128, 400, (500, 900, 3)), (0, 0), 12), 0, 255).astype(np.uint8)
    coverage = np.zeros((500, 900), np.uint8)
    cv2.line(coverage, (60, 250), (700, 300), 255, 90)
    box = (0, 150, 800, 400)

    def answer() -> np.ndarray:
        read = healing.exact_membrane(
            lambda part: pixels[part[1] : part[3], part[0] : part[2]], coverage, box, (60, 40), (0, 0, 840, 460)
        )
        return np.asarray(read(box))

    whole = answer()
    monkeypatch.setattr(healing, "LARGEST", 1000)
    monkeypatch.setattr(healing, "_WINDOW", 160)
    monkeypatch.setattr(healing, "_OVERLAP", 48)
    painted = coverage[150:400, 0:800] > 0
    difference = np.abs(answer() - whole)[painted]
    assert np.percentile(difference, 95) < 3
    assert difference.max() < 12
