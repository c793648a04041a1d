"""The measures against scikit-image's, against values written out by hand, and against what they are for."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from training.evaluation.metrics import (
    MEASURES,
    Picture,
    direction,
    gmsd,
    luminance,
    measure,
    ms_ssim,
    psnr,
    psnr_coarse,
    sharpness,
    ssim,
    swd,
)


def texture(seed: int, size: int = 96) -> Picture:
    rng = np.random.default_rng(seed)
    noise = cv2.GaussianBlur(rng.normal(size=(size, size, 3)), (0, 0), 1.2)
    return np.clip(128 + 90 * noise / noise.std(), 0, 255).astype(np.uint8)


def square(size: int = 96) -> np.ndarray:
    hole = np.zeros((size, size), bool)
    hole[24:72, 20:70] = True
    return hole


def test_psnr_is_scikit_images() -> None:
    a, b = texture(0), texture(1)
    everywhere = np.ones(a.shape[:2], bool)
    assert psnr(a, b, everywhere) == pytest.approx(peak_signal_noise_ratio(a, b))
    inside = peak_signal_noise_ratio(a[24:72, 20:70], b[24:72, 20:70])
    assert psnr(a, b, square()) == pytest.approx(inside)


def test_ssim_is_scikit_images() -> None:
    a, b = texture(0), texture(0)
    b[30:60, 30:60] = cv2.GaussianBlur(b[30:60, 30:60], (0, 0), 2)
    _, expected = structural_similarity(
        luminance(a),
        luminance(b),
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        data_range=255,
        full=True,
    )
    assert ssim(a, b, square()) == pytest.approx(expected[square()].mean(), abs=1e-9)


def test_the_truth_is_best_in_every_measure() -> None:
    truth, hole = texture(0), square()
    best = measure(truth, truth, hole)
    assert list(best) == list(MEASURES)
    assert best["psnr"] == 100
    assert [best[name] for name in ("ssim", "ms_ssim", "sharpness", "ssim_whole")] == pytest.approx([1] * 4)
    assert best["gmsd"] == best["swd"] == 0
    worse = measure(truth, np.full_like(truth, 128), hole)
    assert worse["psnr"] < 20
    assert worse["ssim"] < 0.3 > worse["ms_ssim"]
    assert worse["sharpness"] < 1e-3
    assert worse["gmsd"] > 0.05
    assert worse["swd"] > 5


def test_texture_distance_asks_for_texture_not_for_place() -> None:
    truth, hole = texture(0, 128), np.zeros((128, 128), bool)
    hole[30:90, 30:90] = True
    same_texture, blurred = texture(5, 128), np.asarray(cv2.GaussianBlur(truth, (0, 0), 3), np.uint8)
    assert psnr(truth, blurred, hole) > psnr(truth, same_texture, hole)
    assert swd(truth, same_texture, hole) < 0.5 * swd(truth, blurred, hole)


def test_sharpness_of_a_slope_written_out() -> None:
    ramp = np.repeat(np.arange(0, 64, 2, dtype=np.uint8)[None], 32, 0)
    truth = np.repeat(ramp[..., None], 3, 2)
    half = np.repeat((ramp // 2)[..., None], 3, 2)
    hole = np.zeros((32, 32), bool)
    hole[8:20, 8:20] = True
    assert sharpness(truth, half, hole) == pytest.approx(0.25)  # slopes of 1 against 2, squared


def test_multi_scale_needs_no_large_picture() -> None:
    a, b = texture(0, 16), texture(1, 16)
    hole = np.zeros((16, 16), bool)
    hole[4:12, 4:12] = True
    # too small to be halved: one scale, which is the similarity itself
    assert ms_ssim(a, b, hole) == pytest.approx(max(ssim(a, b, hole), 0))


def test_gradient_deviation_of_one_changed_half_written_out() -> None:
    truth = np.zeros((64, 64, 3), np.uint8)
    truth[:, ::8] = 200
    truth[:, 1::8] = 200  # lines two pixels wide survive the halving whole
    result = truth.copy()
    result[:32] = 0
    everywhere = np.ones((64, 64), bool)
    kernel = np.array([[1.0, 0.0, -1.0]] * 3) / 3
    planes = [luminance(p).reshape(32, 2, 32, 2).mean((1, 3)) for p in (truth, result)]
    size = [
        np.hypot(*(cv2.filter2D(p, -1, k, borderType=cv2.BORDER_REFLECT) for k in (kernel, kernel.T))) for p in planes
    ]
    similarity = (2 * size[0] * size[1] + 170) / (size[0] ** 2 + size[1] ** 2 + 170)
    assert gmsd(truth, result, everywhere) == pytest.approx(similarity.std())
    assert gmsd(truth, result, everywhere) > 0.3


@pytest.mark.parametrize(
    ("result", "hole", "message"),
    [
        (np.zeros((8, 8, 3), np.uint8), np.ones((8, 8), bool), "the result is"),
        (np.zeros((16, 16, 3), np.uint8), np.ones((8, 8), bool), "the hole must be"),
        (np.zeros((16, 16, 3), np.uint8), np.zeros((16, 16), bool), "the hole is empty"),
    ],
)
def test_what_does_not_fit_is_named(result: Picture, hole: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        psnr(np.zeros((16, 16, 3), np.uint8), result, hole)


def stripes(degrees: float, contrast: float = 60, size: int = 96) -> Picture:
    y, x = np.mgrid[:size, :size]
    turn = np.radians(degrees)
    wave = np.sin((x * np.cos(turn) + y * np.sin(turn)) * 2 * np.pi / 24)
    return np.repeat(np.rint(128 + contrast * wave)[..., None], 3, 2).astype(np.uint8)


def test_coarse_psnr_sees_edges_and_not_texture() -> None:
    rng = np.random.default_rng(0)
    truth, hole = stripes(0), square()
    rough = np.clip(truth + rng.normal(0, 20, truth.shape), 0, 255).astype(np.uint8)
    assert psnr(truth, rough, hole) < 25
    assert psnr_coarse(truth, rough, hole) > 36
    moved = np.roll(truth, 12, 1)
    assert psnr_coarse(truth, moved, hole) < 13
    assert psnr_coarse(truth, truth, hole) == 100


def test_direction_is_that_of_edges_whatever_their_contrast() -> None:
    truth, hole = stripes(20), square()
    assert direction(truth, truth, hole) == 100
    assert direction(truth, stripes(20, contrast=30), hole) > 25
    assert direction(truth, stripes(110), hole) == pytest.approx(0, abs=0.1)
    assert direction(truth, np.full_like(truth, 128), hole) == pytest.approx(6, abs=0.5)
    turned = [direction(truth, stripes(20 + degrees), hole) for degrees in (5, 15, 30, 60)]
    assert turned == sorted(turned, reverse=True)
    assert direction(truth, stripes(50), hole) == pytest.approx(-20 * np.log10(np.sin(np.radians(30))), abs=0.3)
