"""Soft masks blend by their values; hard ones, smoothed against stairs or not, are grown and faded."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference import ErasePipeline
from inference.erase.geometry import parted


def disc(size: int, radius: float, blur: float) -> np.ndarray:
    """(size, size) uint8, a disc in the middle that is soft over about ``blur`` pixels."""
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    return np.clip((radius - np.hypot(x, y)) / blur * 255 + 127.5, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def pipeline() -> ErasePipeline:
    return ErasePipeline.load("patch-fill")


@pytest.fixture(scope="module")
def image() -> np.ndarray:
    rng = np.random.default_rng(1)
    image = np.full((160, 160, 3), 60, np.uint8)
    image[30:130, 30:130] = 230
    return (image + rng.integers(0, 3, image.shape)).astype(np.uint8)


def test_a_soft_mask_fades_by_its_values(pipeline: ErasePipeline, image: np.ndarray) -> None:
    soft = disc(160, 40, 30)
    result = pipeline.erase(image, soft)
    (part,) = pipeline.erase_parts(image, soft, sixteen_bit=True)
    x0, y0, x1, y1 = part.box
    assert part.sixteen_bit is not None
    share = soft[y0:y1, x0:x1].astype(np.float32) / 255
    np.testing.assert_allclose(part.sixteen_bit.share, share, atol=1e-6)
    filled = part.sixteen_bit.colours / 257
    own = image[y0:y1, x0:x1]
    expected = own + (filled - own) * share[..., None]
    assert np.abs(result[y0:y1, x0:x1] - expected).max() <= 1.1
    outside = soft == 0
    assert np.array_equal(result[outside], image[outside])
    assert np.array_equal(pipeline.affected(soft), soft > 0)


def test_a_soft_mask_changes_more_pixels_than_its_hard_half(pipeline: ErasePipeline, image: np.ndarray) -> None:
    soft = disc(160, 40, 60)
    hard = np.where(soft > 127, 255, 0).astype(np.uint8)
    changed = [(np.abs(pipeline.erase(image, mask).astype(int) - image) > 3).any(2).sum() for mask in (soft, hard)]
    assert changed[0] > changed[1]


def test_a_faint_mask_takes_its_share(pipeline: ErasePipeline, image: np.ndarray) -> None:
    faint = np.where(disc(160, 35, 1) > 127, 100, 0).astype(np.uint8)
    middle = pipeline.erase(image, faint)[70:90, 70:90].mean()
    full = pipeline.erase(image, np.where(faint > 0, 255, 0).astype(np.uint8))[70:90, 70:90].mean()
    own = image[70:90, 70:90].mean()
    assert middle == pytest.approx(own + (full - own) * 100 / 255, abs=6)


@pytest.mark.parametrize("blur", [1.0, 1.5, 2.0])
def test_smoothed_edges_are_hard(blur: float) -> None:
    assert parted(disc(160, 40, blur))[1] is None
    assert parted(disc(160, 40, blur) > 0)[1] is None


def test_what_an_eraser_leaves_of_an_edge_is_no_hole() -> None:
    edge = disc(160, 40, 1)
    left = np.minimum(edge, 255 - edge)
    assert left.any()
    hole, soft = parted(left)
    assert not hole.any()
    assert soft is None


def test_hard_and_soft_holes_of_one_mask_are_told_apart() -> None:
    mask = np.zeros((100, 240), np.uint8)
    mask[:, :100], mask[:, 140:] = disc(100, 30, 20), disc(100, 30, 1)
    hole, soft = parted(mask)
    assert soft is not None
    assert np.array_equal(soft[:, :120], mask[:, :120])
    assert not soft[:, 120:].any()
    assert np.array_equal(hole, mask > 0)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**6), st.integers(1, 60), st.integers(1, 60), st.floats(0.5, 12))
def test_nothing_is_lost_of_any_mask(seed: int, height: int, width: int, sigma: float) -> None:
    rng = np.random.default_rng(seed)
    mask = cv2.GaussianBlur((rng.random((height, width)) < 0.02).astype(np.uint8) * 255, (0, 0), sigma)
    mask = np.asarray(mask, np.uint8).reshape(height, width)
    before = mask.copy()
    hole, soft = parted(mask)
    assert np.array_equal(mask, before)
    assert hole[mask > 128].all()
    assert not hole[mask == 0].any()
    if soft is not None:
        assert np.array_equal(soft[soft > 0], mask[soft > 0])
