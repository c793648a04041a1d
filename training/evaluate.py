"""Compare fills inside the hole, on held-out photographs whose clean background is known."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from inference import ErasePipeline
from inference.fill import patch_fill, smooth_fill
from training.masks import object_mask, random_mask
from training.photos import Photographs, Picture, read_folder
from training.samples import paste

Fill = Callable[[Picture, NDArray[np.uint8], int], Picture]
SIZE = 256


def psnr(result: Picture, truth: Picture, hole: NDArray[np.bool_]) -> float:
    error = np.mean((result[hole].astype(np.float64) - truth[hole]) ** 2)
    return float(10 * np.log10(255**2 / max(float(error), 1e-6)))


def ssim(result: Picture, truth: Picture, hole: NDArray[np.bool_]) -> float:
    """Structural similarity (Wang et al. 2004) of the luminance, averaged over the hole."""
    a, b = (cv2.cvtColor(p, cv2.COLOR_RGB2GRAY).astype(np.float64) for p in (result, truth))

    def blur(x: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(cv2.GaussianBlur(x, (11, 11), 1.5))

    mean_a, mean_b = blur(a), blur(b)
    var_a, var_b = blur(a * a) - mean_a**2, blur(b * b) - mean_b**2
    cov = blur(a * b) - mean_a * mean_b
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    similarity = (2 * mean_a * mean_b + c1) * (2 * cov + c2)
    similarity /= (mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2)
    return float(similarity[hole].mean())


def sharpness(result: Picture, truth: Picture, hole: NDArray[np.bool_]) -> float:
    """Gradient energy in the hole over the truth's."""
    energies = []
    for picture in (result, truth):
        grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float64)
        vertical, horizontal = np.diff(grey, axis=0) ** 2, np.diff(grey, axis=1) ** 2
        energies.append(float(vertical[hole[1:]].sum() + horizontal[hole[:, 1:]].sum()))
    return energies[0] / max(energies[1], 1e-6)


def texture_distance(result: Picture, truth: Picture, hole: NDArray[np.bool_]) -> float:
    """Sliced Wasserstein distance between the 7x7 patches of both, centred in the hole."""
    rng = np.random.default_rng(0)
    centres = np.argwhere(hole[3:-3, 3:-3])
    if len(centres) > 2000:
        centres = centres[rng.choice(len(centres), 2000, replace=False)]
    directions = rng.normal(size=(147, 64))
    directions /= np.linalg.norm(directions, axis=0)
    projected = []
    for picture in (result, truth):
        windows = np.lib.stride_tricks.sliding_window_view(picture, (7, 7), axis=(0, 1))
        patches = windows[centres[:, 0], centres[:, 1]].reshape(len(centres), -1).astype(np.float64)
        projected.append(np.sort(patches @ directions, axis=0))
    return float(np.abs(projected[0] - projected[1]).mean() / 7)


MEASURES = {"psnr": psnr, "ssim": ssim, "sharpness": sharpness, "swd": texture_distance}


def evaluate(photos: Path, cutouts: Path, model: str, count: int, sheet: Path | None) -> None:
    """Print one JSON line per method; ``count`` crops of 256 px with fixed seeds, measured inside the hole."""
    source = Photographs(read_folder(photos), smallest=SIZE)
    things = [t for t in read_folder(cutouts, cv2.IMREAD_UNCHANGED) if t.shape[-1] == 4]
    pipeline = ErasePipeline.load(model)

    # The same path with the model's change switched off: what growing the hole alone costs
    settings = replace(pipeline.folder.settings, transfer_gain=0.0, steps=2)
    folder = replace(pipeline.folder, settings=settings)
    unchanged = ErasePipeline(replace(pipeline.model, folder=folder), pipeline.device)

    def by_model(**settings: float) -> Fill:
        return lambda picture, mask, seed: pipeline.erase(picture, mask, seed=seed, **settings)  # type: ignore[arg-type]

    methods: dict[str, Fill] = {
        "telea": lambda p, m, s: np.asarray(cv2.inpaint(p, m, 5, cv2.INPAINT_TELEA), dtype=np.uint8),
        "smooth": lambda p, m, s: smooth_fill(p, m > 0),
        "patch fill": lambda p, m, s: patch_fill(p, m > 0, radius=pipeline.folder.settings.fill_radius, seed=s),
        "patch fill, hole grown as by default": lambda p, m, s: unchanged.erase(p, m, seed=s),
        "model, default": by_model(),
        "model, strength 0.8": by_model(strength=0.8),
        "model, from noise, 20 steps": by_model(strength=1.0, steps=20),
    }
    scores: dict[str, dict[str, list[float]]] = {name: {k: [] for k in (*MEASURES, "seconds")} for name in methods}
    rows = []
    for index in range(count):
        rng = np.random.default_rng([2026, index])
        truth = source.crop(SIZE, rng)
        mask = random_mask(SIZE, rng)
        if index % 2:
            mask = object_mask(paste(truth, things[rng.integers(len(things))], rng)[1], rng)
        damaged = np.where(mask[..., None] > 0, 127, truth).astype(np.uint8)
        row = [truth, damaged]
        for name, fill in methods.items():
            start = time.perf_counter()
            result = fill(damaged, mask, index)
            scores[name]["seconds"].append(time.perf_counter() - start)
            for key, measure in MEASURES.items():
                scores[name][key].append(measure(result, truth, mask > 0))
            row.append(result)
        rows.append(np.concatenate(row, axis=1))
    for name, measured in scores.items():
        print(json.dumps({"method": name, **{k: round(float(np.mean(v)), 3) for k, v in measured.items()}}))
    if sheet is not None:
        cv2.imwrite(str(sheet), np.concatenate(rows[:16])[..., ::-1])
