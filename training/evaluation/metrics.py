"""Metrics of a fill. Plain NumPy and OpenCV, no weights.

Every function takes ``truth`` and ``result`` as ``(H, W, 3)`` uint8 RGB, and, where it looks inside the hole,
``hole (H, W)`` bool, True where pixels were unknown; it returns one number. The measures of structure look at the
luminance ``Y = .299 R + .587 G + .114 B``, in 0..255. "Inside the hole" for a measure that compares
neighbourhoods: its map is computed over the whole picture and averaged over the pixels of the hole.
Raises ``ValueError`` for other shapes and kinds, and for an empty hole.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]  # (H, W, 3)
Hole = NDArray[np.bool_]  # (H, W)
Plane = NDArray[np.float64]  # (H, W)
Measure = Callable[[Picture, Picture, Hole], float]

C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # of MS-SSIM, finest first
GMSD_CONSTANT = 170.0
COARSE = 3.0  # standard deviation in pixels of what "coarse" leaves out
PATCH, DIRECTIONS, MOST_PATCHES = 7, 64, 2000


def _check(truth: Picture, result: Picture, hole: Hole) -> None:
    if truth.ndim != 3 or truth.shape[2] != 3 or truth.dtype != np.uint8:
        raise ValueError(f"the truth must be (H, W, 3) uint8, not {truth.shape} {truth.dtype}")
    if result.shape != truth.shape or result.dtype != np.uint8:
        raise ValueError(f"the result is {result.shape} {result.dtype}, the truth {truth.shape} {truth.dtype}")
    if hole.shape != truth.shape[:2] or hole.dtype != np.bool_:
        raise ValueError(f"the hole must be {truth.shape[:2]} bool, not {hole.shape} {hole.dtype}")
    if not hole.any():
        raise ValueError("the hole is empty")


def luminance(picture: Picture) -> Plane:
    """``(H, W, 3)`` uint8 RGB -> ``(H, W)`` float64 in 0..255 (ITU-R BT.601), not rounded."""
    return np.asarray(picture.astype(np.float64) @ np.array([0.299, 0.587, 0.114]))


def psnr(truth: Picture, result: Picture, hole: Hole) -> float:
    """Peak signal-to-noise ratio in dB: ``10 log10(255^2 / MSE)`` over the three channels of the hole's pixels.

    Equal pixels give 100 dB rather than infinity, so that means over pictures exist.
    """
    _check(truth, result, hole)
    error = float(np.mean((truth[hole].astype(np.float64) - result[hole]) ** 2))
    return float(min(10 * np.log10(255**2 / max(error, 1e-12)), 100.0))


def psnr_coarse(truth: Picture, result: Picture, hole: Hole) -> float:
    """:func:`psnr` of both pictures low-passed by a Gaussian of 3 pixels (the border mirrored): without texture.

    What a structure across the hole is judged by: colours and edges in their places, whatever lies on them.
    """
    _check(truth, result, hole)
    difference = cv2.GaussianBlur(truth.astype(np.float64) - result, (0, 0), COARSE, borderType=cv2.BORDER_REFLECT)
    return float(min(10 * np.log10(255**2 / max(float(np.mean(difference[hole] ** 2)), 1e-12)), 100.0))


def direction(truth: Picture, result: Picture, hole: Hole) -> float:
    """How well edges run in the truth's directions, in dB: of structure tensors, whatever the contrast.

    The tensor (Bigün and Granlund 1987) of the luminance low-passed by 1.5 pixels, Sobel's gradients, averaged by a
    Gaussian of 3 pixels, gives every pixel a vector ``(xx - yy, 2 xy) / (xx + yy + 1)``: twice the angle of the edge,
    as long as it is coherent, at most 1; nothing where gradients are below a level a pixel. ``10 log10(4 / error)``,
    the error being the mean squared difference of these vectors in the hole, weighed by the truth's gradient energy
    ``xx + yy``; edges at right angles to the truth's give 0 dB, none at all about 6, equal ones 100.
    """
    _check(truth, result, hole)
    wanted, energy = _directions(truth)
    made, _ = _directions(result)
    weight = energy[hole] + 1e-9
    error = float((((wanted - made) ** 2).sum(2)[hole] * weight).sum() / weight.sum())
    return float(min(10 * np.log10(4 / max(error, 1e-12)), 100.0))


def _directions(picture: Picture) -> tuple[Plane, Plane]:
    """``(H, W, 2)`` doubled-angle vectors, and ``(H, W)`` gradient energy."""
    mirrored = cv2.BORDER_REFLECT
    plane = cv2.GaussianBlur(luminance(picture), (0, 0), 1.5, borderType=mirrored)
    x = cv2.Sobel(plane, cv2.CV_64F, 1, 0, scale=1 / 8, borderType=mirrored)
    y = cv2.Sobel(plane, cv2.CV_64F, 0, 1, scale=1 / 8, borderType=mirrored)
    xx, yy, xy = (cv2.GaussianBlur(part, (0, 0), COARSE, borderType=mirrored) for part in (x * x, y * y, x * y))
    energy = np.asarray(xx + yy)
    return np.stack([xx - yy, 2 * xy], 2) / (energy + 1)[..., None], energy


def _blur(plane: Plane) -> Plane:
    """The 11 x 11 Gaussian window of sigma 1.5; the border is mirrored."""
    return np.asarray(cv2.GaussianBlur(plane, (11, 11), 1.5, borderType=cv2.BORDER_REFLECT))


def ssim_maps(a: Plane, b: Plane) -> tuple[Plane, Plane]:
    """Structural similarity and its contrast-structure part at every pixel of two planes in 0..255."""
    mean_a, mean_b = _blur(a), _blur(b)
    variance_a, variance_b = _blur(a * a) - mean_a**2, _blur(b * b) - mean_b**2
    covariance = _blur(a * b) - mean_a * mean_b
    contrast = (2 * covariance + C2) / (variance_a + variance_b + C2)
    light = (2 * mean_a * mean_b + C1) / (mean_a**2 + mean_b**2 + C1)
    return light * contrast, contrast


def ssim(truth: Picture, result: Picture, hole: Hole) -> float:
    """Structural similarity of the luminance (Wang et al. 2004), averaged over the hole.

    Gaussian window of sigma 1.5, 11 x 11, population covariance, K = 0.01 and 0.03: scikit-image's
    ``structural_similarity`` with ``gaussian_weights=True, use_sample_covariance=False, data_range=255``.
    """
    _check(truth, result, hole)
    return float(ssim_maps(luminance(truth), luminance(result))[0][hole].mean())


def ms_ssim(truth: Picture, result: Picture, hole: Hole) -> float:
    """Multi-scale structural similarity of the luminance (Wang, Simoncelli, Bovik 2003), inside the hole.

    Contrast-structure at each scale and the whole similarity at the coarsest, averaged over the hole's share of
    each pixel there, multiplied with the published exponents. Scales whose short side would be below 11 pixels are
    left out, and the exponents of the others normalised to sum 1. Negative averages count as 0.
    """
    _check(truth, result, hole)
    a, b, share = luminance(truth), luminance(result), hole.astype(np.float64)
    scales = 1
    while scales < len(SCALE_WEIGHTS) and min(hole.shape) >> scales >= 11:
        scales += 1
    weights = np.array(SCALE_WEIGHTS[:scales])
    weights /= weights.sum()
    value = 1.0
    for scale in range(scales):
        whole, contrast = ssim_maps(a, b)
        chosen = whole if scale == scales - 1 else contrast
        value *= max(float((chosen * share).sum() / share.sum()), 0.0) ** weights[scale]
        a, b, share = _halve(a), _halve(b), _halve(share)
    return float(value)


def _halve(plane: Plane) -> Plane:
    """Means of 2 x 2 pixels; an odd last row or column is dropped."""
    height, width = plane.shape[0] // 2 * 2, plane.shape[1] // 2 * 2
    return np.asarray(plane[:height, :width].reshape(height // 2, 2, width // 2, 2).mean((1, 3)))


def gmsd(truth: Picture, result: Picture, hole: Hole) -> float:
    """Gradient magnitude similarity deviation (Xue et al. 2014) of the luminance in the hole; lower is better.

    Prewitt gradients divided by 3, constant 170, halved once before (means of 2 x 2) as published; the standard
    deviation of the similarity over the cells at least half of which are hole (any hole, where none is).
    """
    _check(truth, result, hole)
    kernel = np.array([[1.0, 0.0, -1.0]] * 3) / 3
    magnitudes = []
    for picture in (truth, result):
        plane = _halve(luminance(picture))
        x = cv2.filter2D(plane, -1, kernel, borderType=cv2.BORDER_REFLECT)
        y = cv2.filter2D(plane, -1, kernel.T, borderType=cv2.BORDER_REFLECT)
        magnitudes.append(np.sqrt(x**2 + y**2))
    a, b = magnitudes
    similarity = (2 * a * b + GMSD_CONSTANT) / (a**2 + b**2 + GMSD_CONSTANT)
    share = _halve(hole.astype(np.float64))
    cells = share >= 0.5 if (share >= 0.5).any() else share > 0
    return float(similarity[cells].std()) if cells.any() else 0.0


def swd(truth: Picture, result: Picture, hole: Hole) -> float:
    """Sliced Wasserstein distance between the 7 x 7 RGB patches of both, centred in the hole; lower is better.

    Patches (147 values in 0..255) of at most 2000 centres drawn with a fixed seed, those at least 3 pixels from the
    picture's edge, projected on 64 fixed unit directions; the mean distance of sorted projections, over 7.
    Where a patch lies does not matter, what it shows does: copied texture scores well, blur does not.
    A hole with no such centre gives 0.
    """
    _check(truth, result, hole)
    rng = np.random.default_rng(0)
    half = PATCH // 2
    centres = np.argwhere(hole[half:-half, half:-half])
    if not len(centres):
        return 0.0
    if len(centres) > MOST_PATCHES:
        centres = centres[rng.choice(len(centres), MOST_PATCHES, replace=False)]
    directions = rng.normal(size=(3 * PATCH**2, DIRECTIONS))
    directions /= np.linalg.norm(directions, axis=0)
    projected = []
    for picture in (result, truth):
        windows = np.lib.stride_tricks.sliding_window_view(picture, (PATCH, PATCH), axis=(0, 1))
        patches = windows[centres[:, 0], centres[:, 1]].reshape(len(centres), -1).astype(np.float64)
        projected.append(np.sort(patches @ directions, axis=0))
    return float(np.abs(projected[0] - projected[1]).mean() / PATCH)


def sharpness(truth: Picture, result: Picture, hole: Hole) -> float:
    """Gradient energy of the result's luminance in the hole over the truth's; 1 is right, below is blurred.

    Squared differences to the left and upper neighbours, summed over the pixels of the hole. Where the truth is
    flat: 1 if the result is too, otherwise a large number.
    """
    _check(truth, result, hole)
    energies = []
    for picture in (result, truth):
        plane = luminance(picture)
        down, right = np.diff(plane, axis=0) ** 2, np.diff(plane, axis=1) ** 2
        energies.append(float(down[hole[1:]].sum() + right[hole[:, 1:]].sum()))
    own, true = energies
    return (own + 1e-6) / (true + 1e-6)


def psnr_whole(truth: Picture, result: Picture, hole: Hole) -> float:
    """:func:`psnr` over all pixels of the picture."""
    return psnr(truth, result, np.ones_like(hole))


def ssim_whole(truth: Picture, result: Picture, hole: Hole) -> float:
    """:func:`ssim` over all pixels of the picture."""
    return ssim(truth, result, np.ones_like(hole))


# In the order of the tables; the names are the columns' and the JSON's.
MEASURES: dict[str, Measure] = {
    "psnr": psnr,
    "psnr_coarse": psnr_coarse,
    "direction": direction,
    "ssim": ssim,
    "ms_ssim": ms_ssim,
    "gmsd": gmsd,
    "swd": swd,
    "sharpness": sharpness,
    "psnr_whole": psnr_whole,
    "ssim_whole": ssim_whole,
}


def measure(truth: Picture, result: Picture, hole: Hole) -> dict[str, float]:
    """Every measure of :data:`MEASURES`, by name."""
    return {name: function(truth, result, hole) for name, function in MEASURES.items()}
